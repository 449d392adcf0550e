import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate as runMigrations } from 'drizzle-orm/postgres-js/migrator'
import postgres from 'postgres'

/** Any number: all that matters is that every migrating process takes the same lock. */
const migrationLock = 728_145_001

/** Brings the database to this release's schema. Two processes at once are safe: the second waits for the first. */
export async function migrate(databaseUrl: string): Promise<void> {
  // drizzle changes its client's parsers, so it gets one of its own.
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined, connect_timeout: 10 })
  try {
    await sql`select pg_advisory_lock(${migrationLock})`
    await runMigrations(drizzle(sql), { migrationsFolder: join(import.meta.dirname, 'migrations') })
  } finally {
    await sql.end({ timeout: 5 })
  }
}
