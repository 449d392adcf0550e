import { readFileSync } from 'node:fs'
import postgres from 'postgres'
import { startBound } from './boundProgram.ts'
import { postgresBytesWritten } from './writtenBytes.ts'

const queryTimeoutMs = 60_000
const connectTimeoutSeconds = 10

/**
 * Everything that makes it faster and keeps its word: checkpoints far apart, a large cache. fsync, synchronous_commit and
 * full_page_writes stay on, since without them it would promise less than we do.
 */
const settings = [
  'max_connections=100',
  'shared_buffers=2GB',
  'fsync=on',
  'synchronous_commit=on',
  'full_page_writes=on',
  'wal_buffers=64MB',
  'min_wal_size=2GB',
  'max_wal_size=16GB',
  'checkpoint_timeout=30min',
  'wal_level=minimal',
  'max_wal_senders=0',
  'work_mem=64MB',
  'random_page_cost=1.1',
  'jit=off',
  'track_activities=off',
  'unix_socket_directories=.',
]

/** What a server of the peer is started with, and where it then is. */
export type PeerServerOptions = {
  readonly password: string
  readonly database: string
  readonly settings: readonly string[]
}
export type PeerServer = { readonly pid: number; readonly dir: string; readonly port: number }

export const outcomes = { accepted: 0, idReused: 1, notAPayment: 2, unknown: 3, insufficient: 4, limit: 5 } as const

export type PeerPayment = { id: string; payer: number; payee: number; amount: number }

/** Payments of a batch as the texts of four arrays, made before the clock runs. */
export type PeerBatch = { ids: string; payers: string; payees: string; amounts: string; count: number }

export function batchOf(payments: readonly PeerPayment[]): PeerBatch {
  const list = (values: readonly (string | number)[]): string => `{${values.join(',')}}`
  return {
    ids: list(payments.map(({ id }) => id)),
    payers: list(payments.map(({ payer }) => payer)),
    payees: list(payments.map(({ payee }) => payee)),
    amounts: list(payments.map(({ amount }) => amount)),
    count: payments.length,
  }
}

/** One connection's view of the peer; a call waits for its answer before the next is sent. */
export type PeerConnection = {
  pay(payment: PeerPayment): Promise<number>
  payBatch(batch: PeerBatch): Promise<number[]>
  release(): void
}

export type PostgresBank = {
  readonly pid: number
  readonly version: string
  readonly sql: postgres.Sql
  connect(): Promise<PeerConnection>
  /** By its own count, log and tables. */
  bytesWritten(): Promise<number>
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

/**
 * A PostgreSQL of its own in a temporary folder, with `accounts` of the same balance, numbered from 0. It ends with this
 * program, however this one ends.
 */
export async function openPostgresBank(options: {
  accounts: number
  balanceFen: number
  dayLimitFen: number
  connectionsMax: number
}): Promise<PostgresBank> {
  const asked: PeerServerOptions = { password: 'peer', database: 'peer', settings }
  const server = await startBound<PeerServer>('postgresPeerMain.ts', asked)
  const { pid, dir, port } = server.facts
  const sql = postgres({
    // The socket in the file system costs both sides less than TCP does.
    host: dir,
    port,
    database: 'peer',
    username: 'jiaozi',
    password: 'peer',
    max: options.connectionsMax + 1,
    connect_timeout: connectTimeoutSeconds,
    connection: { statement_timeout: queryTimeoutMs },
    onnotice: () => undefined,
  })
  const stop = async (): Promise<void> => {
    await sql.end({ timeout: 5 })
    await server.stop()
  }
  try {
    await sql.unsafe(readFileSync(new URL('postgresPeer.sql', import.meta.url), 'utf8'))
    await sql`insert into accounts (id, balance, day_limit)
      select n, ${options.balanceFen}, ${options.dayLimitFen} from generate_series(0, ${options.accounts - 1}::bigint) n`
    await sql`vacuum analyze accounts`
    const [row] = await sql`select current_setting('server_version') as version`
    return {
      pid,
      version: String(row!.version),
      sql,
      connect: async () => connectionOf(await sql.reserve()),
      bytesWritten: () => postgresBytesWritten(sql),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function connectionOf(sql: postgres.ReservedSql): PeerConnection {
  return {
    async pay({ id, payer, payee, amount }) {
      const [row] = await sql`select pay(${id}, ${payer}, ${payee}, ${amount}) as outcome`
      return Number(row!.outcome)
    },
    async payBatch({ ids, payers, payees, amounts }) {
      const [row] = await sql`select pay_batch(${ids}::uuid[], ${payers}::bigint[], ${payees}::bigint[],
        ${amounts}::bigint[])::smallint[] as outcomes`
      return row!.outcomes as number[]
    },
    release: () => sql.release(),
  }
}
