import { readFileSync } from 'node:fs'
import postgres from 'postgres'
import { type Resident, settleTown } from '../demo/town.ts'
import type { Play } from '../demo/transfers.ts'
import { type Region, startRegion, useRegion } from '../region.ts'
import { stoppedOnInterruption } from './interruption.ts'
import type { EdgeAddress } from './keptConnection.ts'
import { warmUpSeconds } from './ladder/rung.ts'
import { PaymentLoad, type RequestStock } from './paymentLoad.ts'
import { type Payees, PaymentStock } from './paymentStock.ts'
import { cpuPerOperationUs, type RegionCpu, regionCpuOf } from './regionCpu.ts'
import { verifyLimitPerSecond } from './verifyLimit.ts'
import { openWire, type Wire } from './wire.ts'
import { regionBytesWritten } from './writtenBytes.ts'

const residents = 512
/** After the pause in which the stock is signed, before the clock runs. */
const settleSeconds = 1
const stockMargin = 1.4

export type HttpRow = {
  readonly concurrency: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
  readonly completed: number
  readonly refusedOrUnknown: number
  readonly retries: number
  readonly framesPerPayment: number
  readonly cpuUsPerPayment: RegionCpu
}

/** Called at both ends of what is measured, so that others can read their own counters there. */
export type Window = { began(): Promise<void>; ended(): Promise<void> }

/** A region with wallets that hold money, ready to be paid through. */
export type HttpBench = {
  /** Payments of a stock at one concurrency for a while, after a warm-up. */
  row(stock: RequestStock, concurrency: number, seconds: number, window?: Window): Promise<HttpRow>
  /** Payments between this bench's wallets. */
  stockTo(payees: Payees): RequestStock
  readonly shardCount: number
  readonly payers: readonly Resident[]
  readonly address: EdgeAddress
  readonly host: string
  /** That all processes of the region have written to the disk so far. */
  bytesWritten(): Promise<number>
  close(): Promise<void>
}

/** Opens and funds wallets in a region and measures signed payments over HTTPS there, to completed. */
export async function openHttpBench(region: Region, say: (line: string) => void): Promise<HttpBench> {
  const accounts = Array.from({ length: residents }, (_, i) => ({ name: String(i), initialFen: 1_000_000 }))
  const play: Play = { source: 'bench', accounts, transfers: [] }
  const { edgeUrl, caFile } = region.facts()
  const town = await settleTown(region.facts(), play, 32, (what, done) => say(`${what}: ${done}`))
  const wire = await openWire(region.dataDir)
  const { hostname, port, host } = new URL(edgeUrl)
  const address: EdgeAddress = { host: hostname, port: Number(port), ca: readFileSync(caFile) }
  const sql = postgres(region.facts().databaseUrl, { max: 1, onnotice: () => undefined })
  return {
    async row(stock, concurrency, seconds, window) {
      say(`concurrency ${concurrency}`)
      const load = new PaymentLoad(address, stock, concurrency)
      try {
        return await measure(load, stock, region, wire, concurrency, seconds, window)
      } finally {
        load.close()
      }
    },
    stockTo: (payees) => new PaymentStock(town.residents, wire.shardCount, host, payees),
    shardCount: wire.shardCount,
    payers: town.residents,
    address,
    host,
    bytesWritten: () => regionBytesWritten(region.facts().pids, sql),
    async close() {
      await sql.end({ timeout: 5 })
      await wire.close()
    },
  }
}

