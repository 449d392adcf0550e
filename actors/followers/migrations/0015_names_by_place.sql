ALTER TABLE "user_names" RENAME TO "user_names_before";
--> statement-breakpoint
CREATE TABLE "user_names" (
  "user_number" bigint NOT NULL,
  "seq" bigint NOT NULL,
  "index" integer NOT NULL,
  "actor" bigint NOT NULL,
  "command_id" bytea NOT NULL,
  "name_sealed" bytea NOT NULL,
  PRIMARY KEY ("user_number", "seq", "index")
);
--> statement-breakpoint
INSERT INTO "user_names" SELECT "user_number", 0, 0, "actor", "command_id", "name_sealed" FROM "user_names_before";
--> statement-breakpoint
DROP TABLE "user_names_before";
