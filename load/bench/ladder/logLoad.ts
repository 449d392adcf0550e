import { frameKinds } from '../../../actors/ledger/records.ts'
import { decodeAnswer } from '../../../actors/log/answers.ts'
import { BatchPart } from '../../../actors/log/batchPart.ts'
import { answersSubject } from '../../../actors/log/subjects.ts'
import type { Wire } from '../wire.ts'
import { RecordMaker } from './recordMaker.ts'

const completeTimeoutMs = 60_000

/** Payments that are made and not sent yet. */
export type ReadyPayments = {
  readonly body: Uint8Array<ArrayBuffer>
  /** Sends them and waits until each is credited. Once it has returned the body may be used again. @returns how many were */
  send(): Promise<number>
}

type Waiting = { part: BatchPart; done: (accepted: number) => void }

/** An edge without HTTP: sends payments into the logs and hears of their end, by the same messages as the real one. */
export class LogLoad {
  readonly #wire: Wire
  readonly #subscription: { unsubscribe(): void }
  readonly #batches = new Map<number, Waiting>()
  readonly #singles = new Map<number, (code: number) => void>()
  /** Singles that wait for their debit, by the counter of their frame. */
  readonly #debits = new Map<number, number>()
  #token = 0

  constructor(wire: Wire) {
    this.#wire = wire
    this.#subscription = wire.connection.subscribe(answersSubject(wire.edgeId), {
      callback: (error, message) => {
        if (error === null) this.#onMessage(message.data)
      },
    })
  }

  #onMessage(message: Uint8Array): void {
    const answer = decodeAnswer(message)
    if (answer.kind === 'batch') this.#hear(answer.token, (part) => part.onAnswer(answer))
    else if (answer.kind === 'batchProgress') {
      for (const run of answer.runs) this.#hear(run.token, (part) => part.onRun(answer.shard, run))
      for (const back of answer.returns) this.#hear(back.token, (part) => part.onReturn(back))
    } else if (answer.kind === 'completions') {
      for (const [i, token] of answer.tokens.entries()) this.#endSingle(token, answer.codes[i]!)
    } else if (answer.skipped || answer.codes[0] !== 0) {
      this.#endSingle(this.#debits.get(answer.counter) ?? -1, answer.codes[0] ?? 1)
    }
  }

  #hear(token: number, tell: (part: BatchPart) => void): void {
    const waiting = this.#batches.get(token)
    if (waiting === undefined) return
    tell(waiting.part)
    if (!waiting.part.complete) return
    this.#batches.delete(token)
    waiting.done(acceptedOf(waiting.part.codes!))
  }

  #endSingle(token: number, code: number): void {
    this.#singles.get(token)?.(code)
    this.#singles.delete(token)
  }

  /**
   * Makes payments whose payers live in one shard ready to be sent: one as a wallet signs it, or a batch.
   * @param sent a batch of before, whose body is used again: one for each would be most of what this process has to collect
   */
  ready(shard: number, count: number, maker: RecordMaker, sent?: ReadyPayments): ReadyPayments {
    const token = ++this.#token
    if (count === 1) {
      const body = maker.single(shard, token)
      return { body, send: () => this.#sendSingle(shard, token, body) }
    }
    const body = sent?.body ?? new Uint8Array(RecordMaker.batchBytes(count))
    maker.batch(shard, count, token, Date.now(), body)
    return { body, send: () => this.#sendBatch(shard, count, token, body) }
  }

  async #sendBatch(shard: number, count: number, token: number, body: Uint8Array): Promise<number> {
    const ended = new Promise<number>((done) => {
      this.#batches.set(token, { part: new BatchPart(token), done })
    })
    await this.#wire.send(shard, frameKinds.batch, count, body).stored
    return within(ended, `batch ${token}`)
  }

  async #sendSingle(shard: number, token: number, body: Uint8Array): Promise<number> {
    const ended = new Promise<number>((done) => this.#singles.set(token, done))
    const { counter, stored } = this.#wire.send(shard, frameKinds.payments, 1, body)
    this.#debits.set(counter, token)
    await stored
    const code = await within(ended, `payment ${token}`)
    this.#debits.delete(counter)
    return code === 0 ? 1 : 0
  }

  close(): void {
    this.#subscription.unsubscribe()
  }
}

function acceptedOf(codes: Uint8Array): number {
  let accepted = 0
  for (const code of codes) if (code === 0) accepted += 1
  return accepted
}

async function within<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what} was not completed in ${completeTimeoutMs} ms`)),
      completeTimeoutMs,
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
