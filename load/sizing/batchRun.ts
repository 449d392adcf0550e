import { seededRandom } from '../demo/transfers.ts'
import { type FrameCost, type RecordCost, usOfFrame } from './frameCost.ts'

export type BatchRunOptions = {
  readonly shards: number
  /** Threads that lead shards, each a share of them. */
  readonly workers: number
  /** Processors that all threads share evenly; none runs on two at once. */
  readonly cores: number
  readonly batch: number
  readonly inFlight: number
  readonly batches: number
  readonly seed: number
  readonly fsyncP50Us: number
  readonly fsyncP99Us: number
  /** From one process to the next: a message on its way, and a thread that wakes up for it. */
  readonly hopUs: number
  /** A record in one frame is a debit or a credit, or both where both wallets are of one shard. */
  readonly worker: RecordCost
  readonly nats: RecordCost
  readonly generator: FrameCost
}

type Task = { leftUs: number; readonly done: () => void }

/** What the shards of one thread owe another shard. */
type Owed = {
  onItsWay: boolean
  records: number
  heard: (() => void)[]
  sources: Set<number>
  /** Of the frame before, from its leaving. */
  storedUs: number
  /** Changes when a frame leaves. */
  frames: number
}

/** The 99th percentile of a standard normal distribution. */
const z99 = 2.326

/**
 * Batches in a closed circle: so many are on their way, and the next begins when one is complete. A batch is made by
 * the one thread of the generator, passes the message server, is synced in its shard's log, applied by the thread that
 * leads the shard, and goes on from there, by the same steps, to each other shard, in frames that the shards of one thread
 * share. Threads that have work share the processors; the message server takes one frame of a log at a time, and syncs it
 * before it takes the next.
 * @returns payments a second, those of the first fifth not counted
 */
export function simulateBatches(options: BatchRunOptions): number {
  return new BatchRun(options).run()
}

class BatchRun {
  readonly #o: BatchRunOptions
  readonly #random: () => number
  readonly #sigma: number
  /** By thread: what waits for it, the first of which it is at. */
  readonly #threads = new Map<string, Task[]>()
  /** By log: frames that wait until the one before is durable, the first of which is being written. */
  readonly #logs: { records: number; durable: () => void }[][]
  /** By who leads and by destination: what is owed, and waits for the frame that is on its way there. */
  readonly #owed = new Map<string, Owed>()
  #waits: { atUs: number; done: () => void }[] = []
  #nowUs = 0
  #begun = 0
  #complete = 0

  constructor(options: BatchRunOptions) {
    this.#o = options
    this.#random = seededRandom(options.seed)
    this.#sigma = Math.max(0, Math.log(options.fsyncP99Us / options.fsyncP50Us)) / z99
    this.#logs = Array.from({ length: options.shards }, () => [])
  }

  run(): number {
    const { inFlight, batches, batch } = this.#o
    for (let n = 0; n < inFlight; n++) this.#begin()
    const warm = Math.floor(batches / 5)
    let warmUs = 0
    while (this.#complete < batches) {
      this.#step()
      if (warmUs === 0 && this.#complete >= warm) warmUs = this.#nowUs
    }
    return ((batches - warm) * batch * 1e6) / (this.#nowUs - warmUs)
  }

  /** Goes on to when the next task or the next wait ends. */
  #step(): void {
    const running = [...this.#threads.values()].filter((tasks) => tasks.length > 0)
    const share = Math.min(1, this.#o.cores / Math.max(1, running.length))
    const workUs = Math.min(...running.map(([task]) => task!.leftUs / share))
    const waitUs = Math.min(...this.#waits.map(({ atUs }) => atUs - this.#nowUs))
    const passedUs = Math.max(0, Math.min(workUs, waitUs))
    this.#nowUs += passedUs
    for (const [task] of running) task!.leftUs -= passedUs * share
    const ended = running.filter(([task]) => task!.leftUs <= 1e-6).map((tasks) => tasks.shift()!)
    const over = this.#waits.filter(({ atUs }) => atUs <= this.#nowUs + 1e-6)
    this.#waits = this.#waits.filter((wait) => !over.includes(wait))
    for (const { done } of [...ended, ...over]) done()
  }

  #work(thread: string, leftUs: number, done: () => void): void {
    const tasks = this.#threads.get(thread) ?? []
    this.#threads.set(thread, tasks)
    tasks.push({ leftUs, done })
  }

  #begin(): void {
    const { shards, batch, generator } = this.#o
    const shard = this.#begun++ % shards
    this.#work('generator', generator.frameUs + generator.paymentUs * batch, () => {
      this.#frame(shard, batch, () => this.#debited(shard))
    })
  }

