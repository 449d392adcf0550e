import type { Refusal } from '../ledger/refusals.ts'
import type { Effect } from '../log/effects.ts'
import type { BankPort } from './bank.ts'
import type { CentralBankPort } from './centralBank.ts'
import { FarQuestions, type Instructions } from './farQuestions.ts'
import { type Findings, nextStep, type Operation } from './nextStep.ts'

/** A step that was reached outside, to be written into the log of the saga's shard. */
export type ReachedStep = {
  saga: 'recharge' | 'redemption'
  shard: number
  walletNumber: number
  id: Uint8Array
  step: number
  reason: Refusal
}

export type DriverEvent =
  | { kind: 'outcome'; operation: Operation; outcome: 'done' | 'refused' | 'unknown' }
  | { kind: 'reached'; saga: Effect['saga']; step: number }
  /** Money waits at a far side that refuses to give it back, or an effect can't be read: a human is needed. */
  | { kind: 'stuck'; shard: number; txId: string; why: string }

export type DriverOptions = {
  bank: BankPort
  centralBank: CentralBankPort
  /** Code of the bank at the central bank. */
  bankCode: string
  /** Opens what the edge sealed for the connector. */
  open: (effect: Effect) => Instructions
  /** Takes charge of bringing a step into the log; repeating it does no harm. */
  reached: (step: ReachedStep) => void
  /** Any clock, ms, whatever is done to it: only to forget. */
  nowMs: () => number
  onEvent?: (event: DriverEvent) => void
  sagasInFlightMax?: number
  /** Effects kept for their turn; what comes beyond is let go, since the host shows it again. */
  sagasWaitingMax?: number
  /** Unknown outcomes of one operation before it is called off at the far side. */
  doubtsMax?: number
}

/** How long a step that was answered is not worked on again: the time its answer may take through the log. */
const answeredMemoryMs = 5_000
const reportedMax = 1_000

/**
 * Drives recharges and redemptions from what hosts show of the committed state. It keeps nothing that matters: the
 * step is in the log, the truth about each question is with the far sides, and a driver that starts anew, or a second
 * one beside it, asks the same questions under the same ids.
 */
export class SagaDriver {
  readonly #o: DriverOptions
  readonly #questions: FarQuestions
  readonly #working = new Map<string, Promise<void>>()
  readonly #waiting = new Map<string, Effect>()
  readonly #answered = new Map<string, { step: number; untilMs: number }>()
  readonly #reported = new Set<string>()
  #draining = false

  constructor(options: DriverOptions) {
    this.#o = options
    this.#questions = new FarQuestions(options)
  }

  get inFlight(): number {
    return this.#working.size
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** A saga's step as some host has it committed. May come again, late, or from two hosts at once. */
  onEffect(effect: Effect): void {
    const key = `${effect.shard}/${effect.walletNumber}/${effect.txId}`
    if (this.#draining || this.#working.has(key) || this.#answeredLately(key, effect.step)) return
    const { sagasWaitingMax = 4_096 } = this.#o
    if (this.#waiting.has(key) || this.#waiting.size < sagasWaitingMax) this.#waiting.set(key, effect)
    this.#pump()
  }

  /** Begins nothing new and resolves when what is under way has come to its answer or its doubt. */
  async drain(): Promise<void> {
    this.#draining = true
    this.#waiting.clear()
    await Promise.all(this.#working.values())
  }

  #answeredLately(key: string, step: number): boolean {
    const nowMs = this.#o.nowMs()
    // Entries are in the order of their time: what is past is at the front, and so is what a clock that was set back
    // has put too far into the future.
    for (const [old, { untilMs }] of this.#answered) {
      if (untilMs > nowMs && untilMs <= nowMs + answeredMemoryMs) break
      this.#answered.delete(old)
    }
    return this.#answered.get(key)?.step === step
  }

  #pump(): void {
    const { sagasInFlightMax = 64 } = this.#o
    for (const [key, effect] of this.#waiting) {
      if (this.#working.size >= sagasInFlightMax) return
      this.#waiting.delete(key)
      const work = this.#work(key, effect)
        .catch((error: unknown) => this.#stuck(effect, error instanceof Error ? error.message : String(error)))
        .finally(() => {
          this.#working.delete(key)
          this.#pump()
        })
      this.#working.set(key, work)
    }
  }

  async #work(key: string, effect: Effect): Promise<void> {
    let findings: Findings = {}
    for (;;) {
      const decision = nextStep(effect.saga, effect.step, findings)
      if (decision.act === 'wait') return
      if (decision.act === 'stuck') {
        this.#stuck(effect, `${decision.operation} refused: ${decision.reason}`)
        return
      }
      if (decision.act === 'answer') {
        this.#answer(key, effect, decision.step, decision.reason)
        return
      }
      const outcome = await this.#questions.settle(decision.operation, effect)
      this.#o.onEvent?.({ kind: 'outcome', operation: decision.operation, outcome: outcome.kind })
      findings = { ...findings, [decision.operation]: outcome }
    }
  }

  #answer(key: string, effect: Effect, step: number, reason: Refusal): void {
    const { saga, shard, walletNumber, id } = effect
    this.#answered.delete(key)
    this.#answered.set(key, { step: effect.step, untilMs: this.#o.nowMs() + answeredMemoryMs })
    this.#o.reached({ saga, shard, walletNumber, id, step, reason })
    this.#o.onEvent?.({ kind: 'reached', saga, step })
  }

  /** Said once, although the host shows the step again and again. */
  #stuck({ shard, walletNumber, txId }: Effect, why: string): void {
    const key = `${shard}/${walletNumber}/${txId}/${why}`
    if (this.#reported.has(key)) return
    if (this.#reported.size >= reportedMax) this.#reported.clear()
    this.#reported.add(key)
    this.#o.onEvent?.({ kind: 'stuck', shard, txId, why })
  }
}
