import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../../demo/transfers.ts'
import { stoppedOnInterruption } from '../interruption.ts'
import { batchOf, openPostgresBank, type PeerConnection, type PeerPayment, type PostgresBank } from '../postgresBank.ts'
import { cpuSecondsOf, memoryBytesOf } from '../processTree.ts'
import { spreadOf } from '../repeats.ts'
import { type LadderRow, latencyOf, rounded } from './ladderRow.ts'
import { type Rung, type RungFindings, type RungOptions, warmUpSeconds } from './rung.ts'

const accounts = 100_000
const accountsQuick = 20_000
const singleConnections = 64
/** One batch's rows can be written while another holds the accounts: which shape is best is found by trying. */
const batchShapes = [
  { payments: 8_000, connections: 1 },
  { payments: 8_000, connections: 2 },
  { payments: 8_000, connections: 3 },
  { payments: 4_000, connections: 2 },
  { payments: 2_000, connections: 3 },
]
const quickShape = { payments: 8_000, connections: 2 }
const probeSeconds = 3
const balanceFen = 1_000_000
const dayLimitFen = 100_000_000
const settlePauseMs = 500
const on = ['fsync', 'synchronous_commit', 'full_page_writes', '1 replica']

type Run = {
  perSecond: number
  histogram: RecordableHistogram
  accepted: number
  bytesWritten: number
  serverCpuSeconds: number
  generatorCpuSeconds: number
}

/** One call: what it sends is made while the one before it is on its way. */
export type Call = { prepare(): () => Promise<number[]> }
type OnAnswer = (outcomes: readonly number[], startedMs: number, endedMs: number) => void

/** PostgreSQL 18 with the best stored procedure we can write, on this machine, durability on. */
export const postgresRung: Rung = { name: 'postgres', run: benchPostgres }

export async function benchPostgres(options: RungOptions, say: (line: string) => void): Promise<RungFindings> {
  const { seconds, repeats, quick } = options
  const count = quick ? accountsQuick : accounts
  say(`postgres: ${count} accounts`)
  const asked = { accounts: count, balanceFen, dayLimitFen, connectionsMax: singleConnections }
  const bank = await stoppedOnInterruption(() => openPostgresBank(asked))
  try {
    const connections = await Promise.all(Array.from({ length: singleConnections }, () => bank.connect()))
    const makePayment = paymentMaker(count)
    const single = (connection: PeerConnection): Call => ({
      prepare() {
        const payment = makePayment()
        return async () => [await connection.pay(payment)]
      },
    })
    const batched = (size: number) => (connection: PeerConnection) => ({
      prepare() {
        const batch = batchOf(Array.from({ length: size }, makePayment))
        return () => connection.payBatch(batch)
      },
    })
    const repeat = async (what: string, used: readonly PeerConnection[], call: (one: PeerConnection) => Call) => {
      const runs: Run[] = []
      while (runs.length < repeats) {
        say(`postgres ${what}, repeat ${runs.length + 1}`)
        runs.push(await run(bank, used, call, seconds))
      }
      return runs
    }
    const singles = await repeat('single', connections, single)
    const shape = quick ? quickShape : await bestShape(bank, connections, batched, say)
    const lanes = connections.slice(0, shape.connections)
    const batches = await repeat(`batches of ${shape.payments}`, lanes, batched(shape.payments))
    const memoryBytes = memoryBytesOf(bank.pid)
    for (const connection of connections) connection.release()
    await requireSound(bank, count)
    const shapeText = `batches of ${shape.payments.toLocaleString('en')} on ${shape.connections} connections`
    return {
      rows: [
        rowOf('postgres.single', `stored procedure, ${singleConnections} clients`, memoryBytes, singles),
        rowOf('postgres.batched', `stored procedure, ${shapeText}`, memoryBytes, batches),
      ],
      notes: [
        'postgres: idempotent by id, day limit, two rows locked in order (a batch locks all), two journal rows a payment',
        'postgres: bytes are all that the server wrote by its own count, log pages written again and filled ahead included',
        'postgres: no checkpoint falls into a run, to its favour; closed loop through a socket in the file system',
        'postgres: nothing is sealed, signed or kept elsewhere; a batch is one transaction of up to 8,000 payments',
      ],
      versions: { postgres: bank.version },
    }
  } finally {
    await bank.stop()
  }
}

/** Payments of one fen between two different accounts, any as likely as any other. */
function paymentMaker(count: number): () => PeerPayment {
  const random = seededRandom(1)
  let serial = 0
  return () => {
    const payer = Math.floor(random() * count)
    const payee = (payer + 1 + Math.floor(random() * (count - 1))) % count
    return { id: timedId(Date.now(), serial++), payer, payee, amount: 1 }
  }
}