  /** A frame through the message server, its log and the thread that leads its shard. */
  #frame(shard: number, records: number, applied: () => void, stored: () => void = () => {}): void {
    const { worker, workers } = this.#o
    const durable = (): void => {
      stored()
      this.#work(`worker ${shard % workers}`, usOfFrame(worker, records), applied)
    }
    this.#hop(() => {
      const log = this.#logs[shard]!
      log.push({ records, durable: () => this.#hop(durable) })
      if (log.length === 1) this.#write(shard)
    })
  }

  #hop(arrived: () => void): void {
    this.#waits.push({ atUs: this.#nowUs + this.#o.hopUs, done: arrived })
  }

  #write(shard: number): void {
    const log = this.#logs[shard]!
    const [frame] = log
    if (frame === undefined) return
    const synced = (): void => {
      log.shift()
      frame.durable()
      this.#write(shard)
    }
    this.#work(`log ${shard}`, usOfFrame(this.#o.nats, frame.records), () => {
      this.#waits.push({ atUs: this.#nowUs + this.#fsyncUs(), done: synced })
    })
  }

  #debited(shard: number): void {
    const { shards, batch } = this.#o
    let open = shards - 1
    const end = (): void => {
      this.#complete += 1
      this.#begin()
    }
    if (open === 0) this.#hop(end)
    for (let to = 0; to < shards; to++) {
      if (to === shard) continue
      this.#owe(shard, to, batch / shards, () => {
        open -= 1
        if (open === 0) end()
      })
    }
  }

  /**
   * What the shards of one thread owe another gathers while a frame is on its way there, and shares the next, which waits
   * for all of them, for twice as long as a frame takes to be stored and never more than 5 ms. (The carrier waits only
   * for those that owed something together before; in the circle that is all of them.)
   */
  #owe(shard: number, to: number, records: number, heard: () => void): void {
    const owed = this.#owedFrom(shard, to)
    owed.records += records
    owed.heard.push(heard)
    owed.sources.add(shard)
    if (!owed.onItsWay) this.#sendTogether(owed, to)
  }

  #owedFrom(shard: number, to: number): Owed {
    const key = `${shard % this.#o.workers} ${to}`
    let owed = this.#owed.get(key)
    if (owed === undefined) {
      owed = { onItsWay: false, records: 0, heard: [], sources: new Set(), storedUs: 0, frames: 0 }
      this.#owed.set(key, owed)
    }
    return owed
  }

  #sendTogether(owed: Owed, to: number): void {
    const { shards, workers, inFlight } = this.#o
    const [source] = owed.sources
    if (source === undefined) return
    const led = Math.ceil((shards - (source % workers)) / workers)
    const others = to % workers === source % workers ? led - 1 : led
    if (owed.sources.size >= Math.min(others, inFlight)) {
      this.#send(owed, to)
      return
    }
    const { frames } = owed
    const atUs = this.#nowUs + Math.min(2 * owed.storedUs, 5_000)
    const waited = (): void => {
      if (frames === owed.frames) this.#send(owed, to)
    }
    this.#waits.push({ atUs, done: waited })
  }

  #send(owed: Owed, to: number): void {
    const { records, heard } = owed
    const fromUs = this.#nowUs
    Object.assign(owed, { onItsWay: true, records: 0, heard: [], sources: new Set(), frames: owed.frames + 1 })
    const told = (): void => {
      for (const one of heard) one()
    }
    const applied = (): void => this.#hop(() => this.#work('generator', this.#o.generator.frameUs, told))
    this.#frame(to, records, applied, () => {
      owed.onItsWay = false
      owed.storedUs = this.#nowUs - fromUs
      this.#sendTogether(owed, to)
    })
  }

  #fsyncUs(): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random())
    return this.#o.fsyncP50Us * Math.exp(this.#sigma * normal)
  }
}
