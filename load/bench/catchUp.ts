import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { type StartedRegions, startRegions } from '../../deploy/runningRegion.ts'
import { spawnBound } from './boundProgram.ts'
import { stoppedOnInterruption } from './interruption.ts'

/** A region that was away must go through what it missed this many times as fast as it came to be. */
const ratioWanted = 5
const pollMs = 100
const patienceMs = 300_000
const metricsTimeoutMs = 1_000
const wallets = 128
const generator = resolve(import.meta.dirname, '../generator/main.ts')

type Positions = { at: number; frames: number }

/**
 * Holds a region down under a steady load, lets it go, and measures how fast its standbys and its projector go through
 * what they missed, mirrors included, while the load goes on. The other region serves every shard meanwhile.
 */
export async function benchCatchUp(
  options: { seconds: number; ratePerSecond: number },
  say: (line: string) => void,
): Promise<{ figures: Record<string, number>; notes: string[]; verdict: 'pass' | 'fail' }> {
  const regions = await stoppedOnInterruption(() => startRegions(['--auto-takeover', '1']))
  const sql = postgres(regions.facts('b').databaseUrl, { max: 1, onnotice: () => undefined })
  let load: ChildProcess | undefined
  try {
    const ownersFrames = framesReader(regions, 'a')
    const standbysFrames = framesReader(regions, 'b')
    const projectorsFrames = () => framesInPostgres(sql)
    say('region b is held down')
    await regions.holds.hold('region/b')
    await until(async () => (await ownersFrames()) !== undefined, 'region a to serve every shard')
    load = startLoad(regions, options.ratePerSecond)
    const held = (await ownersFrames())!
    await until(async () => ((await ownersFrames())?.frames ?? 0) > held.frames + options.ratePerSecond * 5, 'the load')
    const began = (await ownersFrames())!
    say(`region b misses ${options.seconds} s of ${options.ratePerSecond} payments a second`)
    await sleep(options.seconds * 1_000)
    const released = (await ownersFrames())!
    const livePerSecond = rateOf(began, released)
    say('region b comes back')
    await regions.holds.release('region/b')
    const standbys = caughtUp(standbysFrames, ownersFrames, livePerSecond)
    const projector = await caughtUp(projectorsFrames, ownersFrames, livePerSecond)
    const figuresOf = (who: string, caught: Positions) => {
      const perSecond = rateOf({ at: released.at, frames: held.frames }, caught)
      return {
        [`${who}.frames_per_second`]: Math.round(perSecond),
        [`${who}.ratio`]: Math.round((perSecond / livePerSecond) * 10) / 10,
        [`${who}.seconds`]: Math.round((caught.at - released.at) / 100) / 10,
      }
    }
    const figures: Record<string, number> = {
      'live.frames_per_second': Math.round(livePerSecond),
      'missed.frames': released.frames - held.frames,
      ...figuresOf('standbys', await standbys),
      ...figuresOf('projector', projector),
    }
    const fast = figures['projector.ratio']! >= ratioWanted && figures['standbys.ratio']! >= ratioWanted
    const notes = [
      'ratio: frames gone through a second, new ones included, to frames a second of the load',
      'seconds: from when the region was let go, its start included, until less than a second of the load was missing',
    ]
    return { figures, notes, verdict: fast ? 'pass' : 'fail' }
  } finally {
    load?.kill('SIGKILL')
    await sql.end({ timeout: 1 }).catch(() => undefined)
    await regions.stop()
  }
}

/** Where a follower is as soon as less than a second of the load is missing. */
async function caughtUp(
  follower: () => Promise<Positions | undefined>,
  owners: () => Promise<Positions | undefined>,
  livePerSecond: number,
): Promise<Positions> {
  let caught: Positions | undefined
  await until(async () => {
    const [now, end] = [await follower(), await owners()]
    if (now === undefined || end === undefined || end.frames - now.frames >= livePerSecond) return false
    caught = now
    return true
  }, 'the region to catch up')
  return caught!
}

const rateOf = (from: Positions, to: Positions): number => (to.frames - from.frames) / ((to.at - from.at) / 1_000)

async function until(reached: () => Promise<boolean>, what: string): Promise<void> {
  const endsMs = performance.now() + patienceMs
  while (!(await reached())) {
    if (performance.now() > endsMs) throw new Error(`waited ${patienceMs / 1_000} s for ${what}`)
    await sleep(pollMs)
  }
}

/** Frames that a region's workers have applied, over all shards; undefined while one of these has no replica there. */
function framesReader(regions: StartedRegions, letter: 'a' | 'b'): () => Promise<Positions | undefined> {
  const folder = join(regions.dataDir, letter, 'run')
  const workers = readdirSync(folder).filter((file) => /^worker-\d+\.json$/.test(file))
  const { shardCount } = regions.facts('a')
  return async () => {
    const texts = await Promise.all(workers.map((file) => metricsOf(join(folder, file))))
    const seqs = texts.flatMap((text) => [...text.matchAll(/^jiaozi_shard_applied_position\{shard="(\d+)"\} (\d+)$/gm)])
    const applied = new Map(seqs.map(([, shard, seq]) => [shard, Number(seq)]))
    if (applied.size < shardCount) return undefined
    return { at: performance.now(), frames: [...applied.values()].reduce((sum, seq) => sum + seq, 0) }
  }
}

/** Empty while the process does not run. */
async function metricsOf(settingsFile: string): Promise<string> {
  try {
    const { statusPort } = JSON.parse(readFileSync(settingsFile, 'utf8')) as { statusPort: number }
    const answer = await fetch(`http://127.0.0.1:${statusPort}/metrics`, {
      signal: AbortSignal.timeout(metricsTimeoutMs),
    })
    return await answer.text()
  } catch {
    return ''
  }
}

async function framesInPostgres(sql: postgres.Sql): Promise<Positions | undefined> {
  try {
    const [row] = await sql<{ frames: string }[]>`select sum(seq)::text as frames from positions`
    return { at: performance.now(), frames: Number(row!.frames) }
  } catch {
    return undefined
  }
}

/** The load generator, as a program of its own, on region a. It is ended when enough was measured, or with this one. */
function startLoad({ dataDir }: StartedRegions, ratePerSecond: number): ChildProcess {
  const load = ['--profile', 'hot-wallet', '--rate', String(ratePerSecond), '--duration', '3600']
  const args = [generator, ...load, '--wallets', String(wallets), '--data', join(dataDir, 'a')]
  return spawnBound(args)
}
