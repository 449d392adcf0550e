import type { Blobs } from '../log/blobs.ts'
import type { Findings } from '../log/report.ts'
import { SealError } from '../log/sealError.ts'
import type { ShardLog } from '../log/shardLog.ts'
import { type Database, withinMs } from './database.ts'
import { openBalance } from './stateRows.ts'

/**
 * How each table's rows are told apart, and what of them must be alike. A wallet's balance is sealed anew each time it
 * is written, and bound to where the writer stood: it is compared opened.
 */
export const comparedTables: Readonly<
  Record<string, { readonly key: string; readonly row: string; readonly sealed?: true }>
> = {
  positions: { key: 'shard', row: 'row(t.seq, t.chain, t.log_time_ms)' },
  entries: { key: 'day, wallet, seq, index, kind', row: 't' },
  payments: { key: 'day, payer, id', row: 't' },
  returns: { key: 'payer, id', row: 't' },
  lanes: { key: 'source, destination', row: 't' },
  evidence: { key: 'day, shard, seq', row: 't' },
  wallets: {
    key: 'number',
    row: 'row(t.user_number, t.shard, t.institution, t.class, t.kind, t.state, t.risk, t.key_version)',
    sealed: true,
  },
  users: { key: 'number', row: 't' },
  // Names and texts are sealed by the edge, once for both regions.
  user_names: { key: 'user_number, seq, index', row: 't' },
  links: { key: 'shard, link', row: 't' },
  sagas: { key: 'wallet, id', row: 't' },
  orders: { key: 'merchant, order_no, seq', row: 't' },
  order_texts: { key: 'shard, seq, index', row: 't' },
  refunds: { key: 'merchant, order_no, order_seq, id', row: 't' },
  holds: { key: 'wallet, id', row: 't' },
  order_splits: { key: 'merchant, order_no, order_seq, place', row: 't' },
  mandates: { key: 'wallet, id', row: 't' },
  mandate_texts: { key: 'shard, seq, index', row: 't' },
  mandate_payments: { key: 'wallet, mandate, id', row: 't' },
  webhook_events: {
    key: "encode(t.event_id, 'hex')",
    row: `row(t.type, t.merchant, t.order_no, t.order_seq, t.amount_fen, t.shard, t.seq, t.index, t.at_ms, t.payer,
      t.payment_id, t.refund_id, t.refund_fen, t.reason, t.replays)`,
  },
  refund_ends: { key: 'merchant, id', row: 't' },
  merchants: { key: 'wallet', row: 't' },
  merchant_texts: { key: 'shard, seq, index', row: 't' },
  merchant_users: { key: 'merchant, number, version', row: 't' },
  merchant_user_labels: { key: 'shard, seq, index', row: 't' },
  recoveries: { key: 'wallet, seq, index', row: 't' },
  disputes: { key: 'wallet, payer, seq, index', row: 't' },
  dispute_texts: { key: 'shard, seq, index', row: 't' },
  notices: { key: 'wallet, seq, index, kind', row: 't' },
  audit: { key: 'shard, seq, index', row: 't' },
  proposals: { key: 'shard, seq, index', row: 't' },
  proposal_decisions: { key: 'shard, seq, index', row: 't' },
  standings: { key: 'shard, seq, index', row: 't' },
}

const cursorRows = 5_000
const notesMax = 20
const positionsTimeoutMs = 5_000
const restPollMs = 200

export type ComparedRegion = {
  readonly region: string
  readonly sql: Database
  readonly blobs: Blobs
  /** By shard, as the region's projector reads them. */
  readonly logs: readonly Pick<ShardLog, 'bounds'>[]
}

type Position = { shard: number; seq: bigint; chain: Uint8Array }
type Row = { key: string; row: string; number?: bigint; seq?: bigint; sealed?: Uint8Array }

/**
 * Compares what two regions' projectors wrote, row by row, with what is sealed opened. Both must have come to the
 * ends of the logs: while payments go on they never stand at the same positions, and two that are equally far behind
 * have not been asked about the last payments. Nothing is said then.
 * @param patienceMs how long to wait until they do
 */
export async function compareRegions(a: ComparedRegion, b: ComparedRegion, patienceMs: number): Promise<Findings> {
  const untilMs = performance.now() + patienceMs
  for (;;) {
    const found = await compareTables(a, b)
    if (typeof found !== 'string') return found
    if (performance.now() > untilMs) return { verdict: 'unknown', figures: {}, notes: [found] }
    await new Promise((resolve) => setTimeout(resolve, restPollMs))
  }
}

const positionsOf = (sql: Database): Promise<Position[]> =>
  withinMs(sql<Position[]>`select shard, seq, chain from positions order by shard`, positionsTimeoutMs, 'positions')

