import { type Costs, figureOf } from './costs.ts'
import { type FrameCost, fitFrameCost, framesOfBatch } from './frameCost.ts'
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
  /** How busy a core may be at the peak. */
  busyShare: 0.6,
  coresPerMachine: 32,
  coresPerEdge: 4,
  diskBytesPerSecond: 500_000_000,
  journalRowsPerPayment: 3,
  rowsPerPartition: 200_000_000,
} as const

const shardCandidates = [16, 64, 256, 1_000] as const
const simulatedPayments = 300_000
const simulatedSecondsMax = 5
const simulatedSecondsMin = 1
/** Ids are remembered from five minutes before their time to a quarter of an hour after it. */
const idMemorySeconds = 20 * 60
const batchMeasured = 8_000
const secondsPerDay = 86_400

export type ShardChoice = { readonly shards: number; readonly simulation: SimulationResult; readonly keepsUp: boolean }
export type Part = { readonly name: string; readonly usPerPayment: number; readonly cores: number }
export type Layer = {
  readonly name: string
  readonly singleUs: number
  readonly batchedUs: number
  readonly cores: number
}

export type Size = {
  readonly request: SizeRequest
  /** How the cost of single payments grows with the number of shards. */
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
  const batched = (request.tps * request.batchedPercent) / 100
  const single = request.tps - batched
  const edgeUs = figureOf(costs, 'l3.c256.cpu_seconds_per_million.edge')
  const batchEdgeUs = batchedEdgeUs(costs, request.batchSize)
  const edgeCores = coresOf(single * edgeUs + batched * batchEdgeUs)
  const edges = Math.max(1, Math.ceil(edgeCores / assumptions.coresPerEdge))
  const worker = singleWorkerCost(costs)
  const nats = fitFrameCost(costs, 'nats')

  const growth = shardCandidates.map((shards) => {
    say(`simulating ${shards} shards`)
    const simulation = simulateSingles(costs, Math.max(single, 1), shards, edges, worker)
    const keepsUp = simulation.p99Ms <= request.p99MsMax && simulation.inFlight < simulation.arrived / 2
    const { framesPerPayment } = simulation
    const us = worker.paymentUs + nats.paymentUs + (worker.frameUs + nats.frameUs) * framesPerPayment
    return { shards, simulation, keepsUp, workerAndLogCores: coresOf(single * us) }
  })
  const chosen = growth.find((choice) => choice.keepsUp) ?? growth.at(-1)!
  const { shards, keepsUp } = chosen
  const frames = {
    single: chosen.simulation.framesPerPayment,
    batched: framesOfBatch(request.batchSize, shards) / request.batchSize,
  }

  const batchWorker = fitFrameCost(costs, 'worker')
  const partOf = (name: string, singleUs: number, batchedUs: number): Part => {
    const us = single * singleUs + batched * batchedUs
    return { name, usPerPayment: us / request.tps, cores: coresOf(us) }
  }
  const usOf = ({ paymentUs, frameUs }: FrameCost, perPayment: number): number => paymentUs + frameUs * perPayment
  const projectorUs = figureOf(costs, 'l3.c256.cpu_seconds_per_million.projector')
  const postgresUs = figureOf(costs, 'l3.c256.cpu_seconds_per_million.postgres')
  const parts = [
    partOf('edge', edgeUs, batchEdgeUs),
    partOf('workers', usOf(worker, frames.single), usOf(batchWorker, frames.batched)),
    partOf('message server', usOf(nats, frames.single), usOf(nats, frames.batched)),
    partOf('projector', projectorUs, projectorUs),
    partOf('PostgreSQL', postgresUs, postgresUs),
  ]
  const coresPerRegion = parts.reduce((sum, { cores }) => sum + cores, 0)
  const bytes = bytesOf(costs, single, batched)
  const perDay = assumptions.averageShare * secondsPerDay
  const rowsPerDay = request.tps * perDay * assumptions.journalRowsPerPayment
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
      single * idMemorySeconds * figureOf(costs, 'state.bytes_per_id'),
    logBytesPerDay: bytes.log * perDay,
    journalBytesPerDay: bytes.journal * perDay,
    diskBytesPerSecondAtPeak: bytes.log + bytes.journal,
    disksPerRegion: Math.ceil((bytes.log + bytes.journal) / (assumptions.diskBytesPerSecond * assumptions.busyShare)),
    partitionsPerDay: Math.ceil(rowsPerDay / assumptions.rowsPerPartition),
    layers: layersOf(costs, request.batchSize, frames, single, batched),
  }
}

const coresOf = (usPerSecond: number): number => usPerSecond / 1e6 / assumptions.busyShare

/** A single payment costs a shard more than one of a batch, by what the ledger alone says of both. */
function singleWorkerCost(costs: Costs): FrameCost {
  const { paymentUs, frameUs } = fitFrameCost(costs, 'worker')
  const single = figureOf(costs, 'l0.single.cpu_seconds_per_million')
  const batch = figureOf(costs, 'l0.batch.cpu_seconds_per_million')
  return { paymentUs: paymentUs + Math.max(0, single - batch), frameUs }
}

function simulateSingles(costs: Costs, perSecond: number, shards: number, edges: number, worker: FrameCost) {
  const seconds = Math.max(simulatedSecondsMin, Math.min(simulatedSecondsMax, simulatedPayments / perSecond))
  const [fsyncP50Us, fsyncP99Us] = [figureOf(costs, 'fsync.p50_us'), figureOf(costs, 'fsync.p99_us')]
  return simulateShards({
    shards,
    edges,
    paymentsPerSecond: perSecond,
    seconds,
    seed: 1,
    fsyncP50Us,
    fsyncP99Us,
    worker,
  })
}

/** Of a batch at the edge, what was measured: its signature, its digest and its sealing. */
function batchedEdgeUs(costs: Costs, batchSize: number): number {
  return (
    figureOf(costs, 'cost.verify_ed25519_us') / batchSize +
    figureOf(costs, 'cost.sha256_of_batch_us') / batchMeasured +
    figureOf(costs, 'cost.seal_and_open_batch_us_per_payment')
  )
}

/** Bytes a second that reach the disks at the peak. */
function bytesOf(costs: Costs, single: number, batched: number): { log: number; journal: number } {
  const logSingle = figureOf(costs, 'l2.c256.bytes_written_per_payment')
  const logBatched = figureOf(costs, 'l1.b1024.c1.bytes_written_per_payment')
  const journal = Math.max(0, figureOf(costs, 'l3.c256.bytes_written_per_payment') - logSingle)
  return { log: single * logSingle + batched * logBatched, journal: (single + batched) * journal }
}

function layersOf(
  costs: Costs,
  batchSize: number,
  frames: { single: number; batched: number },
  single: number,
  batched: number,
): Layer[] {
  const cost = (name: string): number => figureOf(costs, `cost.${name}`)
  const layer = (name: string, singleUs: number, batchedUs: number): Layer => {
    return { name, singleUs, batchedUs, cores: coresOf(single * singleUs + batched * batchedUs) }
  }
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
      cost('seal_and_open_frame_us') * frames.single,
      cost('seal_and_open_batch_us_per_payment'),
    ),
    layer('sealing evidence', cost('seal_evidence_us'), 0),
    layer('chain', cost('chain_us_per_frame') * frames.single, cost('chain_us_per_frame') * frames.batched),
  ]
}