/** A UUIDv7 whose tail counts: as good a key as a random one, in the order an index likes best, and cheap to make. */
function timedId(nowMs: number, serial: number): string {
  const time = nowMs.toString(16).padStart(12, '0')
  const tail = serial.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${tail}`
}

async function bestShape(
  bank: PostgresBank,
  connections: readonly PeerConnection[],
  batched: (size: number) => (connection: PeerConnection) => Call,
  say: (line: string) => void,
): Promise<(typeof batchShapes)[number]> {
  let best = { shape: batchShapes[0]!, perSecond: 0 }
  for (const shape of batchShapes) {
    say(`postgres: trying batches of ${shape.payments} on ${shape.connections} connections`)
    const used = connections.slice(0, shape.connections)
    const { perSecond } = await run(bank, used, batched(shape.payments), probeSeconds)
    if (perSecond > best.perSecond) best = { shape, perSecond }
  }
  return best.shape
}

async function run(
  bank: PostgresBank,
  connections: readonly PeerConnection[],
  callOf: (connection: PeerConnection) => Call,
  seconds: number,
): Promise<Run> {
  await sleep(settlePauseMs)
  const histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 })
  const measureFromMs = performance.now() + warmUpSeconds * 1_000
  const untilMs = measureFromMs + seconds * 1_000
  let accepted = 0
  const onAnswer: OnAnswer = (outcomes, startedMs, endedMs) => {
    // What began before the window or ends after it belongs to it by the part that lies inside.
    const share = (Math.min(endedMs, untilMs) - Math.max(startedMs, measureFromMs)) / (endedMs - startedMs)
    if (share <= 0) return
    accepted += outcomes.filter((outcome) => outcome === 0).length * share
    histogram.record(Math.max(1, Math.round((endedMs - startedMs) * 1_000)))
  }
  const lanes = Promise.all(connections.map((connection) => payInTurn(callOf(connection), untilMs, onAnswer)))
  await sleep(warmUpSeconds * 1_000)
  const before = await meter(bank)
  await sleep(untilMs - performance.now())
  const after = await meter(bank)
  await lanes
  return {
    perSecond: accepted / seconds,
    histogram,
    accepted,
    bytesWritten: after.bytesWritten - before.bytesWritten,
    serverCpuSeconds: after.serverCpuSeconds - before.serverCpuSeconds,
    generatorCpuSeconds: after.generatorCpuSeconds - before.generatorCpuSeconds,
  }
}

/** Sends one call after the other until `untilMs`, and makes the next while one is on its way. */
export async function payInTurn(call: Call, untilMs: number, onAnswer: OnAnswer): Promise<void> {
  let send = call.prepare()
  for (;;) {
    const startedMs = performance.now()
    if (startedMs >= untilMs) return
    const answer = send()
    // The client sends a query no sooner than the program gives way to it.
    await nextTurn()
    send = call.prepare()
    const outcomes = await answer
    onAnswer(outcomes, startedMs, performance.now())
  }
}

async function meter(bank: PostgresBank) {
  const { user, system } = process.cpuUsage()
  return {
    bytesWritten: await bank.bytesWritten(),
    serverCpuSeconds: cpuSecondsOf(bank.pid),
    generatorCpuSeconds: (user + system) / 1_000_000,
  }
}

async function requireSound(bank: PostgresBank, count: number): Promise<void> {
  const [books] = await bank.sql`select sum(balance)::bigint as total, min(balance)::bigint as least from accounts`
  const [journal] =
    await bank.sql`select coalesce(sum(amount), 0)::bigint as total, count(*)::bigint as count from entries`
  const [paid] = await bank.sql`select count(*)::bigint as count from payments where outcome = 0`
  const sound =
    BigInt(books!.total) === BigInt(count) * BigInt(balanceFen) &&
    BigInt(books!.least) >= 0n &&
    BigInt(journal!.total) === 0n &&
    BigInt(journal!.count) === 2n * BigInt(paid!.count)
  if (!sound) throw new Error('the books of the peer do not balance: its figures mean nothing')
}

function rowOf(name: string, what: string, memoryBytes: number, runs: readonly Run[]): LadderRow {
  const sum = (pick: (run: Run) => number): number => runs.reduce((total, run) => total + pick(run), 0)
  const accepted = sum((run) => run.accepted)
  const perMillion = (seconds: number): number => rounded((seconds / accepted) * 1_000_000, 2)
  const histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 })
  for (const one of runs) histogram.add(one.histogram)
  return {
    name,
    what,
    perSecond: spreadOf(runs.map(({ perSecond }) => perSecond)),
    repeats: runs.length,
    latencyMs: latencyOf(histogram),
    bytesWrittenPerPayment: rounded(sum((run) => run.bytesWritten) / accepted),
    cpuSecondsPerMillion: {
      server: perMillion(sum((run) => run.serverCpuSeconds)),
      generator: perMillion(sum((run) => run.generatorCpuSeconds)),
    },
    memoryBytes,
    on,
  }
}
