import type postgres from 'postgres'
import { bytesWrittenOf } from './processTree.ts'

/**
 * Bytes that PostgreSQL gave to the file system so far, log and tables, by its own count. Linux's count of a process
 * (`/proc/PID/io`) says up to a hundred times as much where a small write goes into a file that was filled ahead, as the
 * log's are: it takes the whole piece of memory that holds the place.
 */
export async function postgresBytesWritten(sql: postgres.Sql): Promise<number> {
  const [row] = await sql`
    select sum(coalesce(write_bytes, 0) + coalesce(extend_bytes, 0))::bigint as bytes from pg_stat_io`
  return Number(row!.bytes)
}

/** The same of all of a region's processes: its PostgreSQL by its own count, the others by Linux's. */
export async function regionBytesWritten(pids: Readonly<Record<string, number>>, sql: postgres.Sql): Promise<number> {
  const others = Object.entries(pids).filter(([name]) => !name.startsWith('postgres'))
  return others.reduce((sum, [, pid]) => sum + bytesWrittenOf(pid), 0) + (await postgresBytesWritten(sql))
}
