import { Worker } from 'node:worker_threads'
import { SignatureChecker } from './signatureChecker.ts'
import { jobBytes, type VerifyJob, writeJob } from './verifyJobs.ts'

/** So many are checked, in about a millisecond and a half, before the sockets are looked after again. */
const ownPerTurnMax = 16
/** Fewer are not worth a message to a thread. */
const jobsPerBatchMin = 8
const jobsPerBatchMax = 64
const waitingMaxDefault = 10_000
const messageBytesMax = 65_535
const signatureBytesMax = 255

/** The pool cannot take a signature now; nothing is known about it. */
export class VerifyBusy extends Error {}

type Waiting = { job: VerifyJob; resolve: (valid: boolean) => void; reject: (error: Error) => void }
type Thread = { worker: Worker; batch: Waiting[] | undefined }

/**
 * Checks signatures: a few in each turn of the event loop itself, what is more on threads. A message to a thread, and
 * back, costs as much as a signature and waits for its turn on a processor twice; so threads get lots, and only when
 * more has come than can be done here meanwhile.
 */
export class VerifyPool {
  readonly #threads: Thread[]
  readonly #checker = new SignatureChecker()
  #waiting: Waiting[] = []
  readonly #waitingMax: number
  #dispatching = false
  #closed = false

  constructor(threads: number, waitingMax = waitingMaxDefault) {
    this.#waitingMax = waitingMax
    this.#threads = Array.from({ length: threads }, () => this.#spawn())
  }

  #spawn(): Thread {
    const worker = new Worker(new URL('./verifyWorker.ts', import.meta.url))
    const thread: Thread = { worker, batch: undefined }
    worker.on('message', ({ results }: { results: Uint8Array }) => {
      const batch = thread.batch ?? []
      thread.batch = undefined
      for (const [i, { resolve }] of batch.entries()) resolve(results[i] === 1)
      this.#giveToThreads()
    })
    worker.on('error', (error) => this.#lost(thread, error))
    return thread
  }

  /** A thread that died takes its batch with it: those are told so, and another thread takes its place. */
  #lost(thread: Thread, error: unknown): void {
    const batch = thread.batch ?? []
    thread.batch = undefined
    for (const { reject } of batch) reject(new VerifyBusy(`a verifying thread ended: ${String(error)}`))
    if (this.#closed) return
    const fresh = this.#spawn()
    this.#threads[this.#threads.indexOf(thread)] = fresh
    this.#giveToThreads()
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

  /** After everything that the sockets brought in this turn has been read, so that what goes to a thread goes together. */
  #dispatchSoon(): void {
    if (this.#dispatching || this.#waiting.length === 0) return
    this.#dispatching = true
    setImmediate(() => {
      this.#dispatching = false
      if (!this.#closed) this.#dispatch()
    })
  }

  #dispatch(): void {
    this.#giveToThreads()
    for (const { job, resolve } of this.#waiting.splice(0, ownPerTurnMax)) resolve(this.#checker.check(job))
    // What is left waits for the next turn, or for a thread that is free before that.
    this.#dispatchSoon()
  }

  /** What this turn will not come to itself. */
  #giveToThreads(): void {
    const idle = this.#threads.filter(({ batch }) => batch === undefined)
    for (const [n, thread] of idle.entries()) {
      const excess = this.#waiting.length - ownPerTurnMax
      if (excess < jobsPerBatchMin) return
      this.#send(thread, Math.min(Math.ceil(excess / (idle.length - n)), jobsPerBatchMax))
    }
  }

  #send(thread: Thread, count: number): void {
    thread.batch = this.#waiting.splice(0, count)
    const bytes = new Uint8Array(thread.batch.reduce((sum, { job }) => sum + jobBytes(job), 0))
    const offsets = new Uint32Array(count)
    let at = 0
    for (const [i, { job }] of thread.batch.entries()) {
      offsets[i] = at
      writeJob(bytes, at, job)
      at += jobBytes(job)
    }
    thread.worker.postMessage({ bytes, offsets }, [bytes.buffer, offsets.buffer])
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
    const unchecked = [...this.#threads.flatMap(({ batch }) => batch ?? []), ...this.#waiting]
    for (const { reject } of unchecked) reject(new VerifyBusy('the edge is closing'))
    this.#waiting = []
  }
}
