import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { freePort } from '../../deploy/freePort.ts'
import { startPostgres } from '../../deploy/postgres.ts'

const queryTimeoutMs = 60_000
const connectTimeoutSeconds = 10

/**
 * Everything that makes it faster and keeps its word: checkpoints and vacuum far apart, a large cache, compressed page
 * images. fsync, synchronous_commit and full_page_writes stay on, since without them it would promise less than we do.
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
  /** Bytes written to the log of the server so far. */
  walBytes(): Promise<number>
  close(): Promise<void>
}

/** A PostgreSQL of its own in a temporary folder, with `accounts` of the same balance, numbered from 0. */
export async function openPostgresBank(options: {
  accounts: number
  balanceFen: number
  dayLimitFen: number
  connectionsMax: number
}): Promise<PostgresBank> {
  const folder = mkdtempSync(join(tmpdir(), 'jiaozi-peer-'))
  const dir = join(folder, 'postgres')
  const port = await freePort()
  const server = await startPostgres({ dir, port, password: 'peer', database: 'peer', settings })
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
  const close = async (): Promise<void> => {
    await sql.end({ timeout: 5 })
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await sql.unsafe(readFileSync(new URL('postgresPeer.sql', import.meta.url), 'utf8'))
    await sql`insert into accounts (id, balance, day_limit)
      select n, ${options.balanceFen}, ${options.dayLimitFen} from generate_series(0, ${options.accounts - 1}::bigint) n`
    await sql`vacuum analyze accounts`
    const [row] = await sql`select current_setting('server_version') as version`
    return {
      pid: server.pid,
      version: String(row!.version),
      sql,
      connect: async () => connectionOf(await sql.reserve()),
      walBytes: async () => Number((await sql`select pg_current_wal_lsn() - '0/0'::pg_lsn as bytes`)[0]!.bytes),
      close,
    }
  } catch (error) {
    await close()
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
