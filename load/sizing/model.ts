import { batchRecord, paymentRecord } from '../../actors/ledger/records.ts'
import { evidenceRecord } from '../../actors/log/evidence.ts'
import { type Costs, figureOf } from './costs.ts'
import { bytesOfRecord, costOfRecord, partsOfBatch, recordsOfPayment } from './frameCost.ts'
import { type SimulationResult, simulateShards } from './simulation.ts'

export type SizeRequest = {
  /** Payments a second at the peak. */
  readonly tps: number
  readonly wallets: number
  /** Parts of a hundred of the payments that come in batches which an institution signs once. */
  readonly batchedPercent: number
  readonly batchSize: number
  /** What a payment may take inside the shards, at the 99th percentile: patience makes frames fuller and fewer. */
  readonly p99MsMax: number
}

/** What no measurement of ours says. */
export const assumptions = {
  /** Each can carry everything alone. */
  regions: 2,
  /** Of the peak, over a day. */
  averageShare: 0.3,
  /** How busy a core or a disk may be at the peak. */
  busyShare: 0.6,
  coresPerMachine: 32,
  coresPerEdge: 4,
  diskBytesPerSecond: 500_000_000,
  journalRowsPerPayment: 3,
  rowsPerPartition: 200_000_000,
} as const

const shardCandidates = [16, 64, 256, 1_000] as const
const simulatedPayments = 300_000
const simulatedSecondsMax = 30
const simulatedSecondsMin = 1
/** Of the payments that arrive, what may pile up while queues find their length; the rest is more than is carried. */
const backlogGrowthMax = 0.05
/** Ids are remembered from five minutes before their time to a quarter of an hour after it. */
const idMemorySeconds = 20 * 60
const batchMeasured = 8_000
const edgeFigure = 'l3.c256.cpu_seconds_per_million.edge'
const secondsPerDay = 86_400

export type ShardChoice = { readonly shards: number; readonly simulation: SimulationResult; readonly keepsUp: boolean }
export type Part = { readonly name: string; readonly usPerPayment: number; readonly cores: number }
export type Layer = {
  readonly name: string
  /** Undefined where no such payment was simulated. */
  readonly singleUs: number | undefined
  readonly batchedUs: number | undefined
  readonly cores: number
}

export type Size = {
  readonly request: SizeRequest
  /** How the cost of payments grows with the number of shards. */
  readonly growth: readonly (ShardChoice & { readonly workerAndLogCores: number })[]
  readonly shards: number
  readonly keepsUp: boolean
  readonly edges: number
  readonly parts: readonly Part[]
  readonly coresPerRegion: number
  readonly machinesPerRegion: number
  readonly memoryBytesPerRegion: number
  readonly logBytesPerDay: number
  readonly journalBytesPerDay: number
  readonly diskBytesPerSecondAtPeak: number
  readonly disksPerRegion: number
  readonly partitionsPerDay: number
  readonly layers: readonly Layer[]
}

/** What it takes to carry `request`, from measured costs: the fewest shards that keep up, or the most that were tried. */
export function sizeOf(costs: Costs, request: SizeRequest, say: (line: string) => void = () => undefined): Size {
  const { tps, batchSize } = request
  const batched = (tps * request.batchedPercent) / 100
  const single = tps - batched
  const edgeUs = (single * figureOf(costs, edgeFigure) + batched * batchedEdgeUs(costs, batchSize)) / tps
  const edges = Math.max(1, Math.ceil(coresOf(tps * edgeUs) / assumptions.coresPerEdge))
  const growth = shardCandidates.map((shards) => {
    say(`simulating ${shards} shards`)
    const simulation = simulateRequest(costs, request, shards, edges)
    const keepsUp = simulation.p99Ms <= request.p99MsMax && simulation.backlogGrowth <= backlogGrowthMax
    const { workersUs, natsUs } = shardUs(costs, request, shards, simulation)
    return { shards, simulation, keepsUp, workerAndLogCores: coresOf(tps * (workersUs + natsUs)) }
  })
  const { shards, simulation, keepsUp } = growth.find((choice) => choice.keepsUp) ?? growth.at(-1)!

  const { workersUs, natsUs } = shardUs(costs, request, shards, simulation)
  const parts = [
    { name: 'edge', usPerPayment: edgeUs },
    { name: 'workers', usPerPayment: workersUs },
    { name: 'message server', usPerPayment: natsUs },
    { name: 'archiver', usPerPayment: figureOf(costs, 'l3.c256.cpu_seconds_per_million.archiver') },
    { name: 'projector', usPerPayment: figureOf(costs, 'l3.c256.cpu_seconds_per_million.projector') },
    { name: 'webhooks', usPerPayment: figureOf(costs, 'l3.c256.cpu_seconds_per_million.webhooks') },
    { name: 'PostgreSQL', usPerPayment: figureOf(costs, 'l3.c256.cpu_seconds_per_million.postgres') },
  ].map((part) => ({ ...part, cores: coresOf(tps * part.usPerPayment) }))
  const coresPerRegion = parts.reduce((sum, { cores }) => sum + cores, 0)
  const bytes = bytesOf(costs, request, shards, simulation)
  const perDay = assumptions.averageShare * secondsPerDay
  const rowsPerDay = tps * perDay * assumptions.journalRowsPerPayment
  const idsPerSecond = single + (batched / batchSize) * partsOfBatch(batchSize, shards)
  return {
    request,
    growth,
    shards,
    keepsUp,
    edges,
    parts,
    coresPerRegion,
    machinesPerRegion: Math.ceil(coresPerRegion / assumptions.coresPerMachine),
    memoryBytesPerRegion:
      request.wallets * figureOf(costs, 'state.bytes_per_wallet') +
      idsPerSecond * idMemorySeconds * figureOf(costs, 'state.bytes_per_id'),
    logBytesPerDay: bytes.log * perDay,
    journalBytesPerDay: bytes.journal * perDay,
    diskBytesPerSecondAtPeak: bytes.log + bytes.journal,
    disksPerRegion: Math.ceil((bytes.log + bytes.journal) / (assumptions.diskBytesPerSecond * assumptions.busyShare)),
    partitionsPerDay: Math.ceil(rowsPerDay / assumptions.rowsPerPartition),
    layers: layersOf(costs, request, shards, simulation),
  }
}

