import { seededRandom } from '../demo/transfers.ts'
import { EventQueue } from './eventQueue.ts'
import { type RecordCost, recordsOfPayment, usOfFrame } from './frameCost.ts'

export type SimulationOptions = {
  readonly shards: number
  readonly edges: number
  /** Of those that their payers sign, one by one. */
  readonly paymentsPerSecond: number
  /** Of institutions, which sign so many payments at once. */
  readonly batchesPerSecond: number
  readonly batchSize: number
  /** Simulated; the first fifth is not counted. */
  readonly seconds: number
  readonly seed: number
  /** Time that a log takes to make a frame durable: log-normal through these two. */
  readonly fsyncP50Us: number
  readonly fsyncP99Us: number
  /** Of the message server, before a log makes a frame durable. */
  readonly nats: RecordCost
  /** Of a shard's one thread. */
  readonly worker: RecordCost
  /** What the debit of a signed payment takes that thread beyond that of one in a batch. */
  readonly signedUs: number
}

export type SimulationResult = {
  readonly arrived: number
  readonly completed: number
  readonly inFlight: number
  /** Of the payments that arrive, the part that piles up, from one half of the measured time to the other. */
  readonly backlogGrowth: number
  readonly framesPerPayment: number
  /** Of a frame that holds both kinds each counts for its part of the records; undefined where none was sent. */
  readonly framesPerSigned: number | undefined
  readonly framesPerBatched: number | undefined
  readonly paymentsPerFrameMean: number
  /** Share of its time that the thread of a shard is busy. */
  readonly workerBusy: number
  /** Share of its time that a log is: with frames that pass the message server, and those that it makes durable. */
  readonly logBusy: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const paymentsPerFrameMax = 8_000
const warmUpShare = 0.2
/** The 99th percentile of a standard normal distribution. */
const z99 = 2.326

/** All payments of a batch arrive as one. */
type Arrival = { readonly atMs: number; readonly signed: boolean }
/** What is to go from one sender to one shard: one frame on its way, the rest gathers. */
type Lane = { readonly to: number; readonly transit: boolean; busy: boolean; waiting: Arrival[] }
/** A part of a batch is a frame of its own, and comes from no lane. */
type Frame = {
  /** When the thread has applied it. */
  readonly atMs: number
  readonly to: number
  readonly transit: boolean
  readonly payments: readonly Arrival[]
  readonly lane: Lane | undefined
}

/**
 * Payments of single payers and of batches through shards that each have a log and a thread: debit in the payer's,
 * credit in the payee's, every payer and payee as likely as any other. A sender has one frame on its way to a shard until
 * it is applied; what comes meanwhile gathers. A batch is sent at once, in a frame to each shard that it pays out of.
 * Queues are first come first served; everything that the model does not name (networks, disks that several logs share)
 * costs nothing.
 */
export function simulateShards(options: SimulationOptions): SimulationResult {
  return new Simulation(options).run()
}

class Simulation {
  readonly #options: SimulationOptions
  readonly #random: () => number
  readonly #applied = new EventQueue<Frame>()
  readonly #lanes: (Lane | undefined)[]
  readonly #logFreeMs: Float64Array
  readonly #workerFreeMs: Float64Array
  readonly #sigma: number
  readonly #endMs: number
  readonly #fromMs: number
  readonly #middleMs: number
  #nowMs = 0
  #arrived = 0
  #completed = 0
  /** Payments on their way times milliseconds, in either half of the measured time. */
  readonly #backlog: [number, number] = [0, 0]
  #signedFrames = 0
  #signedRecords = 0
  #batchedFrames = 0
  #batchedRecords = 0
  #workerMs = 0
  #logMs = 0
  readonly #latenciesMs: number[] = []

  constructor(options: SimulationOptions) {
    this.#options = options
    this.#random = seededRandom(options.seed)
    this.#lanes = new Array((options.shards + options.edges) * options.shards)
    this.#logFreeMs = new Float64Array(options.shards)
    this.#workerFreeMs = new Float64Array(options.shards)
    this.#sigma = Math.max(0, Math.log(options.fsyncP99Us / options.fsyncP50Us)) / z99
    this.#endMs = options.seconds * 1_000
    this.#fromMs = this.#endMs * warmUpShare
    this.#middleMs = (this.#fromMs + this.#endMs) / 2
  }

  run(): SimulationResult {
    const { paymentsPerSecond, batchesPerSecond } = this.#options
    const perSecond = paymentsPerSecond + batchesPerSecond
    let arrivalMs = this.#gapMs(perSecond)
    for (;;) {
      const frame = this.#applied.peek()
      const nextMs = Math.min(arrivalMs, frame?.atMs ?? Number.POSITIVE_INFINITY)
      if (nextMs > this.#endMs) break
      this.#passTo(nextMs)
      if (frame !== undefined && frame.atMs <= arrivalMs) {
        this.#applied.pop()
        this.#onApplied(frame)
        continue
      }
      if (batchesPerSecond > 0 && this.#random() * perSecond < batchesPerSecond) this.#payBatch()
      else this.#paySigned()
      arrivalMs += this.#gapMs(perSecond)
    }
    this.#passTo(this.#endMs)
    return this.#result()
  }

  #result(): SimulationResult {
    const { paymentsPerSecond, batchesPerSecond, batchSize, shards } = this.#options
    const measuredMs = this.#endMs - this.#fromMs
    const halfMs = measuredMs / 2
    const arrivedInHalf = ((paymentsPerSecond + batchesPerSecond * batchSize) * halfMs) / 1_000
    const frames = this.#signedFrames + this.#batchedFrames
    const records = this.#signedRecords + this.#batchedRecords
    const perPayment = (frames: number, records: number): number => (recordsOfPayment(shards) * frames) / records
    const sorted = Float64Array.from(this.#latenciesMs).sort()
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    return {
      arrived: this.#arrived,
      completed: this.#completed,
      inFlight: this.#arrived - this.#completed,
      backlogGrowth: (this.#backlog[1] - this.#backlog[0]) / halfMs / arrivedInHalf,
      framesPerPayment: records === 0 ? recordsOfPayment(shards) : perPayment(frames, records),
      framesPerSigned: this.#signedRecords === 0 ? undefined : perPayment(this.#signedFrames, this.#signedRecords),
      framesPerBatched: this.#batchedRecords === 0 ? undefined : perPayment(this.#batchedFrames, this.#batchedRecords),
      paymentsPerFrameMean: records / Math.max(1, frames),
      workerBusy: this.#workerMs / measuredMs / shards,
      logBusy: this.#logMs / measuredMs / shards,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
    }
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n)
  }

  #gapMs(perSecond: number): number {
    return (-Math.log(1 - this.#random()) / perSecond) * 1_000
  }

  #fsyncMs(): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random())
    return (this.#options.fsyncP50Us / 1_000) * Math.exp(this.#sigma * normal)
  }

  #passTo(ms: number): void {
    if (this.#measuring()) {
      this.#backlog[this.#nowMs < this.#middleMs ? 0 : 1] += (this.#arrived - this.#completed) * (ms - this.#nowMs)
    }
    this.#nowMs = ms
  }

  #paySigned(): void {
    const { shards, edges } = this.#options
    this.#arrived += 1
    const lane = this.#lane(shards + this.#below(edges), this.#below(shards))
    lane.waiting.push({ atMs: this.#nowMs, signed: true })
    if (!lane.busy) this.#sendWaiting(lane)
  }

  #payBatch(): void {
    const { batchSize, shards } = this.#options
    this.#arrived += batchSize
    const arrival = { atMs: this.#nowMs, signed: false }
    const parts = new Map<number, Arrival[]>()
    for (let n = 0; n < batchSize; n++) {
      const to = this.#below(shards)
      const part = parts.get(to)
      if (part === undefined) parts.set(to, [arrival])
      else part.push(arrival)
    }
    for (const [to, part] of parts) this.#send(to, false, part, undefined)
  }

  /** Senders are numbered: the shards, and after them the edges. */
  #lane(sender: number, to: number): Lane {
    const { shards } = this.#options
    const at = sender * shards + to
    this.#lanes[at] ??= { to, transit: sender < shards, busy: false, waiting: [] }
    return this.#lanes[at]
  }

  #sendWaiting(lane: Lane): void {
    const { to, transit, waiting } = lane
    lane.busy = waiting.length > 0
    if (!lane.busy) return
    lane.waiting = waiting.length > paymentsPerFrameMax ? waiting.splice(paymentsPerFrameMax) : []
    this.#send(to, transit, waiting, lane)
  }

  /** Through the message server into the log, and once that is durable to the thread. */
  #send(to: number, transit: boolean, payments: readonly Arrival[], lane: Lane | undefined): void {
    const { worker, nats, signedUs } = this.#options
    let signed = 0
    for (const payment of payments) if (payment.signed) signed += 1
    const logMs = usOfFrame(nats, payments.length) / 1_000 + this.#fsyncMs()
    const workMs = (usOfFrame(worker, payments.length) + (transit ? 0 : signedUs * signed)) / 1_000
    const durableMs = Math.max(this.#nowMs, this.#logFreeMs[to]!) + logMs
    const appliedMs = Math.max(durableMs, this.#workerFreeMs[to]!) + workMs
    this.#logFreeMs[to] = durableMs
    this.#workerFreeMs[to] = appliedMs
    if (this.#measuring()) {
      const batched = payments.length - signed
      this.#signedFrames += signed / payments.length
      this.#signedRecords += signed
      this.#batchedFrames += batched / payments.length
      this.#batchedRecords += batched
    }
    this.#logMs += this.#measuredPart(durableMs - logMs, durableMs)
    this.#workerMs += this.#measuredPart(appliedMs - workMs, appliedMs)
    this.#applied.push({ atMs: appliedMs, to, transit, payments, lane })
  }

  /** How much of what is done from then to then lies in the time that is measured. */
  #measuredPart(fromMs: number, toMs: number): number {
    return Math.max(0, Math.min(toMs, this.#endMs) - Math.max(fromMs, this.#fromMs))
  }

  #onApplied({ to, transit, payments, lane }: Frame): void {
    if (!transit) this.#onDebited(to, payments)
    else for (const payment of payments) this.#complete(payment)
    if (lane !== undefined) this.#sendWaiting(lane)
  }

  #onDebited(shard: number, payments: readonly Arrival[]): void {
    const idle: Lane[] = []
    for (const payment of payments) {
      const to = this.#below(this.#options.shards)
      if (to === shard) {
        this.#complete(payment)
        continue
      }
      const lane = this.#lane(shard, to)
      lane.waiting.push(payment)
      if (!lane.busy && lane.waiting.length === 1) idle.push(lane)
    }
    for (const lane of idle) this.#sendWaiting(lane)
  }

  #complete({ atMs }: Arrival): void {
    this.#completed += 1
    if (this.#measuring()) this.#latenciesMs.push(this.#nowMs - atMs)
  }

  #measuring(): boolean {
    return this.#nowMs >= this.#fromMs
  }
}
