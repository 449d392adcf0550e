CREATE TABLE "positions" (
  "shard" smallint PRIMARY KEY,
  "seq" bigint NOT NULL,
  "chain" bytea NOT NULL,
  "log_time_ms" bigint NOT NULL,
  "followed_at" timestamptz NOT NULL DEFAULT now()
);
--> statement-breakpoint
CREATE TABLE "entries" (
  "day" integer NOT NULL,
  "wallet" bigint NOT NULL,
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "kind" smallint NOT NULL,
  "delta_fen" bigint NOT NULL,
  "counterparty" bigint NOT NULL,
  "command_id" bytea NOT NULL,
  "log_time_ms" bigint NOT NULL,
  PRIMARY KEY ("day", "wallet", "seq", "index", "kind")
) PARTITION BY RANGE ("day");
--> statement-breakpoint
CREATE INDEX "entries_wallet" ON "entries" ("wallet", "seq");
--> statement-breakpoint
CREATE TABLE "payments" (
  "day" integer NOT NULL,
  "payer" bigint NOT NULL,
  "id" bytea NOT NULL,
  "payee" bigint NOT NULL,
  "amount_fen" bigint NOT NULL,
  "code" smallint NOT NULL,
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "destination" smallint NOT NULL,
  "transit" bigint NOT NULL,
  "digest" bytea NOT NULL,
  "log_time_ms" bigint NOT NULL,
  PRIMARY KEY ("day", "payer", "id")
) PARTITION BY RANGE ("day");
--> statement-breakpoint
CREATE INDEX "payments_payer" ON "payments" ("payer", "id");
--> statement-breakpoint
CREATE INDEX "payments_id" ON "payments" ("id");
--> statement-breakpoint
CREATE TABLE "returns" (
  "payer" bigint NOT NULL,
  "id" bytea NOT NULL,
  "reason" smallint NOT NULL,
  "seq" bigint NOT NULL,
  PRIMARY KEY ("payer", "id")
);
--> statement-breakpoint
CREATE TABLE "lanes" (
  "source" smallint NOT NULL,
  "destination" smallint NOT NULL,
  "incarnation" integer NOT NULL DEFAULT 0,
  "received" bigint NOT NULL DEFAULT 0,
  "returns_issued" bigint NOT NULL DEFAULT 0,
  "returns_applied" bigint NOT NULL DEFAULT 0,
  PRIMARY KEY ("source", "destination")
);
--> statement-breakpoint
CREATE TABLE "evidence" (
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "day" integer NOT NULL,
  "frame_head" bytea NOT NULL,
  "sealed" bytea NOT NULL,
  PRIMARY KEY ("day", "shard", "seq")
) PARTITION BY RANGE ("day");
--> statement-breakpoint
CREATE TABLE "wallets" (
  "number" bigint PRIMARY KEY,
  "user_number" bigint NOT NULL,
  "shard" smallint NOT NULL,
  "institution" smallint NOT NULL,
  "class" smallint NOT NULL,
  "kind" smallint NOT NULL,
  "state" text NOT NULL,
  "risk" smallint NOT NULL,
  "key_version" integer NOT NULL,
  "balance_sealed" bytea NOT NULL,
  "seq" bigint NOT NULL
) WITH (fillfactor = 70);
--> statement-breakpoint
CREATE TABLE "users" (
  "number" bigint PRIMARY KEY,
  "institution" smallint NOT NULL,
  "kyc" smallint NOT NULL,
  "risk" smallint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "links" (
  "shard" smallint NOT NULL,
  "link" integer NOT NULL,
  "wallet" bigint NOT NULL,
  "type" smallint NOT NULL,
  "masked" text NOT NULL,
  "active" smallint NOT NULL,
  "limit_fen" bigint NOT NULL,
  PRIMARY KEY ("shard", "link")
);
--> statement-breakpoint
CREATE INDEX "links_wallet" ON "links" ("wallet");
--> statement-breakpoint
CREATE TABLE "sagas" (
  "wallet" bigint NOT NULL,
  "id" bytea NOT NULL,
  "kind" smallint NOT NULL,
  "institution" smallint NOT NULL,
  "amount_fen" bigint NOT NULL,
  "step" smallint NOT NULL,
  "reason" smallint NOT NULL,
  "balance_after_fen" bigint NOT NULL,
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "requested_ms" bigint NOT NULL,
  "changed_ms" bigint NOT NULL,
  PRIMARY KEY ("wallet", "id")
);
--> statement-breakpoint
CREATE INDEX "sagas_step" ON "sagas" ("step");
--> statement-breakpoint
CREATE TABLE "review_cases" (
  "id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  "opened_at" timestamptz NOT NULL DEFAULT now(),
  "difference_fen" bigint NOT NULL,
  "report" text NOT NULL,
  "state" text NOT NULL DEFAULT 'open'
);
--> statement-breakpoint
CREATE FUNCTION "ensure_day_partitions"("of_day" integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  parent text;
BEGIN
  FOREACH parent IN ARRAY ARRAY['entries', 'payments', 'evidence'] LOOP
    EXECUTE format(
      'CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%s) TO (%s)',
      parent || '_' || of_day, parent, of_day, of_day + 1
    );
  END LOOP;
END $$;