const coresOf = (usPerSecond: number): number => usPerSecond / 1e6 / assumptions.busyShare

/** The debit of a single payment costs a shard more than one of a batch, by what the ledger alone says of both. */
function signedUsOf(costs: Costs): number {
  const single = figureOf(costs, 'l0.single.cpu_seconds_per_million')
  return Math.max(0, single - figureOf(costs, 'l0.batch.cpu_seconds_per_million'))
}

/** Processor microseconds of a payment of either kind, by the frames that were simulated. */
function shardUs(
  costs: Costs,
  { batchedPercent }: SizeRequest,
  shards: number,
  { framesPerPayment }: SimulationResult,
): { workersUs: number; natsUs: number } {
  const usOf = (group: string): number => {
    const { recordUs, frameUs } = costOfRecord(costs, group)
    return recordUs * recordsOfPayment(shards) + frameUs * framesPerPayment
  }
  return { workersUs: usOf('worker') + signedUsOf(costs) * (1 - batchedPercent / 100), natsUs: usOf('nats') }
}

function simulateRequest(
  costs: Costs,
  { tps, batchedPercent, batchSize }: SizeRequest,
  shards: number,
  edges: number,
): SimulationResult {
  const batched = (tps * batchedPercent) / 100
  return simulateShards({
    shards,
    edges,
    paymentsPerSecond: tps - batched,
    batchesPerSecond: batched / batchSize,
    batchSize,
    seconds: Math.max(simulatedSecondsMin, Math.min(simulatedSecondsMax, simulatedPayments / tps)),
    seed: 1,
    fsyncP50Us: figureOf(costs, 'fsync.p50_us'),
    fsyncP99Us: figureOf(costs, 'fsync.p99_us'),
    nats: costOfRecord(costs, 'nats'),
    worker: costOfRecord(costs, 'worker'),
    signedUs: signedUsOf(costs),
  })
}

/** Of a batch at the edge, what was measured: TLS, its signature, its digest and the sealing of its records. */
function batchedEdgeUs(costs: Costs, batchSize: number): number {
  return (
    (figureOf(costs, 'cost.tls_us_per_request') + figureOf(costs, 'cost.verify_ed25519_us')) / batchSize +
    figureOf(costs, 'cost.sha256_of_batch_us') / batchMeasured +
    figureOf(costs, 'cost.seal_and_open_batch_us_per_payment')
  )
}

/** Bytes a second that reach the disks at the peak. A signed payment has a longer record, and evidence beside it. */
function bytesOf(
  costs: Costs,
  { tps, batchedPercent }: SizeRequest,
  shards: number,
  { framesPerPayment }: SimulationResult,
): { log: number; journal: number } {
  const { record, frame } = bytesOfRecord(costs)
  const signed = (paymentRecord.size - batchRecord.size + evidenceRecord.size) * (1 - batchedPercent / 100)
  const log = record * recordsOfPayment(shards) + frame * framesPerPayment + signed
  const withJournal = figureOf(costs, 'l3.c256.bytes_written_per_payment')
  const journal = Math.max(0, withJournal - figureOf(costs, 'l2.c256.bytes_written_per_payment'))
  return { log: tps * log, journal: tps * journal }
}

function layersOf(
  costs: Costs,
  { tps, batchedPercent, batchSize }: SizeRequest,
  shards: number,
  { framesPerSigned, framesPerBatched }: SimulationResult,
): Layer[] {
  const batched = (tps * batchedPercent) / 100
  const cost = (name: string): number => figureOf(costs, `cost.${name}`)
  const layer = (name: string, singleUs: number | undefined, batchedUs: number | undefined): Layer => {
    return { name, singleUs, batchedUs, cores: coresOf((tps - batched) * (singleUs ?? 0) + batched * (batchedUs ?? 0)) }
  }
  const framed = (name: string, frames: number | undefined, ownUs: number): number | undefined =>
    frames === undefined ? undefined : cost(name) * frames + ownUs
  const recordsUs = cost('seal_and_open_batch_us_per_payment') * recordsOfPayment(shards)
  return [
    layer('TLS 1.3, both ends', cost('tls_us_per_request'), cost('tls_us_per_request') / batchSize),
    layer(
      'signature: P-256 of a payer, Ed25519 of a batch',
      cost('verify_p256_us'),
      cost('verify_ed25519_us') / batchSize,
    ),
    layer('digest of a batch', 0, cost('sha256_of_batch_us') / batchMeasured),
    layer(
      'sealing and opening frames',
      framed('seal_and_open_frame_us', framesPerSigned, recordsUs),
      framed('seal_and_open_frame_us', framesPerBatched, recordsUs),
    ),
    layer('sealing evidence', cost('seal_evidence_us'), 0),
    layer('chain', framed('chain_us_per_frame', framesPerSigned, 0), framed('chain_us_per_frame', framesPerBatched, 0)),
  ]
}
