CREATE TABLE "audit" (
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "operator" integer NOT NULL,
  "op" smallint NOT NULL,
  "id" bytea NOT NULL,
  "wallet" bigint NOT NULL,
  "code" smallint NOT NULL,
  "fields" text NOT NULL,
  "reason" text NOT NULL,
  "log_time_ms" bigint NOT NULL,
  PRIMARY KEY ("shard", "seq", "index")
);
--> statement-breakpoint
CREATE INDEX "audit_time" ON "audit" ("log_time_ms", "shard", "seq", "index");
--> statement-breakpoint
CREATE INDEX "audit_wallet" ON "audit" ("wallet", "log_time_ms");
--> statement-breakpoint
CREATE INDEX "audit_id" ON "audit" ("operator", "id");
--> statement-breakpoint
CREATE INDEX "payments_time" ON "payments" ("log_time_ms");
--> statement-breakpoint
CREATE INDEX "orders_order_no" ON "orders" ("order_no");
--> statement-breakpoint
CREATE INDEX "refunds_order_no" ON "refunds" ("order_no");
--> statement-breakpoint
CREATE TABLE "reconciliations" (
  "id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  "ended_at" timestamptz NOT NULL DEFAULT now(),
  "verdict" text NOT NULL,
  "difference_fen" bigint NOT NULL,
  "report" text NOT NULL
);
