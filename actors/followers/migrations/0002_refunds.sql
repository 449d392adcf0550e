CREATE TABLE "refunds" (
  "merchant" bigint NOT NULL,
  "order_no" text NOT NULL,
  "order_seq" bigint NOT NULL,
  "id" bytea NOT NULL,
  PRIMARY KEY ("merchant", "order_no", "order_seq", "id")
);
