import { Worker } from 'node:worker_threads'
import { SignatureChecker } from './signatureChecker.ts'
import type { VerifyJob } from './verifyJobs.ts'
import { numberAfter, VerifyRing } from './verifyRing.ts'

/** So many are checked, in about a millisecond and a half, before the sockets are looked after again. */
const ownPerTurnMax = 16
/** Fewer are not worth waking a thread for. */
const jobsPerThreadMin = 4
/** Ten times as long as a job takes: a thread that has had one for longer is not running, and the job is checked here. */
const overdueMs = 1
/** A thread that cannot even begin is tried again no more often. */
const respawnMs = 1_000
const waitingMaxDefault = 10_000
const messageBytesMax = 65_535
const signatureBytesMax = 255

/** The pool cannot take a signature now; nothing is known about it. */
export class VerifyBusy extends Error {}

type Waiting = { job: VerifyJob; resolve: (valid: boolean) => void; reject: (error: Error) => void }
/** `underWayMs` is when a thread was first seen to be at it. */
type Shared = Waiting & { underWayMs?: number }

export type VerifyPoolOptions = {
  /** Of threads beside the caller's. */
  readonly threads: number
  readonly onFault: (what: string, error: unknown) => void
  readonly waitingMax?: number
  readonly ring?: VerifyRing
  /** What threads run. */
  readonly program?: URL
}

/**
 * Checks signatures in turns of the event loop. What came in one turn is shared with threads: each takes the next until
 * there is none left, this thread too, so that all are done at nearly the same time and their payments travel together.
 */
export class VerifyPool {
  readonly #ring: VerifyRing
  readonly #threads: Worker[]
  readonly #checker = new SignatureChecker()
  #waiting: Waiting[] = []
  /** By their numbers in the ring, oldest first. */
  readonly #shared = new Map<number, Shared>()
  #end = 0
  readonly #waitingMax: number
  readonly #program: URL
  readonly #onFault: VerifyPoolOptions['onFault']
  #dispatching = false
  #closed = false

  constructor(options: VerifyPoolOptions) {
    this.#onFault = options.onFault
    this.#waitingMax = options.waitingMax ?? waitingMaxDefault
    this.#ring = options.ring ?? new VerifyRing()
    this.#program = options.program ?? new URL('./verifyWorker.ts', import.meta.url)
    this.#threads = Array.from({ length: options.threads }, () => this.#spawn())
  }

  #spawn(): Worker {
    const thread = new Worker(this.#program, { workerData: this.#ring.memory })
    thread.on('error', (error) => this.#lost(thread, error))
    return thread
  }

  /** A thread that died leaves its job to the others, and another takes its place. */
  #lost(thread: Worker, error: unknown): void {
    if (this.#closed) return
    this.#onFault('a thread that checks signatures ended', error)
    const again = (): void => {
      if (!this.#closed) this.#threads[this.#threads.indexOf(thread)] = this.#spawn()
    }
    setTimeout(again, respawnMs).unref()
  }

  /** @throws (rejects) VerifyBusy when too much is waiting. */
  verify(job: VerifyJob): Promise<boolean> {
    const fits = job.message.length <= messageBytesMax && job.signature.length <= signatureBytesMax
    if (!fits || job.key.length !== 33) return Promise.resolve(false)
    if (this.#waiting.length >= this.#waitingMax) return Promise.reject(new VerifyBusy('too many signatures wait'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject })
      this.#dispatchSoon()
    })
  }

  /** After everything that the sockets brought in this turn has been read. */
  #dispatchSoon(): void {
    if (this.#dispatching || this.#waiting.length + this.#shared.size === 0) return
    this.#dispatching = true
    setImmediate(() => {
      this.#dispatching = false
      if (!this.#closed) this.#dispatch()
    })
  }

  #dispatch(): void {
    if (this.#waiting.length >= jobsPerThreadMin) this.#share()
    let checked = 0
    while (checked < ownPerTurnMax && this.#checkNext()) checked += 1
    this.#settle()
    // What threads are still at, or nobody has come to, is looked after in the next turn.
    this.#dispatchSoon()
  }

  /** What no slot is free for, or is too long for one, goes on waiting for this thread. */
  #share(): void {
    const [oldest = this.#end] = this.#shared.keys()
    let room = VerifyRing.capacity - ((this.#end - oldest) | 0)
    const before = this.#shared.size
    this.#waiting = this.#waiting.filter((one) => {
      if (room === 0 || !VerifyRing.fits(one.job)) return true
      room -= 1
      this.#ring.put(this.#end, one.job)
      this.#shared.set(this.#end, one)
      this.#end = numberAfter(this.#end)
      return false
    })
    const wake = Math.min(this.#threads.length, Math.floor((this.#shared.size - before) / jobsPerThreadMin))
    this.#ring.publish(this.#end, wake)
  }

  /** @returns whether there was one */
  #checkNext(): boolean {
    const n = this.#ring.take()
    if (n !== undefined) {
      this.#ring.finish(n, this.#checker.check(this.#shared.get(n)!.job))
      return true
    }
    const one = this.#waiting.shift()
    one?.resolve(this.#checker.check(one.job))
    return one !== undefined
  }

  /** Ends what is finished. What nobody has taken yet stands behind what somebody has. */
  #settle(): void {
    const nowMs = performance.now()
    for (const [n, one] of this.#shared) {
      if (!this.#ring.isTaken(n)) return
      if (this.#ring.resultOf(n) === undefined) {
        one.underWayMs ??= nowMs
        if (nowMs - one.underWayMs < overdueMs) continue
        this.#ring.finish(n, this.#checker.check(one.job))
      }
      this.#shared.delete(n)
      one.resolve(this.#ring.resultOf(n)!)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#threads.map((thread) => thread.terminate()))
    for (const { reject } of [...this.#shared.values(), ...this.#waiting]) {
      reject(new VerifyBusy('the edge is closing'))
    }
    this.#shared.clear()
    this.#waiting = []
  }
}
