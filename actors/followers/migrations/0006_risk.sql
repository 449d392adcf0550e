ALTER TABLE "payments" ADD COLUMN "rule_version" integer NOT NULL DEFAULT 0;
--> statement-breakpoint
CREATE TABLE "proposals" (
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "id" bytea NOT NULL,
  "proposer" integer NOT NULL,
  "op" smallint NOT NULL,
  "change" bytea NOT NULL,
  "content" text NOT NULL,
  "opened_ms" bigint NOT NULL,
  "expires_ms" bigint NOT NULL,
  PRIMARY KEY ("shard", "seq", "index")
);
--> statement-breakpoint
CREATE INDEX "proposals_id" ON "proposals" ("id");
--> statement-breakpoint
CREATE TABLE "proposal_decisions" (
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "proposal" bytea NOT NULL,
  "agreed" smallint NOT NULL,
  "decider" integer NOT NULL,
  "decided_ms" bigint NOT NULL,
  PRIMARY KEY ("shard", "seq", "index")
);
--> statement-breakpoint
CREATE INDEX "proposal_decisions_proposal" ON "proposal_decisions" ("proposal");
--> statement-breakpoint
CREATE TABLE "standings" (
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "wallet" bigint NOT NULL,
  "standing" smallint NOT NULL,
  "reason" smallint NOT NULL,
  "principal" integer NOT NULL,
  "changed_ms" bigint NOT NULL,
  PRIMARY KEY ("shard", "seq", "index")
);
--> statement-breakpoint
CREATE INDEX "standings_wallet" ON "standings" ("wallet", "seq");
