import { jobBytes, readJob, type VerifyJob, writeJob } from './verifyJobs.ts'

/** Jobs that are held at once. A power of two: numbers that run over at 32 bits go on to the next slot. */
const slots = 256
/** What wallets sign takes less than half of it. */
const slotBytes = 1_024

const endAt = 0
const nextAt = 1
const statesAt = 2

/** In the two low bits of a slot's state, below its job's number. */
const unfinished = 0
const invalid = 1
const valid = 2

/**
 * Signatures to be checked, in memory that several threads share: one puts them there, and each takes the next when it is
 * free, so that nobody waits for the lot of another. Numbers go on for ever, in 32 bits.
 *
 * Who has taken a job may be so slow that another finishes it and its slot is used again. So a state carries the number of
 * its job, and only an unfinished job of that number is finished: a result never becomes that of another job.
 */
export class VerifyRing {
  static readonly capacity = slots
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #bytes: Uint8Array

  /** @param memory of a ring that another thread made */
  constructor(memory = new SharedArrayBuffer((statesAt + slots) * 4 + slots * slotBytes)) {
    this.memory = memory
    this.#words = new Int32Array(memory, 0, statesAt + slots)
    this.#bytes = new Uint8Array(memory, (statesAt + slots) * 4)
  }

  static fits(job: VerifyJob): boolean {
    return jobBytes(job) <= slotBytes
  }

  /**
   * For the one thread that puts: nobody takes the job before it is published.
   * @param n the number after that of the job before; the job `capacity` numbers ago is finished
   */
  put(n: number, job: VerifyJob): void {
    Atomics.store(this.#words, statesAt + slotOf(n), stateOf(n, unfinished))
    writeJob(this.#bytes, slotOf(n) * slotBytes, job)
  }

  /** Lets the jobs before number `end` be taken, and wakes up to `wake` threads that sleep. */
  publish(end: number, wake: number): void {
    Atomics.store(this.#words, endAt, end)
    if (wake > 0) Atomics.notify(this.#words, endAt, wake)
  }

  /** @returns the number of the job that the caller is to check; undefined when there is none */
  take(): number | undefined {
    for (;;) {
      const next = Atomics.load(this.#words, nextAt)
      if (next === Atomics.load(this.#words, endAt)) return undefined
      if (Atomics.compareExchange(this.#words, nextAt, next, numberAfter(next)) === next) return next
    }
  }

  isTaken(n: number): boolean {
    return ((Atomics.load(this.#words, nextAt) - n) | 0) > 0
  }

  /** A copy, since not every runtime checks a signature over memory that is shared. */
  jobOf(n: number): VerifyJob {
    const at = slotOf(n) * slotBytes
    return readJob(this.#bytes.slice(at, at + slotBytes), 0)
  }

  finish(n: number, isValid: boolean): void {
    const result = stateOf(n, isValid ? valid : invalid)
    Atomics.compareExchange(this.#words, statesAt + slotOf(n), stateOf(n, unfinished), result)
  }

  /** Undefined while job `n` is not finished. */
  resultOf(n: number): boolean | undefined {
    const state = Atomics.load(this.#words, statesAt + slotOf(n))
    return state === stateOf(n, unfinished) ? undefined : state === stateOf(n, valid)
  }

  /** Sleeps until there is something to take. */
  sleep(): void {
    const end = Atomics.load(this.#words, endAt)
    if (Atomics.load(this.#words, nextAt) === end) Atomics.wait(this.#words, endAt, end)
  }
}

export function numberAfter(n: number): number {
  return (n + 1) | 0
}

function slotOf(n: number): number {
  return n & (slots - 1)
}

function stateOf(n: number, result: number): number {
  return (n << 2) | result
}
