ALTER TABLE "orders" ADD COLUMN "by_user" smallint DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "orders" ADD COLUMN "by_user_version" integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "by_user" smallint DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "refunds" ADD COLUMN "by_user_version" integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
CREATE TABLE "merchant_users" (
  "merchant" bigint NOT NULL,
  "number" smallint NOT NULL,
  "version" integer NOT NULL,
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "role" smallint NOT NULL,
  "limit_fen" bigint NOT NULL,
  "state" smallint NOT NULL,
  "changed_ms" bigint NOT NULL,
  PRIMARY KEY ("merchant", "number", "version")
);
--> statement-breakpoint
CREATE TABLE "merchant_user_labels" (
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "command_id" bytea NOT NULL,
  "label_sealed" bytea NOT NULL,
  PRIMARY KEY ("shard", "seq", "index")
);
