CREATE TABLE "order_splits" (
  "merchant" bigint NOT NULL,
  "order_no" text NOT NULL,
  "order_seq" bigint NOT NULL,
  "place" smallint NOT NULL,
  "payee" bigint NOT NULL,
  "amount_fen" bigint NOT NULL,
  "weight" smallint NOT NULL,
  "state" smallint NOT NULL,
  "reason" smallint NOT NULL,
  "payment_id" bytea NOT NULL,
  PRIMARY KEY ("merchant", "order_no", "order_seq", "place")
);
--> statement-breakpoint
CREATE TABLE "mandates" (
  "wallet" bigint NOT NULL,
  "id" bytea NOT NULL,
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "payee" bigint NOT NULL,
  "scheduled" smallint NOT NULL,
  "period" smallint NOT NULL,
  "amount_fen" bigint NOT NULL,
  "period_amount_fen" bigint NOT NULL,
  "taken_fen" bigint NOT NULL,
  "payments" bigint NOT NULL,
  "missed" bigint NOT NULL,
  "count_max" bigint NOT NULL,
  "first_ms" bigint NOT NULL,
  "ends_ms" bigint NOT NULL,
  "next_ms" bigint NOT NULL,
  "tries" smallint NOT NULL,
  "last_code" smallint NOT NULL,
  "state" smallint NOT NULL,
  "signed_ms" bigint NOT NULL,
  "changed_ms" bigint NOT NULL,
  PRIMARY KEY ("wallet", "id")
);
--> statement-breakpoint
CREATE INDEX "mandates_newest" ON "mandates" ("wallet", "seq", "index");
--> statement-breakpoint
CREATE INDEX "mandates_payee" ON "mandates" ("payee", "seq");
--> statement-breakpoint
CREATE TABLE "mandate_texts" (
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "content" text NOT NULL,
  PRIMARY KEY ("shard", "seq", "index")
);
--> statement-breakpoint
CREATE TABLE "mandate_payments" (
  "wallet" bigint NOT NULL,
  "mandate" bytea NOT NULL,
  "id" bytea NOT NULL,
  PRIMARY KEY ("wallet", "mandate", "id")
);
