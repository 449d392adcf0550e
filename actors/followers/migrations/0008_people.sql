CREATE TABLE "user_names" (
  "user_number" bigint PRIMARY KEY NOT NULL,
  "actor" bigint NOT NULL,
  "command_id" bytea NOT NULL,
  "name_sealed" bytea NOT NULL
);
--> statement-breakpoint
CREATE TABLE "recoveries" (
  "wallet" bigint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "shard" smallint NOT NULL,
  "started_ms" bigint NOT NULL,
  "effective_ms" bigint NOT NULL,
  "changed_ms" bigint NOT NULL,
  "state" smallint NOT NULL,
  PRIMARY KEY ("wallet", "seq", "index")
);
--> statement-breakpoint
CREATE TABLE "notices" (
  "wallet" bigint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "kind" smallint NOT NULL,
  "shard" smallint NOT NULL,
  "about" text NOT NULL,
  "log_time_ms" bigint NOT NULL,
  PRIMARY KEY ("wallet", "seq", "index", "kind")
);
--> statement-breakpoint
CREATE TABLE "disputes" (
  "wallet" bigint NOT NULL,
  "payer" bigint NOT NULL,
  "payment_id" bytea NOT NULL,
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "amount_fen" bigint NOT NULL,
  "payer_institution" smallint NOT NULL,
  "state" smallint NOT NULL,
  "opened_ms" bigint NOT NULL,
  "expires_ms" bigint NOT NULL,
  "changed_ms" bigint NOT NULL,
  PRIMARY KEY ("wallet", "payer", "seq", "index")
);
--> statement-breakpoint
CREATE INDEX "disputes_payer" ON "disputes" ("payer", "opened_ms");
--> statement-breakpoint
CREATE TABLE "dispute_texts" (
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "text_sealed" bytea NOT NULL,
  PRIMARY KEY ("shard", "seq", "index")
);