/** By shard: where its log ends in the region that has more of it. */
async function logEnds(a: ComparedRegion, b: ComparedRegion): Promise<number[]> {
  const lastsOf = ({ logs }: ComparedRegion) => Promise.all(logs.map(async (log) => (await log.bounds()).last))
  const [left, right] = await Promise.all([lastsOf(a), lastsOf(b)])
  const shards = Array.from({ length: Math.max(left.length, right.length) }, (_, shard) => shard)
  return shards.map((shard) => Math.max(left[shard] ?? 0, right[shard] ?? 0))
}

/** @returns where the regions stand apart, or short of the ends; undefined when both have followed all */
async function apartFrom(a: ComparedRegion, b: ComparedRegion, ends: readonly number[]): Promise<string | undefined> {
  const [left, right] = [await positionsOf(a.sql), await positionsOf(b.sql)]
  if (ends.length === 0) return 'there is no log of either region'
  for (const [shard, end] of ends.entries()) {
    const [here, there] = [left, right].map((rows) => rows.find((row) => row.shard === shard)?.seq ?? 0n)
    if (here === 0n) return `region ${a.region} has followed nothing of shard ${shard} yet`
    if (there !== here)
      return `shard ${shard} stands at ${here} in region ${a.region} and at ${there} in region ${b.region}`
    if (here! < end) return `shard ${shard} stands at ${here} in both regions, and its log ends at ${end}`
  }
  for (const { region, rows } of [
    { region: a.region, rows: left },
    { region: b.region, rows: right },
  ]) {
    const more = rows.find(({ shard }) => shard >= ends.length)
    if (more !== undefined)
      return `the database of region ${region} has a shard ${more.shard}, of which there is no log`
  }
  return undefined
}

/** @returns in words where the regions stand apart, when they do */
async function compareTables(a: ComparedRegion, b: ComparedRegion): Promise<Findings | string> {
  const ends = await logEnds(a, b)
  return inOneMoment(a.sql, (left) =>
    inOneMoment(b.sql, async (right) => {
      const apart = await apartFrom({ ...a, sql: left }, { ...b, sql: right }, ends)
      if (apart !== undefined) return apart
      const figures: Record<string, number> = {}
      const notes: string[] = []
      let differing = 0
      for (const table of Object.keys(comparedTables)) {
        const found = await compareTable(table, { ...a, sql: left }, { ...b, sql: right })
        figures[`${table}.compared`] = found.compared
        figures[`${table}.differing`] = found.differing
        differing += found.differing
        notes.push(...found.notes)
      }
      const verdict = differing === 0 ? 'pass' : 'fail'
      return { verdict, figures: { differing, ...figures }, notes: notes.slice(0, notesMax) }
    }),
  )
}

function inOneMoment<T>(sql: Database, work: (tx: Database) => Promise<T>): Promise<T> {
  return sql.begin('isolation level repeatable read read only', (tx) => work(tx as unknown as Database)) as Promise<T>
}

/** Both tables in the order of their keys, side by side. */
async function compareTable(table: string, a: ComparedRegion, b: ComparedRegion) {
  const notes: string[] = []
  let [compared, differing] = [0, 0]
  const differs = (key: string, what: string): void => {
    differing += 1
    if (notes.length < notesMax) notes.push(`${table} ${key}: ${what}`)
  }
  const [left, right] = [rowsOf(table, a), rowsOf(table, b)]
  let [one, other] = [await left.next(), await right.next()]
  while (!one.done || !other.done) {
    const [x, y] = [one.done ? undefined : one.value, other.done ? undefined : other.value]
    if (y === undefined || (x !== undefined && x.key < y.key)) {
      differs(x!.key, `is missing in region ${b.region}`)
      one = await left.next()
    } else if (x === undefined || y.key < x.key) {
      differs(y.key, `is missing in region ${a.region}`)
      other = await right.next()
    } else {
      compared += 1
      if (x.text !== y.text) differs(x.key, `${x.text} in region ${a.region}, ${y.text} in region ${b.region}`)
      ;[one, other] = [await left.next(), await right.next()]
    }
  }
  return { compared, differing, notes }
}

async function* rowsOf(table: string, { sql, blobs }: ComparedRegion): AsyncGenerator<{ key: string; text: string }> {
  const { key, row, sealed } = comparedTables[table]!
  const columns = sealed === undefined ? '' : ', number, seq, balance_sealed as sealed'
  // Ordered by bytes, as strings are compared here too.
  const text = `select concat_ws('/', ${key}) as key, (${row})::text as row${columns} from ${table} t
    order by concat_ws('/', ${key}) collate "C"`
  for await (const page of sql.unsafe<Row[]>(text).cursor(cursorRows)) {
    for (const { key: name, row: plain, number, seq, sealed: balance } of page) {
      const opened = balance === undefined ? '' : ` ${balanceText(blobs, number!, seq!, balance)}`
      yield { key: name, text: plain + opened }
    }
  }
}

function balanceText(blobs: Blobs, number: bigint, seq: bigint, sealed: Uint8Array): string {
  try {
    return `${openBalance(blobs, number, seq, sealed)} fen`
  } catch (error) {
    if (error instanceof SealError) return 'a balance that does not open'
    throw error
  }
}
