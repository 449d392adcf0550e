DROP INDEX "mandates_payee";
--> statement-breakpoint
CREATE INDEX "mandates_payee_newest" ON "mandates" ("payee", "signed_ms", "shard", "seq", "index");
