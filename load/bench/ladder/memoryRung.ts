import { setTimeout as sleep } from 'node:timers/promises'
import { frameKinds } from '../../../actors/ledger/records.ts'
import { seededRandom } from '../../demo/transfers.ts'
import { fundWallets, openWallets, paymentsBody } from '../population.ts'
import { spreadOf } from '../repeats.ts'
import { type LadderRow, rounded } from './ladderRow.ts'
import { MemoryShards } from './memoryShards.ts'
import type { Rung, RungFindings, RungOptions } from './rung.ts'

const shardCount = 4
const walletsPerShard = 20_000
const walletsPerShardQuick = 5_000
const balanceFen = 1_000_000
const paymentsPerFrame = 8_000
const framesPerRepeat = 60
const framesPerRepeatQuick = 24
/** Ids are remembered for a quarter of an hour of log time: each repeat begins with that memory empty. */
const betweenRepeatsMs = 20 * 60_000

/** L0: the ledger alone, in memory, on one core. */
export const memoryRung: Rung = { name: 'l0', run: benchMemory }

async function benchMemory({ repeats, quick }: RungOptions, say: (line: string) => void): Promise<RungFindings> {
  const shards = new MemoryShards(shardCount)
  const wallets = quick ? walletsPerShardQuick : walletsPerShard
  say(`${wallets * shardCount} wallets`)
  const numbers = await openWallets(shards, wallets, () => undefined)
  await fundWallets(shards, numbers, wallets, balanceFen)
  const frames = quick ? framesPerRepeatQuick : framesPerRepeat
  const random = seededRandom(1)
  const repeat = (): Repeat => measure(shards, numbers, frames, random)
  say('warm-up')
  repeat()
  const runs: Repeat[] = []
  while (runs.length < repeats) {
    say(`repeat ${runs.length + 1}`)
    runs.push(repeat())
    await sleep(1)
  }
  const cpuSeconds = runs.reduce((sum, run) => sum + run.cpuSeconds, 0)
  const payments = frames * paymentsPerFrame
  const perSecond = spreadOf(runs.map((run) => payments / run.cpuSeconds))
  const row: LadderRow = {
    name: 'l0.single',
    what: `single payments in frames of ${paymentsPerFrame.toLocaleString('en')}, one core`,
    perSecond,
    repeats: runs.length,
    cpuSecondsPerMillion: { ledger: rounded((cpuSeconds / (payments * runs.length)) * 1_000_000, 3) },
    on: ['limits', 'risk', 'idempotency', 'digest', 'no log'],
  }
  return {
    rows: [row],
    figures: { 'l0.per_core': rounded(perSecond.median) },
    notes: [
      `l0: debit and credit of uniform payments over ${shardCount} shards in one thread, ` +
        'by its CPU seconds (collection of garbage included)',
    ],
  }
}

type Repeat = { readonly cpuSeconds: number }

function measure(shards: MemoryShards, numbers: readonly number[][], frames: number, random: () => number): Repeat {
  shards.nowMs += betweenRepeatsMs
  const bodies = Array.from({ length: frames }, (_, n) =>
    paymentsBody(numbers, n % shardCount, paymentsPerFrame, random, shards.nowMs),
  )
  const began = process.cpuUsage()
  for (const [n, body] of bodies.entries()) {
    shards.apply(n % shardCount, frameKinds.payments, paymentsPerFrame, body)
    shards.deliver(n % shardCount)
  }
  const { user, system } = process.cpuUsage(began)
  return { cpuSeconds: (user + system) / 1_000_000 }
}
