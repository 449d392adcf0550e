import { setTimeout as sleep } from 'node:timers/promises'
import { bytesInFolder } from './bytesInFolder.ts'
import { startCoreRegion } from './coreRegion.ts'
import { LogLoad, type ReadyPayments } from './ladder/logLoad.ts'
import { requireSound } from './ladder/logRung.ts'
import { RecordMaker } from './ladder/recordMaker.ts'
import { fundWallets, openWallets } from './population.ts'
import { memoryBytesOf } from './processTree.ts'
import { spreadOf } from './repeats.ts'
import { openLogReader, openWire } from './wire.ts'

/** Fewer would leave tenths in which next to nothing is completed. */
export const soakPaymentsMin = 1_000_000
const shards = 4
const walletsPerShard = 25_000
const fenAtStart = 1_000_000
const batchSize = 8_000
const inFlight = 8
/** A round of warming up, of which there are as many as it takes until each log was trimmed; not part of what is judged. */
const warmUpPayments = 6_000_000
const warmUpRoundsMax = 6
const share = 0.1
const diskLookMs = 1_000
/** The last tenth keeps at least this much of the first, and nobody waits longer for the next completion. */
const lastOverFirstMin = 0.95
const stallMsMax = 250

/** When batches were completed, and how many payments had been by then. */
type Completion = { readonly atMs: number; readonly payments: number }

/**
 * Many payments in a row, snapshots on and logs trimmed behind the archive: whether the last are as fast as the first,
 * how long completions ever stood still, and how much of the disk it needed. Repeats are parts of one run that does not
 * pause.
 */
export async function benchSoak(options: { payments: number; repeats: number }, say: (line: string) => void) {
  const region = await startCoreRegion({ shards, workers: 2, runtime: 'node', snapshotSeconds: 10, archiver: true })
  try {
    const wire = await openWire(region.dataDir)
    const wallets = await openWallets(wire, walletsPerShard, (done) => say(`opening users and wallets: ${done}`))
    say('funding')
    await fundWallets(wire, wallets, walletsPerShard, fenAtStart)
    const load = new LogLoad(wire)
    const maker = new RecordMaker(wallets, 'uniform')
    for (let round = 1, untrimmed: number | undefined = 0; untrimmed !== undefined; round++) {
      if (round > warmUpRoundsMax) throw new Error(`the log of shard ${untrimmed} is not trimmed: a soak means nothing`)
      await play(load, maker, warmUpPayments, (done) => say(`warm-up ${round}: ${done.toLocaleString('en')} payments`))
      untrimmed = await firstUntrimmed(region.dataDir)
    }
    let [diskBytesMax, done] = [0, false]
    const watchDisk = (async () => {
      while (!done) {
        diskBytesMax = Math.max(diskBytesMax, bytesInFolder(region.dataDir))
        await sleep(diskLookMs)
      }
    })()
    const completions = await play(load, maker, options.payments * options.repeats, (count) =>
      say(`${count.toLocaleString('en')} payments`),
    )
    done = true
    await watchDisk
    load.close()
    await requireSound(wire, walletsPerShard * fenAtStart)
    await wire.close()
    const memory = Object.values(region.pids).reduce((sum, pid) => sum + memoryBytesOf(pid), 0)
    return judged(completions, options, { 'soak.disk_bytes_max': diskBytesMax, 'soak.memory_bytes': memory })
  } finally {
    await region.stop()
  }
}

/** A shard whose log still holds its first entry: what is measured then is not what a region does that runs for long. */
async function firstUntrimmed(dataDir: string): Promise<number | undefined> {
  const { logs, close } = await openLogReader(dataDir)
  try {
    for (const [shard, log] of logs.entries()) if ((await log.bounds()).first === 1) return shard
    return undefined
  } finally {
    await close()
  }
}

/** Keeps batches in flight until so many payments are completed. */
async function play(
  load: LogLoad,
  maker: RecordMaker,
  payments: number,
  onDone: (payments: number) => void,
): Promise<Completion[]> {
  const completions: Completion[] = [{ atMs: performance.now(), payments: 0 }]
  let [begun, completed] = [0, 0]
  const lane = async (n: number): Promise<void> => {
    let ready: ReadyPayments | undefined
    for (let round = 0; begun < payments; round++) {
      begun += batchSize
      ready = load.ready((n + round) % shards, batchSize, maker, ready)
      const done = await ready.send()
      completed += done
      completions.push({ atMs: performance.now(), payments: completed })
      if (completions.length % 50 === 0) onDone(completed)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, n) => lane(n)))
  if (completed < payments) throw new Error(`only ${completed} of ${payments} payments were completed`)
  return completions
}

type Repeat = { readonly perSecond: number; readonly first: number; readonly last: number }

/** What lies from `from` to `to` completed payments. */
function repeatOf(completions: readonly Completion[], from: number, to: number): Repeat {
  const rate = (low: number, high: number): number => {
    const inside = completions.filter(({ payments }) => payments >= low && payments <= high)
    const [first, last] = [inside[0]!, inside.at(-1)!]
    return ((last.payments - first.payments) / (last.atMs - first.atMs)) * 1_000
  }
  const tenth = (to - from) * share
  return { perSecond: rate(from, to), first: rate(from, from + tenth), last: rate(to - tenth, to) }
}

function judged(
  completions: readonly Completion[],
  { payments, repeats }: { payments: number; repeats: number },
  more: Record<string, number>,
) {
  const runs = Array.from({ length: repeats }, (_, n) => repeatOf(completions, n * payments, (n + 1) * payments))
  const whole = repeatOf(completions, 0, repeats * payments)
  const ratio = spreadOf(runs.map(({ first, last }) => last / first))
  const median = (pick: (repeat: Repeat) => number): number => Math.round(spreadOf(runs.map(pick)).median)
  const thousandths = (value: number): number => Math.round(value * 1_000) / 1_000
  const maxMs = Math.max(...completions.slice(1).map(({ atMs }, i) => atMs - completions[i]!.atMs))
  const figures = {
    'soak.payments': payments,
    'soak.repeats': repeats,
    'soak.per_second': median(({ perSecond }) => perSecond),
    'soak.first_per_second': median(({ first }) => first),
    'soak.last_per_second': median(({ last }) => last),
    'soak.last_over_first': thousandths(ratio.median),
    'soak.last_over_first_min': thousandths(ratio.min),
    'soak.last_over_first_max': thousandths(ratio.max),
    'soak.whole_last_over_first': thousandths(whole.last / whole.first),
    'soak.max_ms': Math.round(maxMs),
    ...more,
  }
  const holds = ratio.median >= lastOverFirstMin && maxMs <= stallMsMax
  const notes = [
    `soak: batches of ${batchSize.toLocaleString('en')}, ${inFlight} in flight, to completed; snapshots on, logs trimmed`,
    'rates and soak.last_over_first are medians of the repeats, which are parts of one run that does not pause',
    'soak.whole_last_over_first: of all repeats as one; soak.max_ms: the longest that no batch was completed in them',
  ]
  return { figures, notes, verdict: holds ? ('pass' as const) : ('fail' as const) }
}
