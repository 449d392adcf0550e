import { connect, type Socket } from 'node:net'
import postgres from 'postgres'

export type Database = postgres.Sql

const connectTimeoutS = 5

/** Opens a pool of at most `max` connections; nothing is sent before the first query. */
export function openDatabase(url: string, name: string, max: number): Database {
  return postgres(url, {
    max,
    connect_timeout: connectTimeoutS,
    idle_timeout: 0,
    max_lifetime: null,
    // Only built-in types are used: the query for others would cost a round trip a connection.
    fetch_types: false,
    onnotice: () => undefined,
    ...prompt,
    backoff: (retries) => Math.min(2, 0.1 * 2 ** retries) * (0.5 + Math.random()),
    connection: { application_name: name },
    types: { bigint: postgres.BigInt },
  }) as unknown as Database
}

type Place = { readonly host: readonly string[]; readonly port: readonly number[]; readonly path?: string | false }

/**
 * A connection that sends at once. What COPY writes comes in small pieces, and each would wait for the acknowledgement
 * of the one before (Nagle), which the other side holds back for 40 ms: 88 ms a table instead of one. What is written
 * before it is connected waits in it, and whether it fails is told by it as by one of the library's own.
 */
const prompt = {
  socket: ({ host: [host = ''], port: [port = 0], path }: Place): Socket =>
    connect({ ...(path ? { path } : { host, port }), noDelay: true }),
}

/** The database did not answer in time: what was asked of it may still happen. */
export class DatabaseTimeout extends Error {
  constructor(what: string, timeoutMs: number) {
    super(`the database did not answer within ${timeoutMs} ms: ${what}`)
    this.name = 'DatabaseTimeout'
  }
}

/**
 * The code of an error that the data of a statement made (SQLSTATE 22 and 23): it comes again however often the same is
 * sent. Its text may repeat the data, and is not for logs. @returns undefined for any other error
 */
export function dataErrorCode(error: unknown): string | undefined {
  const code = error instanceof postgres.PostgresError ? error.code : ''
  return /^2[23]/.test(code) ? code : undefined
}

export function withinMs<T>(work: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DatabaseTimeout(what, timeoutMs)), timeoutMs)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/**
 * A pool that is left for a fresh one when no answer comes in time: the connections of a server that went without a
 * word, as one does that another has taken the place of, would hang for a quarter of an hour.
 */
export class RenewedPool {
  readonly #open: () => Database
  #sql: Database

  constructor(open: () => Database) {
    this.#open = open
    this.#sql = open()
  }

  /** @throws DatabaseTimeout when it may still happen; whatever the database says */
  async ask<T>(work: (sql: Database) => Promise<T>, timeoutMs: number, what: string): Promise<T> {
    const sql = this.#sql
    try {
      return await withinMs(work(sql), timeoutMs, what)
    } catch (error) {
      if (error instanceof DatabaseTimeout && this.#sql === sql) {
        this.#sql = this.#open()
        void sql.end({ timeout: 0 }).catch(() => undefined)
      }
      throw error
    }
  }

  end(): Promise<void> {
    return this.#sql.end({ timeout: 5 })
  }
}
