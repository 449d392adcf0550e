CREATE TABLE "holds" (
  "wallet" bigint NOT NULL,
  "id" bytea NOT NULL,
  "shard" smallint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "payee" bigint NOT NULL,
  "amount_fen" bigint NOT NULL,
  "captured_fen" bigint NOT NULL,
  "state" smallint NOT NULL,
  "placed_ms" bigint NOT NULL,
  "expires_ms" bigint NOT NULL,
  "changed_ms" bigint NOT NULL,
  PRIMARY KEY ("wallet", "id")
);
--> statement-breakpoint
CREATE INDEX "holds_newest" ON "holds" ("wallet", "seq", "index");
--> statement-breakpoint
CREATE INDEX "holds_payee" ON "holds" ("payee", "seq");
