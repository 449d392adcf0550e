import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { TotalsView } from '../../../actors/log/queries.ts'
import { startCoreRegion } from '../coreRegion.ts'
import { stoppedOnInterruption } from '../interruption.ts'
import { fundWallets, openWallets } from '../population.ts'
import { cpuSecondsOf, idleSecondsOfMachine, memoryBytesOf } from '../processTree.ts'
import { spreadOf } from '../repeats.ts'
import { systemVersions } from '../systemVersions.ts'
import { openWire, type Wire } from '../wire.ts'
import { type LadderRow, latencyOf, rounded } from './ladderRow.ts'
import { LogLoad, type ReadyPayments } from './logLoad.ts'
import { type Population, RecordMaker } from './recordMaker.ts'
import { type Rung, type RungFindings, type RungOptions, warmUpSeconds } from './rung.ts'

export type LogShape = { name: string; batch: number; inFlight: number; population: Population }

export const walletsPerShard = 25_000
export const fenAtStart = 1_000_000
export const logOn = ['fsync before ack', 'sealed', 'chained', 'cross-shard', 'snapshots', '1 replica']

/** What payments are sent through and whose processes are metered: one region, or two. */
export type LogStage = {
  readonly shards: number
  /** Of the processes, by name: nats-server, worker-0 and so on. */
  readonly pids: Readonly<Record<string, number>>
  /** Sends into a shard's log where its owner is. */
  loadOf(shard: number): Pick<LogLoad, 'ready'>
}

const shapes: readonly LogShape[] = [
  { name: 'l1.b8000', batch: 8_000, inFlight: 8, population: 'uniform' },
  { name: 'l1.b8000.zipf', batch: 8_000, inFlight: 8, population: 'zipf' },
  { name: 'l1.b8000.hot', batch: 8_000, inFlight: 8, population: 'hot' },
  { name: 'l1.b8000.c1', batch: 8_000, inFlight: 1, population: 'uniform' },
  { name: 'l1.b1024.c1', batch: 1_024, inFlight: 1, population: 'uniform' },
  { name: 'l1.b1024.c4', batch: 1_024, inFlight: 4, population: 'uniform' },
  { name: 'l1.b64', batch: 64, inFlight: 4, population: 'uniform' },
  { name: 'l1.b64.c1', batch: 64, inFlight: 1, population: 'uniform' },
  { name: 'l1.b8', batch: 8, inFlight: 4, population: 'uniform' },
  { name: 'l1.c1', batch: 1, inFlight: 1, population: 'uniform' },
  { name: 'l1.c8', batch: 1, inFlight: 8, population: 'uniform' },
]
const quickNames = new Set(['l1.b8000', 'l1.b1024.c1', 'l1.b64', 'l1.c1'])

/** Durable payments through the message server, to completed: debit and credit both synced in their shards' logs. */
export const logRung: Rung = { name: 'l1', run: benchLog }

/** On two cores, which nats-server and the load want too, a second worker costs small frames more than it brings. */
const workersDefault = 1

export type LogOptions = RungOptions & {
  readonly only?: readonly string[]
  readonly shards?: number
  readonly workers?: number
}

export async function benchLog(options: LogOptions, say: (line: string) => void): Promise<RungFindings> {
  const { runtime, shards = 4, workers = workersDefault } = options
  const asked = { shards, workers, runtime, snapshotSeconds: 60 }
  const region = await stoppedOnInterruption(() => startCoreRegion(asked))
  try {
    const wire = await openWire(region.dataDir)
    const wallets = await openWallets(wire, walletsPerShard, (done) => say(`l1: opening users and wallets: ${done}`))
    say('l1: funding')
    await fundWallets(wire, wallets, walletsPerShard, fenAtStart)
    const load = new LogLoad(wire)
    const stage = { shards, pids: region.pids, loadOf: () => load }
    const rows: LadderRow[] = []
    for (const shape of shapes.filter(({ name }) => wanted(options, name))) {
      rows.push(await climbShape(stage, wallets, shape, options, say))
    }
    load.close()
    await requireSound(wire, walletsPerShard * fenAtStart)
    await wire.close()
    const population = `${(walletsPerShard * shards).toLocaleString('en')} wallets over ${shards} shards`
    return {
      rows,
      notes: [
        'l1: all payers of a batch live in one shard, which batches take in turn; payees live in any',
        `l1: ${population}, workers: ${workers}, on ${runtime}; latency is of a whole batch, from its leaving, to completed`,
      ],
      versions: await systemVersions(runtime),
    }
  } finally {
    await region.stop()
  }
}

function wanted({ only, quick }: LogOptions, name: string): boolean {
  return only === undefined ? !quick || quickNames.has(name) : only.includes(name)
}

type Meter = { atMs: number; bytesWritten: number; idleSeconds: number | undefined; cpu: Record<string, number> }
type Run = { perSecond: number; payments: number; histogram: RecordableHistogram; used: Meter }

/** One row: as many repeats as are asked for. */
export async function climbShape(
  stage: LogStage,
  wallets: readonly (readonly number[])[],
  shape: LogShape,
  { repeats, seconds }: RungOptions,
  say: (line: string) => void,
  on: readonly string[] = logOn,
): Promise<LadderRow> {
  const runs: Run[] = []
  while (runs.length < repeats) {
    say(`${shape.name}: repeat ${runs.length + 1} of ${repeats}`)
    const maker = new RecordMaker(wallets, shape.population, runs.length + 1)
    runs.push(await run(stage, maker, shape, seconds))
  }
  return rowOf(shape, stage, runs, on)
}

