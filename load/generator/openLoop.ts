import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { type EdgeAddress, KeptConnection, type RawAnswer } from '../bench/keptConnection.ts'
import { type PreparedRequest, requestBytes } from '../profiles/preparedRequests.ts'
import type { RequestKind } from '../profiles/profiles.ts'

export type OpenLoopOptions = {
  readonly address: EdgeAddress
  readonly host: string
  readonly dueMs: Float64Array
  readonly make: (dueMs: number) => PreparedRequest
  /** Requests signed before the clock runs, and kept ahead of it from then on, whenever nothing is due. */
  readonly signedAheadMax: number
  readonly connectionsMax: number
  /** What is due before it is sent, and not measured. */
  readonly warmUpMs: number
  readonly onProgress?: (answered: number, total: number) => void
}

export type OpenLoopResult = {
  /** Requests that were due. */
  readonly due: number
  /** Of them, never sent: too many waited for a connection already. */
  readonly dropped: number
  /** Got the final answer they had to get. */
  readonly right: number
  /** By kind and what came instead. */
  readonly wrong: ReadonlyMap<string, number>
  /** Asked again, since the answer was not final. */
  readonly asks: number
  /** From when a payment was due to its final answer, warm-up not counted, in microseconds. */
  readonly payments: RecordableHistogram
  readonly reads: RecordableHistogram
  /** How late a request was sent, for want of a connection or of this program's own time. */
  readonly lateness: RecordableHistogram
  readonly seconds: number
  readonly cpuSeconds: number
}

const timeoutMs = 12_000
const expireEveryMs = 500
const againMinMs = 50
const asksMax = 200
/** Waiting requests a connection: beyond it the region does not keep up, and memory is not the place to hide that. */
const waitingPerConnection = 32
const signedAtOnce = 64

const newHistogram = (): RecordableHistogram => createHistogram({ lowest: 1, highest: 600_000_000, figures: 3 })

/**
 * Sends each request when it is due, whatever became of those before it, and counts its latency from then on: a region
 * that stalls is seen by every request that fell into the stall, not by the few that were on their way.
 */
export class OpenLoop {
  readonly #options: OpenLoopOptions
  readonly #connections: KeptConnection[]
  readonly #idle: KeptConnection[]
  readonly #prepared: (PreparedRequest | undefined)[] = []
  readonly #waiting: number[] = []
  #waitingFrom = 0
  #next = 0
  #beganMs = 0
  #answered = 0
  #dropped = 0
  #right = 0
  #asks = 0
  readonly #wrong = new Map<string, number>()
  readonly #payments = newHistogram()
  readonly #reads = newHistogram()
  readonly #lateness = newHistogram()
  #onEnd: () => void = () => undefined

  constructor(options: OpenLoopOptions) {
    this.#options = options
    this.#connections = Array.from({ length: options.connectionsMax }, () => new KeptConnection(options.address))
    this.#idle = [...this.#connections]
  }

  /** Signs what it may ahead of the clock. @returns how many */
  prepare(): number {
    while (this.#prepared.length < Math.min(this.#options.dueMs.length, this.#options.signedAheadMax)) this.#sign()
    return this.#prepared.length
  }

  #sign(): void {
    this.#prepared.push(this.#options.make(this.#options.dueMs[this.#prepared.length]!))
  }

