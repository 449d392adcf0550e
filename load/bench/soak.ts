import { setTimeout as sleep } from 'node:timers/promises'
import { bytesInFolder } from './bytesInFolder.ts'
import { startCoreRegion } from './coreRegion.ts'
import { stoppedOnInterruption } from './interruption.ts'
import { LogLoad, type ReadyPayments } from './ladder/logLoad.ts'
import { requireSound } from './ladder/logRung.ts'
import { RecordMaker } from './ladder/recordMaker.ts'
import { fundWallets, openWallets } from './population.ts'
import { memoryBytesOf } from './processTree.ts'
import { type Completion, judgeSoak } from './soakJudgement.ts'
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
const diskLookMs = 1_000
const notes = [
  `soak: batches of ${batchSize.toLocaleString('en')}, ${inFlight} in flight, to completed; snapshots on, logs trimmed`,
  `soak: ${warmUpPayments.toLocaleString('en')} payments of warm-up, or as often that until each log was trimmed, are cut`,
  'rates and soak.last_over_first are medians of the repeats, which are parts of one run that does not pause',
  'soak.whole_last_over_first: of all repeats as one; soak.max_ms: the longest that no batch was completed in them',
  'both ratios must reach 0.95',
]

/**
 * Many payments in a row, snapshots on and logs trimmed behind the archive: whether the last are as fast as the first,
 * how long completions ever stood still, and how much of the disk it needed. Repeats are parts of one run that does not
 * pause.
 */
export async function benchSoak(options: { payments: number; repeats: number }, say: (line: string) => void) {
  const asked = { shards, workers: 2, runtime: 'node', snapshotSeconds: 10, archiver: true } as const
  const region = await stoppedOnInterruption(() => startCoreRegion(asked))
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
    const { figures, verdict } = judgeSoak(completions, options)
    return { figures: { ...figures, 'soak.disk_bytes_max': diskBytesMax, 'soak.memory_bytes': memory }, notes, verdict }
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
