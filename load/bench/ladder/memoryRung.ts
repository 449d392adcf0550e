import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { frameKinds } from '../../../actors/ledger/records.ts'
import { programOn } from '../../../deploy/supervisor/plan.ts'
import { seededRandom } from '../../demo/transfers.ts'
import { stoppedOnInterruption } from '../interruption.ts'
import { fundWallets, openWallets, paymentsBody } from '../population.ts'
import { spreadOf } from '../repeats.ts'
import { type LadderRow, rounded } from './ladderRow.ts'
import { MemoryShards } from './memoryShards.ts'
import { RecordMaker } from './recordMaker.ts'
import type { Rung, RungFindings, RungOptions } from './rung.ts'

const shardCount = 4
const runtimeHere = process.versions.deno === undefined ? 'node' : 'deno'
const outputBytesMax = 1024 ** 2
/** Three repeats of both rows take about a minute. */
const denoTimeoutMs = 600_000
const walletsPerShard = 20_000
const walletsPerShardQuick = 5_000
const balanceFen = 1_000_000
const paymentsPerFrame = 8_000
const framesPerRound = 60
const framesPerRoundQuick = 24
/** A repeat is so many rounds: one alone takes a third of a second, and says how the machine was in it. */
const roundsPerRepeat = 6
/** Ids are remembered for a quarter of an hour of log time: each round begins with that memory empty. */
const betweenRoundsMs = 20 * 60_000

/** L0: the ledger alone, in memory, on one core. */
export const memoryRung: Rung = {
  name: 'l0',
  run: (options, say) => (options.runtime === 'deno' ? benchInDeno(options, say) : benchMemory(options, say)),
}

/** The load's process is Node's own: another runtime gets a process of its own. */
async function benchInDeno(options: RungOptions, say: (line: string) => void): Promise<RungFindings> {
  say('in a process of Deno')
  const { command, args } = programOn('deno', 'load/bench/ladder/memoryMain.ts')
  const measuring = await stoppedOnInterruption(async () => {
    const stopping = new AbortController()
    const bounds = { maxBuffer: outputBytesMax, timeout: denoTimeoutMs, signal: stopping.signal }
    const output = promisify(execFile)(command, [...args, JSON.stringify(options)], bounds)
    const ended = new Promise((done) => output.child.once('close', done))
    return {
      output,
      async stop() {
        stopping.abort()
        await ended
      },
    }
  })
  try {
    return JSON.parse((await measuring.output).stdout) as RungFindings
  } finally {
    await measuring.stop()
  }
}

/** @throws Error when the ledger refuses what it should take */
export async function benchMemory(
  { repeats, quick }: Pick<RungOptions, 'repeats' | 'quick'>,
  say: (line: string) => void,
): Promise<RungFindings> {
  const shards = new MemoryShards(shardCount)
  const wallets = quick ? walletsPerShardQuick : walletsPerShard
  say(`${wallets * shardCount} wallets`)
  const numbers = await openWallets(shards, wallets, () => undefined)
  await fundWallets(shards, numbers, wallets, balanceFen)
  const frames = quick ? framesPerRoundQuick : framesPerRound
  const random = seededRandom(1)
  const maker = new RecordMaker(numbers, 'uniform')
  const single: Load = {
    kind: frameKinds.payments,
    body: (n) => paymentsBody(numbers, n % shardCount, paymentsPerFrame, random, shards.nowMs),
  }
  const batch: Load = {
    kind: frameKinds.batch,
    body: (n) => maker.batch(n % shardCount, paymentsPerFrame, n, shards.nowMs),
  }
  const size = paymentsPerFrame.toLocaleString('en')
  const measureRow = async (name: string, what: string, load: Load): Promise<LadderRow> => {
    say(`${name}: warm-up`)
    measureRound(shards, frames, load)
    const cpuSeconds: number[] = []
    while (cpuSeconds.length < repeats) {
      say(`${name}: repeat ${cpuSeconds.length + 1}`)
      let seconds = 0
      for (let round = 0; round < roundsPerRepeat; round++) {
        seconds += measureRound(shards, frames, load)
        await sleep(1)
      }
      cpuSeconds.push(seconds)
    }
    return rowOf(name, what, roundsPerRepeat * frames * paymentsPerFrame, cpuSeconds)
  }
  const rows = [
    await measureRow('l0.single', `single payments in frames of ${size}, one core`, single),
    await measureRow('l0.batch', `batches of ${size}, one core`, batch),
  ]
  return {
    rows,
    figures: { 'l0.per_core': rounded(rows[1]!.perSecond.median) },
    notes: [
      `l0: a repeat is ${roundsPerRepeat} rounds of ${frames} frames, whatever --seconds says, after one that is cut`,
      `l0: debit and credit of uniform payments over ${shardCount} shards in one thread, on ${runtimeHere}, ` +
        'by its CPU seconds (collection of garbage included)',
    ],
    ...(process.versions.deno === undefined ? {} : { versions: { deno: process.versions.deno } }),
  }
}

/** Makes the body of the nth frame of a round. */
type Load = { readonly kind: number; readonly body: (n: number) => Uint8Array }

/** @returns the CPU seconds of the ledgers' work */
function measureRound(shards: MemoryShards, frames: number, { kind, body }: Load): number {
  shards.nowMs += betweenRoundsMs
  const bodies = Array.from({ length: frames }, (_, n) => body(n))
  const began = process.cpuUsage()
  for (const [n, one] of bodies.entries()) {
    shards.apply(n % shardCount, kind, paymentsPerFrame, one)
    shards.deliver(n % shardCount)
  }
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1_000_000
}

function rowOf(name: string, what: string, payments: number, cpuSeconds: readonly number[]): LadderRow {
  const total = cpuSeconds.reduce((sum, one) => sum + one, 0)
  return {
    name,
    what,
    perSecond: spreadOf(cpuSeconds.map((one) => payments / one)),
    repeats: cpuSeconds.length,
    cpuSecondsPerMillion: { ledger: rounded((total / (payments * cpuSeconds.length)) * 1_000_000, 3) },
    on: ['limits', 'idempotency', 'digest', 'no log'],
  }
}
