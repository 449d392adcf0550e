CREATE TABLE "merchants" (
  "wallet" bigint PRIMARY KEY,
  "shard" smallint NOT NULL,
  "profile_seq" bigint NOT NULL,
  "profile_index" integer NOT NULL,
  "profile_version" integer NOT NULL,
  "changed_ms" bigint NOT NULL,
  "secret_generation" integer NOT NULL,
  "rotated_ms" bigint NOT NULL,
  "earlier_rotated_ms" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "merchant_texts" (
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "content" text NOT NULL,
  PRIMARY KEY ("shard", "seq", "index")
);
