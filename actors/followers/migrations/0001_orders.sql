CREATE TABLE "orders" (
  "merchant" bigint NOT NULL,
  "order_no" text NOT NULL,
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "amount_fen" bigint NOT NULL,
  "refunded_fen" bigint NOT NULL,
  "state" smallint NOT NULL,
  "payer" bigint NOT NULL,
  "payment_id" bytea NOT NULL,
  "created_ms" bigint NOT NULL,
  "expires_ms" bigint NOT NULL,
  "changed_ms" bigint NOT NULL,
  PRIMARY KEY ("merchant", "order_no", "seq")
);
--> statement-breakpoint
CREATE INDEX "orders_newest" ON "orders" ("merchant", "seq", "index");
--> statement-breakpoint
CREATE INDEX "orders_payment" ON "orders" ("payer", "payment_id");
--> statement-breakpoint
CREATE TABLE "order_texts" (
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "content" text NOT NULL,
  PRIMARY KEY ("shard", "seq", "index")
);
