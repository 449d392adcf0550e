import { Worker } from 'node:worker_threads'
import { jobBytes, type VerifyJob, writeJob } from './verifyJobs.ts'

const jobsPerBatchMax = 64
const waitingMaxDefault = 10_000
const messageBytesMax = 65_535
const signatureBytesMax = 255

/** The pool cannot take a signature now; nothing is known about it. */
export class VerifyBusy extends Error {}

type Waiting = { job: VerifyJob; resolve: (valid: boolean) => void; reject: (error: Error) => void }
type Thread = { worker: Worker; batch: Waiting[] | undefined }

/**
 * Checks signatures on threads. What comes while a thread works gathers and goes to it in one message, since a message
 * a signature would cost as much as the signature; a lone one leaves at once.
 */
export class VerifyPool {
  readonly #threads: Thread[]
  #waiting: Waiting[] = []
  readonly #waitingMax: number
  #nextId = 1
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
      this.#dispatch()
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
    this.#dispatch()
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

  /** After everything that the sockets brought in this turn has been read, so that it goes to a thread together. */
  #dispatchSoon(): void {
    if (this.#dispatching) return
    this.#dispatching = true
    setImmediate(() => {
      this.#dispatching = false
      if (!this.#closed) this.#dispatch()
    })
  }

  #dispatch(): void {
    const idle = this.#threads.filter(({ batch }) => batch === undefined)
    for (const [n, thread] of idle.entries()) {
      if (this.#waiting.length === 0) return
      const share = Math.ceil(this.#waiting.length / (idle.length - n))
      thread.batch = this.#waiting.splice(0, Math.min(share, jobsPerBatchMax))
      const bytes = new Uint8Array(thread.batch.reduce((sum, { job }) => sum + jobBytes(job), 0))
      const offsets = new Uint32Array(thread.batch.length)
      let at = 0
      for (const [i, { job }] of thread.batch.entries()) {
        offsets[i] = at
        writeJob(bytes, at, job)
        at += jobBytes(job)
      }
      thread.worker.postMessage({ id: this.#nextId++, bytes, offsets }, [bytes.buffer, offsets.buffer])
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
    for (const { reject } of this.#waiting) reject(new VerifyBusy('the edge is closing'))
    this.#waiting = []
  }
}
