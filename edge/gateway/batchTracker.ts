import type { BatchAnswer, BatchProgress } from '../../actors/log/batchAnswers.ts'
import { BatchPart } from '../../actors/log/batchPart.ts'
import type { GatewayPorts } from './ports.ts'
import type { ShardGate } from './shardGate.ts'
import type { ShardQueries } from './shardQueries.ts'
import type { BatchSubmission, NotSent, Submitted } from './submission.ts'

/** What a shard tells a batch apart by. */
export type BatchId = { readonly institution: number; readonly id: Uint8Array }

/** What became of one shard's part of a batch, as far as it is known when its deadline passes. */
export type BatchOutcome =
  /** By record: 0 completed, else the refusal. */
  | { readonly kind: 'final'; readonly codes: Uint8Array; readonly timeMs: number }
  /** The same, but records with 0 are debited only: each will be credited or come home. */
  | { readonly kind: 'pending'; readonly codes: Uint8Array; readonly timeMs: number }
  /** The whole part was refused for one reason, and nothing of it is remembered. */
  | { readonly kind: 'refused'; readonly code: number }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-sent'; readonly why: NotSent }

/** Progress that has not come this long after the debits may be lost: the payers' shard knows too. */
const askAfterMs = 1_000
const askMsMax = 4_000

type Tracked = {
  readonly part: BatchPart
  readonly batch: BatchId
  readonly shard: number
  readonly deadlineMs: number
  timeMs: number
  askAtMs: number
  askEveryMs: number
  asking: boolean
  readonly onTaken: () => void
  readonly settle: (outcome: BatchOutcome) => void
}

/** Follows the parts of batches to their end: the debits' answer, then credits and returns as they are told. */
export class BatchTracker {
  readonly #ports: GatewayPorts
  readonly #queries: ShardQueries
  readonly #nextToken: () => number
  readonly #tracked = new Map<number, Tracked>()

  constructor(ports: GatewayPorts, queries: ShardQueries, nextToken: () => number) {
    this.#ports = ports
    this.#queries = queries
    this.#nextToken = nextToken
  }

  get size(): number {
    return this.#tracked.size
  }

  /** @param onTaken called once the shard has taken the part in, which may be long before its payments end */
  pay(
    gate: ShardGate,
    batch: BatchId,
    submission: BatchSubmission,
    deadlineMs: number,
    onTaken: () => void,
  ): Promise<BatchOutcome> {
    return new Promise((settle) => {
      const token = this.#nextToken()
      const tracked: Tracked = {
        part: new BatchPart(token),
        batch,
        shard: gate.shard,
        deadlineMs,
        timeMs: 0,
        askAtMs: Number.POSITIVE_INFINITY,
        askEveryMs: askAfterMs,
        asking: false,
        onTaken,
        settle,
      }
      this.#tracked.set(token, tracked)
      gate.submitBatch(token, submission, deadlineMs).then(
        (submitted) => this.#onSubmitted(tracked, submitted),
        (error: unknown) => {
          this.#ports.onFault('a batch was given up', error)
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
    if (submitted.code !== 0) {
      this.#end(tracked, { kind: 'refused', code: submitted.code })
      return
    }
    tracked.onTaken()
    if (!this.#endIfComplete(tracked)) {
      // Nobody tells this edge of the credits of a batch that was executed before: it has to be asked for.
      const again = tracked.part.how === 'repeated'
      tracked.askAtMs = again ? 0 : this.#ports.monotonicMs() + askAfterMs
      if (again) this.#ask(tracked)
    }
  }

  /** Heard before the gate hears of it, so that the outcomes are there when the frame is settled. */
  onAnswer(answer: BatchAnswer): void {
    const tracked = this.#tracked.get(answer.token)
    if (tracked === undefined || answer.how === 'refused') return
    tracked.timeMs = answer.timeMs
    tracked.part.onAnswer(answer)
  }

  onProgress({ shard, runs, returns }: BatchProgress): void {
    for (const run of runs) this.#hear(run.token, (part) => part.onRun(shard, run))
    for (const back of returns) this.#hear(back.token, (part) => part.onReturn(back))
  }

  #hear(token: number, tell: (part: BatchPart) => void): void {
    const tracked = this.#tracked.get(token)
    if (tracked === undefined) return
    tell(tracked.part)
    this.#endIfComplete(tracked)
  }

  #endIfComplete(tracked: Tracked): boolean {
    const { part, timeMs } = tracked
    if (part.complete) this.#end(tracked, { kind: 'final', codes: part.codes!, timeMs })
    return part.complete
  }

  /** Ends what is out of time, and asks about what is late. */
  sweep(nowMs: number): void {
    for (const tracked of this.#tracked.values()) {
      const { codes } = tracked.part
      if (codes === undefined) continue
      if (tracked.deadlineMs <= nowMs) this.#end(tracked, { kind: 'pending', codes, timeMs: tracked.timeMs })
      else if (tracked.askAtMs <= nowMs) this.#ask(tracked)
    }
  }

  #ask(tracked: Tracked): void {
    if (tracked.asking) return
    tracked.asking = true
    this.#queries
      .ask(tracked.shard, { type: 'batch' as const, ...tracked.batch }, 'owner')
      .then(({ result }) => {
        if (result?.complete) this.#end(tracked, { kind: 'final', codes: result.codes, timeMs: result.time })
      })
      // A shard that is silent now is asked again in a moment; the deadline bounds it.
      .catch((error: unknown) => this.#ports.onFault('a late batch could not be asked for', error))
      .finally(() => {
        tracked.asking = false
        tracked.askAtMs = this.#ports.monotonicMs() + tracked.askEveryMs * (0.75 + this.#ports.random() / 2)
        tracked.askEveryMs = Math.min(tracked.askEveryMs * 2, askMsMax)
      })
  }

  #end(tracked: Tracked, outcome: BatchOutcome): void {
    if (this.#tracked.delete(tracked.part.token)) tracked.settle(outcome)
  }
}
