CREATE TABLE "webhook_events" (
  "id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  "event_id" bytea NOT NULL UNIQUE,
  "type" smallint NOT NULL,
  "merchant" bigint NOT NULL,
  "merchant_shard" smallint NOT NULL,
  "order_no" text NOT NULL,
  "order_seq" bigint NOT NULL,
  "order_index" integer NOT NULL,
  "amount_fen" bigint NOT NULL,
  "created_ms" bigint NOT NULL,
  "expires_ms" bigint NOT NULL,
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "at_ms" bigint NOT NULL,
  "payer" bigint NOT NULL,
  "payment_id" bytea NOT NULL,
  "refund_id" bytea,
  "refund_fen" bigint NOT NULL DEFAULT 0,
  "reason" smallint NOT NULL DEFAULT 0,
  "since_ms" bigint NOT NULL,
  "state" smallint NOT NULL DEFAULT 0,
  "attempts" integer NOT NULL DEFAULT 0,
  "replays" integer NOT NULL DEFAULT 0,
  "next_ms" bigint NOT NULL DEFAULT 0,
  "ended_ms" bigint
);
--> statement-breakpoint
CREATE INDEX "webhook_events_newest" ON "webhook_events" ("merchant", "id");
--> statement-breakpoint
CREATE INDEX "webhook_events_due" ON "webhook_events" ("merchant", "next_ms", "id") WHERE state = 0;
--> statement-breakpoint
CREATE INDEX "webhook_events_order" ON "webhook_events" ("merchant", "order_no", "order_seq", "id") WHERE state = 0;
--> statement-breakpoint
CREATE INDEX "webhook_events_place" ON "webhook_events" ("merchant_shard", "shard", "seq") WHERE state = 0;
--> statement-breakpoint
CREATE TABLE "refund_ends" (
  "merchant" bigint NOT NULL,
  "id" bytea NOT NULL,
  "payer" bigint NOT NULL,
  "amount_fen" bigint NOT NULL,
  "reason" smallint NOT NULL,
  "merchant_shard" smallint NOT NULL,
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "at_ms" bigint NOT NULL,
  PRIMARY KEY ("merchant", "id")
);
--> statement-breakpoint
CREATE INDEX "refunds_id" ON "refunds" ("merchant", "id");
--> statement-breakpoint
CREATE TABLE "webhook_attempts" (
  "event_id" bytea NOT NULL,
  "replay" integer NOT NULL,
  "attempt" integer NOT NULL,
  "at_ms" bigint NOT NULL,
  "url" text NOT NULL,
  "status" smallint NOT NULL,
  "error" text NOT NULL,
  "duration_ms" integer NOT NULL,
  "response" text NOT NULL,
  PRIMARY KEY ("event_id", "replay", "attempt")
);
