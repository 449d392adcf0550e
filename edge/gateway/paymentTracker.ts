import { type Refusal, refusalOf } from '../../actors/ledger/refusals.ts'
import type { Completions } from '../../actors/log/answers.ts'
import type { GatewayPorts } from './ports.ts'
import type { ShardGate } from './shardGate.ts'
import type { ShardQueries } from './shardQueries.ts'
import type { Executed, NotSent, PaymentSubmission, Submitted } from './submission.ts'

/** What became of a payment, as far as it is known when its deadline passes. */
export type PaymentOutcome =
  | { readonly kind: 'final'; readonly refusal: Refusal; readonly executed: Executed }
  /** Debited; whether it was credited or returned is not known yet. It will be one of the two. */
  | { readonly kind: 'pending'; readonly executed: Executed }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-sent'; readonly why: NotSent }

/** A word from the payee's shard that has not come this long after the debit may be lost: the payer's shard knows too. */
const askAfterMs = 400
const askMsMax = 2_000
/** Reads for late payments at once, all shards together. */
const asksMax = 32
const toAnotherShardMax = 254

/** What a payment is found by in its payer's shard. */
type FollowedPayment = Pick<PaymentSubmission, 'payer' | 'id'>

type Tracked = {
  readonly token: number
  readonly gate: ShardGate
  readonly payment: FollowedPayment
  readonly beganMs: number
  readonly deadlineMs: number
  /** What another shard said, if it spoke before the payer's own. */
  completedCode: number | undefined
  executed: Executed | undefined
  askAtMs: number
  askEveryMs: number
  asking: boolean
  settle: (outcome: PaymentOutcome) => void
}

/** Follows payments to their end: the debit's answer from the payer's shard, the credit's or return's from the other. */
export class PaymentTracker {
  readonly #ports: GatewayPorts
  readonly #queries: ShardQueries
  readonly #nextToken: () => number
  readonly #tracked = new Map<number, Tracked>()
  #asks = 0

  constructor(ports: GatewayPorts, queries: ShardQueries, nextToken: () => number) {
    this.#ports = ports
    this.#queries = queries
    this.#nextToken = nextToken
  }

  get size(): number {
    return this.#tracked.size
  }

  pay(gate: ShardGate, payment: PaymentSubmission, deadlineMs: number): Promise<PaymentOutcome> {
    return this.follow(gate, payment, deadlineMs, (token) => gate.submitPayment(token, payment, deadlineMs))
  }

  /** @param submit sends the payment into its payer's shard under this number */
  follow(
    gate: ShardGate,
    payment: FollowedPayment,
    deadlineMs: number,
    submit: (token: number) => Promise<Submitted>,
  ): Promise<PaymentOutcome> {
    return new Promise((resolve) => {
      const token = this.#nextToken()
      const tracked: Tracked = {
        token,
        gate,
        payment,
        beganMs: this.#ports.monotonicMs(),
        deadlineMs,
        completedCode: undefined,
        executed: undefined,
        askAtMs: Number.POSITIVE_INFINITY,
        askEveryMs: askAfterMs,
        asking: false,
        settle: resolve,
      }
      this.#tracked.set(token, tracked)
      submit(token).then(
        (submitted) => this.#onSubmitted(tracked, submitted),
        (error: unknown) => {
          this.#ports.onFault('a payment was given up', error)
          this.#end(tracked, { kind: 'unknown' })
        },
      )
    })
  }

  #onSubmitted(tracked: Tracked, submitted: Submitted): void {
    if (submitted.kind !== 'answered') {
      this.#end(tracked, submitted)
      return
    }
    const { code, destination, executed, repeated } = submitted
    if (code !== 0 || destination === 0 || destination > toAnotherShardMax) {
      this.#end(tracked, { kind: 'final', refusal: refusalOf(code), executed })
      return
    }
    tracked.executed = executed
    if (tracked.completedCode !== undefined) {
      this.#end(tracked, { kind: 'final', refusal: refusalOf(tracked.completedCode), executed })
      return
    }
    // The word about a repeated payment went out under the number of the first request: it has to be asked for.
    tracked.askAtMs = repeated ? 0 : this.#ports.monotonicMs() + askAfterMs
    if (repeated) this.#ask(tracked)
  }

  onCompletions(completions: Completions): void {
    const { tokens, codes } = completions
    for (let i = 0; i < tokens.length; i++) {
      const tracked = this.#tracked.get(tokens[i]!)
      if (tracked === undefined) continue
      tracked.completedCode = codes[i]!
      const { executed } = tracked
      if (executed) this.#end(tracked, { kind: 'final', refusal: refusalOf(codes[i]!), executed })
    }
  }

  /** Ends what is out of time, and asks about what is late. */
  sweep(nowMs: number): void {
    for (const tracked of this.#tracked.values()) {
      const { executed } = tracked
      if (executed === undefined) continue
      if (tracked.deadlineMs <= nowMs) this.#end(tracked, { kind: 'pending', executed })
      else if (tracked.askAtMs <= nowMs) this.#ask(tracked)
    }
  }

  #ask(tracked: Tracked): void {
    if (tracked.asking || this.#asks >= asksMax) return
    tracked.asking = true
    this.#asks += 1
    const { payer, id } = tracked.payment
    this.#queries
      .ask(tracked.executed!.shard, { type: 'command', actor: payer, id }, 'owner')
      .then(({ result }) => {
        if (result?.complete) {
          const { refusal, seq, index, time } = result
          const executed = { shard: tracked.executed!.shard, seq, index, timeMs: time }
          this.#end(tracked, { kind: 'final', refusal, executed })
        }
      })
      // A shard that is silent now is asked again in a moment; the deadline bounds it.
      .catch((error: unknown) => this.#ports.onFault('a late payment could not be asked for', error))
      .finally(() => {
        this.#asks -= 1
        tracked.asking = false
        tracked.askAtMs = this.#ports.monotonicMs() + tracked.askEveryMs * (0.75 + this.#ports.random() / 2)
        tracked.askEveryMs = Math.min(tracked.askEveryMs * 2, askMsMax)
      })
  }

  #end(tracked: Tracked, outcome: PaymentOutcome): void {
    if (!this.#tracked.delete(tracked.token)) return
    tracked.gate.paymentEnded(this.#ports.monotonicMs() - tracked.beganMs)
    tracked.settle(outcome)
  }
}
