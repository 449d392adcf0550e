import { seededRandom } from '../demo/transfers.ts'
import type { FrameCost } from './frameCost.ts'

export type SimulationOptions = {
  readonly shards: number
  readonly edges: number
  readonly paymentsPerSecond: number
  /** Simulated; the first fifth is not counted. */
  readonly seconds: number
  readonly seed: number
  /** Time that a log takes to make a frame durable: log-normal through these two. */
  readonly fsyncP50Us: number
  readonly fsyncP99Us: number
  /** Of a shard's one thread. */
  readonly worker: FrameCost
}

export type SimulationResult = {
  readonly arrived: number
  readonly completed: number
  readonly inFlight: number
  readonly framesPerPayment: number
  readonly paymentsPerFrameMean: number
  /** Share of its time that the thread of a shard is busy. */
  readonly workerBusy: number
  readonly logBusy: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const paymentsPerFrameMax = 8_000
const warmUpShare = 0.2
/** The 99th percentile of a standard normal distribution. */
const z99 = 2.326

/** What is to go from one sender to one shard: one frame on its way, the rest gathers. */
type Lane = { readonly to: number; readonly transit: boolean; busy: boolean; waiting: number[] }
type Event = { readonly atMs: number; readonly run: () => void }

/**
 * Payments of single payers through shards that each have a log and a thread: debit in the payer's, credit in the
 * payee's, every payer and payee as likely as any other. A sender has one frame on its way to a shard until it is
 * applied; what comes meanwhile gathers. Queues are first come first served; everything that the model does not name
 * (networks, disks that several logs share) costs nothing.
 */
export function simulateShards(options: SimulationOptions): SimulationResult {
  return new Simulation(options).run()
}

class Simulation {
  readonly #options: SimulationOptions
  readonly #random: () => number
  readonly #events = new EventQueue()
  readonly #lanes = new Map<number, Lane>()
  readonly #logFreeMs: Float64Array
  readonly #workerFreeMs: Float64Array
  readonly #sigma: number
  #nowMs = 0
  #arrived = 0
  #completed = 0
  #frames = 0
  #framed = 0
  #workerMs = 0
  #logMs = 0
  readonly #latenciesMs: number[] = []

  constructor(options: SimulationOptions) {
    this.#options = options
    this.#random = seededRandom(options.seed)
    this.#logFreeMs = new Float64Array(options.shards)
    this.#workerFreeMs = new Float64Array(options.shards)
    this.#sigma = Math.max(0, Math.log(options.fsyncP99Us / options.fsyncP50Us)) / z99
  }

  run(): SimulationResult {
    const { paymentsPerSecond, seconds, shards, edges } = this.#options
    const endMs = seconds * 1_000
    let arrivalMs = this.#gapMs(paymentsPerSecond)
    for (;;) {
      const event = this.#events.peek()
      if (Math.min(arrivalMs, event?.atMs ?? Number.POSITIVE_INFINITY) > endMs) break
      if (event !== undefined && event.atMs <= arrivalMs) {
        this.#events.pop()
        this.#nowMs = event.atMs
        event.run()
        continue
      }
      this.#nowMs = arrivalMs
      this.#arrived += 1
      const shard = this.#below(shards)
      this.#put(this.#lane(shards * shards + this.#below(edges) * shards + shard, shard, false), [arrivalMs])
      arrivalMs += this.#gapMs(paymentsPerSecond)
    }
    const measuredMs = endMs * (1 - warmUpShare) * shards
    const paymentsPerFrameMean = this.#framed / Math.max(1, this.#frames)
    // A payment lies in a frame for its debit, and in one more unless its payee is in the same shard.
    const legs = 1 + (shards - 1) / shards
    const sorted = Float64Array.from(this.#latenciesMs).sort()
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    return {
      arrived: this.#arrived,
      completed: this.#completed,
      inFlight: this.#arrived - this.#completed,
      framesPerPayment: legs / Math.max(1, paymentsPerFrameMean),
      paymentsPerFrameMean,
      workerBusy: this.#workerMs / measuredMs,
      logBusy: this.#logMs / measuredMs,
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

  #lane(key: number, to: number, transit: boolean): Lane {
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      lane = { to, transit, busy: false, waiting: [] }
      this.#lanes.set(key, lane)
    }
    return lane
  }

  #put(lane: Lane, payments: readonly number[]): void {
    for (const arrivalMs of payments) lane.waiting.push(arrivalMs)
    if (!lane.busy) this.#send(lane)
  }

  #send(lane: Lane): void {
    const { to, transit } = lane
    lane.busy = lane.waiting.length > 0
    if (!lane.busy) return
    const payments = lane.waiting.splice(0, paymentsPerFrameMax)
    const { worker } = this.#options
    const logMs = this.#fsyncMs()
    const workMs = (worker.frameUs + worker.paymentUs * payments.length) / 1_000
    const durableMs = Math.max(this.#nowMs, this.#logFreeMs[to]!) + logMs
    const appliedMs = Math.max(durableMs, this.#workerFreeMs[to]!) + workMs
    this.#logFreeMs[to] = durableMs
    this.#workerFreeMs[to] = appliedMs
    if (this.#measuring()) {
      this.#frames += 1
      this.#framed += payments.length
    }
    this.#logMs += this.#measuredPart(durableMs - logMs, durableMs)
    this.#workerMs += this.#measuredPart(appliedMs - workMs, appliedMs)
    this.#events.push({
      atMs: appliedMs,
      run: () => {
        if (transit) this.#complete(payments)
        else this.#debited(to, payments)
        this.#send(lane)
      },
    })
  }

  /** How much of what is done from then to then lies in the time that is measured. */
  #measuredPart(fromMs: number, toMs: number): number {
    const endMs = this.#options.seconds * 1_000
    return Math.max(0, Math.min(toMs, endMs) - Math.max(fromMs, endMs * warmUpShare))
  }

  #debited(shard: number, payments: readonly number[]): void {
    const { shards } = this.#options
    const byDestination = new Map<number, number[]>()
    for (const arrivalMs of payments) {
      const to = this.#below(shards)
      const list = byDestination.get(to)
      if (list === undefined) byDestination.set(to, [arrivalMs])
      else list.push(arrivalMs)
    }
    for (const [to, list] of byDestination) {
      if (to === shard) this.#complete(list)
      else this.#put(this.#lane(shard * shards + to, to, true), list)
    }
  }

  #complete(payments: readonly number[]): void {
    this.#completed += payments.length
    if (!this.#measuring()) return
    for (const arrivalMs of payments) this.#latenciesMs.push(this.#nowMs - arrivalMs)
  }

  #measuring(): boolean {
    return this.#nowMs >= this.#options.seconds * 1_000 * warmUpShare
  }
}

/** A binary heap by time; of two events at one time the first pushed is not promised to come first. */
class EventQueue {
  readonly #heap: Event[] = []

  peek(): Event | undefined {
    return this.#heap[0]
  }

  push(event: Event): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent]!.atMs <= event.atMs) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = event
  }

  pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.atMs < heap[child]!.atMs) child += 1
      if (heap[child]!.atMs >= last.atMs) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}