async function measure(
  load: PaymentLoad,
  stock: RequestStock,
  region: Region,
  wire: Wire,
  concurrency: number,
  seconds: number,
  window?: Window,
): Promise<HttpRow> {
  const warmedMs = performance.now()
  await load.run(warmedMs + warmUpSeconds * 1_000)
  const rate = load.counts.completed / ((performance.now() - warmedMs) / 1_000)
  await stock.fill(Math.ceil(rate * (seconds + settleSeconds) * stockMargin))
  await load.run(performance.now() + settleSeconds * 1_000)
  load.reset()
  const { pids } = region.facts()
  await window?.began()
  const [cpuBefore, framesBefore, beganMs] = [regionCpuOf(pids), await framesOf(wire), performance.now()]
  await load.run(performance.now() + seconds * 1_000)
  const tookSeconds = (performance.now() - beganMs) / 1_000
  const [cpuAfter, frames] = [regionCpuOf(pids), (await framesOf(wire)) - framesBefore]
  await window?.ended()
  const { completed, refused, unknown, retries } = load.counts
  const all = completed + refused + unknown
  const ms = (percentile: number): number => Math.round(load.latency.percentile(percentile)) / 1_000
  return {
    concurrency,
    perSecond: Math.round(completed / tookSeconds),
    p50Ms: ms(50),
    p99Ms: ms(99),
    p999Ms: ms(99.9),
    maxMs: Math.round(load.latency.max) / 1_000,
    completed,
    refusedOrUnknown: refused + unknown,
    retries,
    framesPerPayment: Math.round((frames / Math.max(1, all)) * 1_000) / 1_000,
    cpuUsPerPayment: cpuPerOperationUs(cpuBefore, cpuAfter, all),
  }
}

/** Log messages of all shards so far. */
async function framesOf(wire: Wire): Promise<number> {
  let frames = 0
  for (let shard = 0; shard < wire.shardCount; shard++) {
    const answer = await wire.ask(shard, { type: 'rules' })
    if (answer.ok) frames += answer.asOf.seq
  }
  return frames
}

export const httpNotes: readonly string[] = [
  'to completed: debited and credited, both durable (fsync before every acknowledgement), sealed, projected',
  'load generator, TLS on both sides, edge, workers, nats-server and PostgreSQL share the same cores',
  'frames: log messages of all shards, payments and transit together',
  'requests are signed ahead of the clock, as payers do on their own devices; a closed loop, one kept connection a caller',
  'CPU of every process from /proc over the measured window, for each payment; the projector follows a little later',
]

/** Figures of one row under `name`. */
export function httpFigures(name: string, row: HttpRow): Record<string, number> {
  const cpu = Object.entries(row.cpuUsPerPayment)
  return {
    [`${name}.per_second`]: row.perSecond,
    [`${name}.p50_ms`]: row.p50Ms,
    [`${name}.p99_ms`]: row.p99Ms,
    [`${name}.p999_ms`]: row.p999Ms,
    [`${name}.max_ms`]: row.maxMs,
    [`${name}.frames_per_payment`]: row.framesPerPayment,
    ...Object.fromEntries(cpu.map(([group, us]) => [`${name}.cpu_us_per_payment.${group}`, us])),
  }
}

/** A row in which payments were refused, or never came to an end, is no figure of payments that are completed. */
export function httpVerdict(rows: readonly Pick<HttpRow, 'completed' | 'refusedOrUnknown'>[]): 'pass' | 'fail' {
  return rows.every(({ completed, refusedOrUnknown }) => completed > 0 && refusedOrUnknown === 0) ? 'pass' : 'fail'
}

/** Signed payments over HTTPS, to completed: payer and payee always in different shards. */
export async function benchHttp(
  options: { seconds: number; data: string; concurrencies: readonly number[] },
  say: (line: string) => void,
): Promise<{ figures: Record<string, number>; rows: HttpRow[]; notes: string[]; verdict: 'pass' | 'fail' }> {
  const region = await stoppedOnInterruption(() => (options.data === '' ? startRegion() : useRegion(options.data)))
  try {
    const bench = await openHttpBench(region, say)
    const stock = bench.stockTo('elsewhere')
    const rows: HttpRow[] = []
    for (const concurrency of options.concurrencies) {
      rows.push(await bench.row(stock, concurrency, options.seconds))
    }
    await bench.close()
    const figures: Record<string, number> = {}
    for (const row of rows) Object.assign(figures, httpFigures(`http.c${row.concurrency}`, row))
    figures['http.refused_or_unknown'] = rows.reduce((sum, row) => sum + row.refusedOrUnknown, 0)
    figures['l2.verify_limit_per_second'] = verifyLimitPerSecond()
    return { figures, rows, notes: [...httpNotes], verdict: httpVerdict(rows) }
  } finally {
    await region.stop()
  }
}
