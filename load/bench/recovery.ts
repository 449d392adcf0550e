import { setTimeout as sleep } from 'node:timers/promises'
import { frameKinds } from '../../actors/ledger/records.ts'
import { viewStateBytes } from '../../actors/ledger/views.ts'
import { createBlobs } from '../../actors/log/blobs.ts'
import { objectSnapshots } from '../../actors/log/objectSnapshots.ts'
import { Replica } from '../../actors/log/replica.ts'
import { createOpener } from '../../actors/log/sealing.ts'
import { seededRandom } from '../demo/transfers.ts'
import { type Region, startRegion } from '../region.ts'
import { stoppedOnInterruption } from './interruption.ts'
import { RecordMaker } from './ladder/recordMaker.ts'
import { fundWallets, openWallets, paymentsBody } from './population.ts'
import { ReplayMeter } from './replayMeter.ts'
import { openLogReader, openWire, type Wire } from './wire.ts'

const paymentsPerFrame = 8_000
const snapshotSeconds = 5
const fundedPerShard = 20_000
const answerPollMs = 10
const answerTimeoutMs = 120_000

export type RecoveryFigures = Record<string, number>

/**
 * Fills a region with wallets and payments, waits for its snapshots, kills every worker at once and measures how long
 * until each shard answers again; then replays the logs from their beginning in this process.
 */
export async function benchRecovery(
  options: { wallets: number; payments: number },
  say: (line: string) => void,
): Promise<{ figures: RecoveryFigures; notes: string[] }> {
  const args = ['--snapshot-seconds', String(snapshotSeconds)]
  const region = await stoppedOnInterruption(() => startRegion(args))
  try {
    const wire = await openWire(region.dataDir)
    const perShard = Math.ceil(options.wallets / wire.shardCount)
    const numbers = await openWallets(wire, perShard, (done) => say(`opening users and wallets: ${done}`))
    await fundWallets(wire, numbers, Math.min(fundedPerShard, perShard), 1_000_000)
    const payers = numbers.map((list) => list.slice(0, fundedPerShard))
    await playPayments(wire, payers, options.payments, say)
    await untilApplied(wire)
    say('waiting for the snapshots of all shards')
    await untilSnapshots(region, wire)
    const firstAnswerMs = await killAndWait(region, wire, numbers)
    await wire.close()
    const replay = await measureReplay(region, say)
    return {
      figures: { 'wallets.count': perShard * numbers.length, 'recovery.first_answer_ms': firstAnswerMs, ...replay },
      notes: [
        'first answer: every worker killed with SIGKILL at once, until the last shard has answered a read',
        'replay.records_per_second: debits and credits, one debit in five of a single payment; commands stand by themselves',
        'replay: opening, chain and ledger on one core; reading from the server comes beside it',
      ],
    }
  } finally {
    await region.stop()
  }
}

/** One in five is a payment that a wallet signs, the others stand in batches. */
async function playPayments(wire: Wire, payers: number[][], count: number, say: (line: string) => void): Promise<void> {
  const random = seededRandom(1)
  const maker = new RecordMaker(payers, 'uniform')
  const frames = Math.ceil(count / paymentsPerFrame)
  for (let n = 0; n < frames; n += wire.shardCount) {
    const single = (n / wire.shardCount) % 5 === 0
    const round = payers.map((_, shard) =>
      single
        ? wire.append(
            shard,
            frameKinds.payments,
            paymentsPerFrame,
            paymentsBody(payers, shard, paymentsPerFrame, random),
          )
        : wire.append(shard, frameKinds.batch, paymentsPerFrame, maker.batch(shard, paymentsPerFrame, n)),
    )
    await Promise.all(round)
    say(`payments in the logs: ${Math.min(frames, n + wire.shardCount) * paymentsPerFrame}`)
  }
}

/** Waits until what was sent between shards has arrived everywhere. */
async function untilApplied(wire: Wire): Promise<void> {
  for (;;) {
    const totals = await Promise.all(
      Array.from({ length: wire.shardCount }, (_, shard) => wire.ask(shard, { type: 'totals' })),
    )
    const quiet = totals.every((answer, from) => {
      if (!answer.ok) return false
      const { sent } = answer.result as { sent: number[] }
      return sent.every((next, to) => {
        const other = totals[to]!
        return to === from || (other.ok && (other.result as { received: number[] }).received[from] === next)
      })
    })
    if (quiet) return
    await sleep(100)
  }
}

/** Waits until each shard has a durable snapshot of where it stands now. */
async function untilSnapshots(region: Region, wire: Wire): Promise<void> {
  const { connection, close } = await openLogReader(region.dataDir)
  const store = await objectSnapshots(connection, createBlobs(wire.ring), { region: wire.region })
  for (let shard = 0; shard < wire.shardCount; shard++) {
    const answer = await wire.ask(shard, { type: 'totals' })
    const seq = answer.ok ? answer.asOf.seq : 0
    while (((await store.list(shard))[0]?.seq ?? 0) < seq) await sleep(250)
  }
  await close()
}

async function killAndWait(region: Region, wire: Wire, numbers: number[][]): Promise<number> {
  const { pids } = region.facts()
  const workers = Object.entries(pids).filter(([name]) => name.startsWith('worker-'))
  const beganMs = performance.now()
  for (const [, pid] of workers) process.kill(pid, 'SIGKILL')
  await Promise.all(numbers.map((list, shard) => untilAnswer(wire, shard, list[0]!, beganMs)))
  return performance.now() - beganMs
}

async function untilAnswer(wire: Wire, shard: number, number: number, beganMs: number): Promise<void> {
  while (performance.now() - beganMs < answerTimeoutMs) {
    const answer = await wire.ask(shard, { type: 'wallet', number }).catch(() => undefined)
    if (answer?.ok && answer.result !== null) return
    await sleep(answerPollMs)
  }
  throw new Error(`shard ${shard} did not answer within ${answerTimeoutMs} ms`)
}

/** Replays every log from its first frame, and counts what one core applies a second, opening and chain included. */
async function measureReplay(region: Region, say: (line: string) => void): Promise<RecoveryFigures> {
  const wire = await openWire(region.dataDir)
  const { logs, close } = await openLogReader(region.dataDir)
  const meter = new ReplayMeter()
  let bytes = 0
  let wallets = 0
  for (const [shard, log] of logs.entries()) {
    const { last } = await log.bounds()
    const replica = new Replica(shard, createOpener(wire.ring, { shard }))
    await meter.replay(replica, log, last)
    bytes += viewStateBytes(replica.ledger.state)
    wallets += replica.ledger.state.wallets.count
    say(`replayed shard ${shard}: ${replica.ledger.state.commandsApplied} records`)
  }
  await close()
  await wire.close()
  return { ...meter.figures(), 'state.bytes_per_wallet': Math.round((bytes / wallets) * 10) / 10 }
}