async function run(stage: LogStage, maker: RecordMaker, { batch, inFlight }: LogShape, seconds: number): Promise<Run> {
  const histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 })
  const fromMs = performance.now() + warmUpSeconds * 1_000
  const untilMs = fromMs + seconds * 1_000
  let payments = 0
  const ready = (turn: number, sent?: ReadyPayments): ReadyPayments => {
    const shard = turn % stage.shards
    return stage.loadOf(shard).ready(shard, batch, maker, sent)
  }
  const lane = async (n: number): Promise<void> => {
    let next = ready(n)
    for (let turn = n + inFlight; ; turn += inFlight) {
      const startedMs = performance.now()
      if (startedMs >= untilMs) return
      const sent = next.send()
      // Whoever has much to pay makes the next ready while the last is on its way, and not in the way of its leaving.
      await nextTurn()
      next = ready(turn, next)
      const done = await sent
      const endedMs = performance.now()
      if (done < batch) throw new Error(`only ${done} of ${batch} payments were completed: the row means nothing`)
      // What began before the window or ends after it belongs to it by the part that lies inside.
      const share = (Math.min(endedMs, untilMs) - Math.max(startedMs, fromMs)) / (endedMs - startedMs)
      if (share <= 0) continue
      payments += done * share
      histogram.record(Math.max(1, Math.round((endedMs - startedMs) * 1_000)))
    }
  }
  const lanes = Promise.all(Array.from({ length: inFlight }, (_, n) => lane(n)))
  await sleep(warmUpSeconds * 1_000)
  const before = meter(stage)
  await Promise.race([sleep(untilMs - performance.now()), lanes])
  const after = meter(stage)
  await lanes
  return { perSecond: payments / seconds, payments, histogram, used: difference(before, after) }
}

function meter({ pids }: LogStage): Meter {
  const { user, system } = process.cpuUsage()
  const cpu: Record<string, number> = { generator: (user + system) / 1_000_000 }
  for (const [name, pid] of Object.entries(pids)) {
    const group = groupOf(name)
    cpu[group] = (cpu[group] ?? 0) + cpuSecondsOf(pid)
  }
  const bytesWritten = Object.values(pids).reduce((sum, pid) => sum + bytesWrittenBy(pid), 0)
  return { atMs: performance.now(), bytesWritten, idleSeconds: idleSecondsOfMachine(), cpu }
}

function groupOf(process: string): string {
  if (process.includes('worker')) return 'worker'
  return process === 'toxiproxy' ? 'link' : 'nats'
}

/** Bytes that a process had written to the disk; 0 where the system does not say. */
function bytesWrittenBy(pid: number): number {
  try {
    return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

function difference(before: Meter, after: Meter): Meter {
  const cpu = Object.fromEntries(Object.entries(after.cpu).map(([group, used]) => [group, used - before.cpu[group]!]))
  const idleSeconds =
    before.idleSeconds === undefined || after.idleSeconds === undefined
      ? undefined
      : after.idleSeconds - before.idleSeconds
  return { atMs: after.atMs - before.atMs, bytesWritten: after.bytesWritten - before.bytesWritten, idleSeconds, cpu }
}

/** What a run used of the machine's cores and what nobody used; absent where the system does not say. */
function coresLeftTo(runs: readonly Run[]): number | undefined {
  let [coreSeconds, seconds] = [0, 0]
  for (const { used } of runs) {
    if (used.idleSeconds === undefined) return undefined
    coreSeconds += used.idleSeconds + Object.values(used.cpu).reduce((sum, one) => sum + one, 0)
    seconds += used.atMs / 1_000
  }
  return Math.min(availableParallelism(), coreSeconds / seconds)
}

function rowOf(
  { name, batch, inFlight, population }: LogShape,
  stage: LogStage,
  runs: readonly Run[],
  on: readonly string[],
): LadderRow {
  const payments = runs.reduce((sum, one) => sum + one.payments, 0)
  const histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 })
  for (const one of runs) histogram.add(one.histogram)
  const groups = Object.keys(runs[0]!.used.cpu)
  const coresLeft = coresLeftTo(runs)
  const cpuOf = (group: string): number => runs.reduce((sum, one) => sum + one.used.cpu[group]!, 0)
  return {
    name,
    what: `${batch.toLocaleString('en')} a batch, ${inFlight} in flight${population === 'uniform' ? '' : `, ${population}`}`,
    perSecond: spreadOf(runs.map(({ perSecond }) => perSecond)),
    repeats: runs.length,
    latencyMs: latencyOf(histogram),
    bytesWrittenPerPayment: rounded(runs.reduce((sum, one) => sum + one.used.bytesWritten, 0) / payments),
    cpuSecondsPerMillion: Object.fromEntries(
      groups.map((group) => [group, rounded((cpuOf(group) / payments) * 1_000_000, 3)]),
    ),
    ...(coresLeft === undefined ? {} : { coresLeft: rounded(coresLeft, 2) }),
    memoryBytes: Object.values(stage.pids).reduce((sum, pid) => sum + memoryBytesOf(pid), 0),
    on,
  }
}

/** Σ wallets over all shards is what was put in: every payment that was counted took from one what it gave another. */
export async function requireSound(wire: Pick<Wire, 'shardCount' | 'ask'>, fenPerShard: number): Promise<void> {
  const views: TotalsView[] = []
  for (let shard = 0; shard < wire.shardCount; shard++) {
    const answer = await wire.ask(shard, { type: 'totals' })
    if (!answer.ok) throw new Error(`shard ${shard} does not say what it holds: ${answer.error}`)
    views.push(answer.result as TotalsView)
  }
  const held = views.reduce((sum, { wallets }) => sum + wallets, 0)
  if (held !== fenPerShard * wire.shardCount) throw new Error(`the wallets hold ${held} fen: the figures mean nothing`)
}
