import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { type EdgeAddress, KeptConnection, type RawAnswer } from './keptConnection.ts'

const timeoutMs = 12_000
const expireEveryMs = 500
const againMsMin = 50
const triesMax = 200

/** Requests that pay, made ahead. */
export type RequestStock = {
  /** Makes requests until `count` are held. */
  fill(count: number): void | Promise<void>
  /** Undefined when there are no more. */
  take(): Buffer | undefined
}

export type LoadCounts = { completed: number; refused: number; unknown: number; retries: number }

/**
 * Callers that each pay, wait for the end of the payment and pay the next: a closed loop. A payment that is not final
 * yet is asked for again with the same bytes; its latency runs to its end.
 */
export class PaymentLoad {
  readonly #stock: RequestStock
  readonly #connections: KeptConnection[]
  readonly #expiry: NodeJS.Timeout
  counts: LoadCounts = newCounts()
  latency: RecordableHistogram = newLatency()

  constructor(address: EdgeAddress, stock: RequestStock, concurrency: number) {
    this.#stock = stock
    this.#connections = Array.from({ length: concurrency }, () => new KeptConnection(address))
    this.#expiry = setInterval(() => {
      const nowMs = performance.now()
      for (const connection of this.#connections) connection.expire(nowMs, timeoutMs)
    }, expireEveryMs)
  }

  /** Forgets what was counted so far. */
  reset(): void {
    this.counts = newCounts()
    this.latency = newLatency()
  }

  /** Pays until `untilMs`, or until there is nothing more to pay, and then waits for what is under way. */
  async run(untilMs: number): Promise<void> {
    await Promise.all(
      this.#connections.map((connection) => new Promise<void>((resolve) => this.#payOn(connection, untilMs, resolve))),
    )
  }

  #payOn(connection: KeptConnection, untilMs: number, onEnd: () => void): void {
    const beganMs = performance.now()
    const request = beganMs >= untilMs ? undefined : this.#stock.take()
    if (request === undefined) {
      onEnd()
      return
    }
    let tries = 0
    const again = (): void => connection.send(request, onAnswer)
    const onAnswer = (answer: RawAnswer): void => {
      if (isFinal(answer) || ++tries >= triesMax) {
        this.#count(answer, performance.now() - beganMs)
        this.#payOn(connection, untilMs, onEnd)
        return
      }
      this.counts.retries += 1
      setTimeout(again, Math.max((answer?.retryAfterS ?? 0) * 1_000, againMsMin))
    }
    again()
  }

  #count(answer: RawAnswer, tookMs: number): void {
    this.latency.record(Math.max(1, Math.round(tookMs * 1_000)))
    if (answer?.status === 200 && answer.body.includes('"status":"completed"')) this.counts.completed += 1
    else if (answer !== undefined && answer.status < 500) this.counts.refused += 1
    else this.counts.unknown += 1
  }

  close(): void {
    clearInterval(this.#expiry)
    for (const connection of this.#connections) connection.close()
  }
}

/** Whether the answer will be the same when asked for again. */
function isFinal(answer: RawAnswer): boolean {
  if (answer === undefined) return false
  return answer.status !== 202 && answer.status !== 429 && answer.status < 500
}

function newCounts(): LoadCounts {
  return { completed: 0, refused: 0, unknown: 0, retries: 0 }
}

function newLatency(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: 600_000_000, figures: 3 })
}
