CREATE INDEX "webhook_events_dead" ON "webhook_events" ("id") WHERE state = 2;