  /** Runs to the last answer. Ids carry their time, so this must begin about when they were made for. */
  async run(): Promise<OpenLoopResult> {
    const cpuBefore = process.cpuUsage()
    this.#beganMs = performance.now()
    const expiry = setInterval(() => {
      const nowMs = performance.now()
      for (const connection of this.#connections) connection.expire(nowMs, timeoutMs)
    }, expireEveryMs)
    if (this.#options.dueMs.length > 0) {
      await new Promise<void>((resolve) => {
        this.#onEnd = resolve
        this.#tick()
      })
    }
    clearInterval(expiry)
    for (const connection of this.#connections) connection.close()
    const { user, system } = process.cpuUsage(cpuBefore)
    return {
      due: this.#options.dueMs.length,
      dropped: this.#dropped,
      right: this.#right,
      wrong: this.#wrong,
      asks: this.#asks,
      payments: this.#payments,
      reads: this.#reads,
      lateness: this.#lateness,
      seconds: (performance.now() - this.#beganMs) / 1_000,
      cpuSeconds: (user + system) / 1e6,
    }
  }

  #tick(): void {
    const { dueMs } = this.#options
    const elapsedMs = performance.now() - this.#beganMs
    while (this.#next < dueMs.length && dueMs[this.#next]! <= elapsedMs) this.#arrive(this.#next++)
    if (this.#next >= dueMs.length) return
    const spareMs = dueMs[this.#next]! - (performance.now() - this.#beganMs)
    const signedMax = Math.min(dueMs.length, this.#next + this.#options.signedAheadMax)
    for (let n = 0; spareMs > 1 && n < signedAtOnce && this.#prepared.length < signedMax; n++) this.#sign()
    setTimeout(() => this.#tick(), Math.max(0, dueMs[this.#next]! - (performance.now() - this.#beganMs)))
  }

  #arrive(n: number): void {
    const connection = this.#idle.pop()
    if (connection !== undefined) this.#send(n, connection)
    else if (this.#waiting.length - this.#waitingFrom < this.#connections.length * waitingPerConnection) {
      this.#waiting.push(n)
    } else {
      this.#dropped += 1
      this.#end()
    }
  }

  #send(n: number, connection: KeptConnection): void {
    while (this.#prepared.length <= n) this.#sign()
    const request = this.#prepared[n]!
    this.#prepared[n] = undefined
    const bytes = requestBytes(request, this.#options.host)
    const lateMs = performance.now() - this.#beganMs - request.dueMs
    if (request.dueMs >= this.#options.warmUpMs) this.#lateness.record(Math.max(1, Math.round(lateMs * 1_000)))
    let asks = 0
    const onAnswer = (answer: RawAnswer): void => {
      if (isFinal(answer) || ++asks >= asksMax) {
        this.#count(request, answer)
        this.#release(connection)
        return
      }
      this.#asks += 1
      const pauseMs = Math.max((answer?.retryAfterS ?? 0) * 1_000, againMinMs * (1 + Math.random()))
      setTimeout(() => connection.send(bytes, onAnswer), pauseMs)
    }
    connection.send(bytes, onAnswer)
  }

  #release(connection: KeptConnection): void {
    const n = this.#waiting[this.#waitingFrom]
    if (n === undefined) this.#idle.push(connection)
    else {
      this.#waitingFrom += 1
      this.#send(n, connection)
    }
    this.#end()
  }

  #count(request: PreparedRequest, answer: RawAnswer): void {
    const tookUs = Math.max(1, Math.round((performance.now() - this.#beganMs - request.dueMs) * 1_000))
    if (request.dueMs >= this.#options.warmUpMs)
      (request.kind === 'balance' ? this.#reads : this.#payments).record(tookUs)
    if (isRight(request, answer)) this.#right += 1
    else {
      const what = `${request.kind}: ${answer === undefined ? 'no answer' : `status ${answer.status}${saidIn(answer)}`}`
      this.#wrong.set(what, (this.#wrong.get(what) ?? 0) + 1)
    }
  }

  #end(): void {
    this.#answered += 1
    const total = this.#options.dueMs.length
    this.#options.onProgress?.(this.#answered, total)
    if (this.#answered === total) this.#onEnd()
  }
}

function isFinal(answer: RawAnswer): boolean {
  return answer !== undefined && answer.status !== 202 && answer.status !== 429 && answer.status < 500
}

const completing: readonly RequestKind[] = ['pay', 'repeat', 'payroll']

/** Why it was refused, or else how it stands: a batch of which a part was refused is answered with 200 as well. */
function saidIn({ body }: NonNullable<RawAnswer>): string {
  const said = /"reason":"([^"]+)"/.exec(body) ?? /"status":"([^"]+)"/.exec(body)
  return said === null ? '' : `, ${said[1]}`
}

/** @returns whether a final answer is the one that the request had to get */
export function isRight({ kind, status }: PreparedRequest, answer: RawAnswer): boolean {
  if (answer?.status !== status) return false
  return !completing.includes(kind) || answer.body.includes('"status":"completed"')
}
