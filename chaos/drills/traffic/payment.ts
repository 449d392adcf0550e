/**
 * What an edge said of a payment. `completed` and `refused` are final under its id; `pending`, `busy` (429 and 5xx) and
 * `silent` (no answer in time, or a broken connection) say nothing of what becomes of it.
 */
export type AnswerOutcome = 'completed' | 'refused' | 'pending' | 'busy' | 'silent'

export type Answer = {
  readonly atMs: number
  /** Letter of the region whose edge was asked. */
  readonly edge: string
  readonly status: number
  readonly outcome: AnswerOutcome
  /** Of a final answer: its bytes. Of another: what it said, shortened. */
  readonly text: string
}

/** A payment as its sender knows it. Wallets are numbered as the drill opened them. */
export type Payment = {
  readonly id: string
  readonly payer: number
  readonly payee: number
  readonly fen: number
  readonly payerShard: number
  readonly payeeShard: number
  /** Asked for by the probe of its shard, not by the steady load. */
  readonly probe: boolean
  readonly sentAtMs: number
  readonly answers: Answer[]
}

const isFinal = ({ outcome }: Answer): boolean => outcome === 'completed' || outcome === 'refused'

/** The first answer that binds. */
export const finalAnswer = ({ answers }: Payment): Answer | undefined => answers.find(isFinal)

export const isAcknowledged = (payment: Payment): boolean => finalAnswer(payment)?.outcome === 'completed'

export const finalAnswers = ({ answers }: Payment): Answer[] => answers.filter(isFinal)

/** From asking to the first final answer, as the sender waited for it. */
export function waitedMs(payment: Payment): number | undefined {
  const final = finalAnswer(payment)
  return final && final.atMs - payment.sentAtMs
}
