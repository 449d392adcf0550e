ALTER TABLE "positions" ADD COLUMN "epoch" integer NOT NULL DEFAULT 0;
