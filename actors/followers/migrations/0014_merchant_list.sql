CREATE INDEX "wallets_merchants" ON "wallets" ("number") WHERE kind = 2;
