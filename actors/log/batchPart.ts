import type { BatchAnswer, BatchProgress } from './batchAnswers.ts'

/**
 * One shard's part of a batch on its way to its end, as the edge that sent it hears of it: the debits' answer, then
 * credits and returns, in any order and perhaps twice. It is at its end when each accepted record was credited or came
 * home.
 */
export class BatchPart {
  readonly token: number
  /** By record, once the payers' shard has answered; what came home has its reason. */
  codes: Uint8Array | undefined
  how: BatchAnswer['how'] | undefined
  #awaited = 0
  #ended = 0
  /** By destination shard: the transit number that a run must reach beyond to say something new. */
  readonly #heardTo: number[] = []
  readonly #returned = new Map<number, number>()

  constructor(token: number) {
    this.token = token
  }

  onAnswer({ how, codes, transit }: BatchAnswer): void {
    if (this.codes !== undefined) return
    this.how = how
    this.codes = codes
    for (const [position, code] of this.#returned) codes[position] = code
    this.#awaited = how === 'executed' ? transit.reduce((sum, { count }) => sum + count, 0) : 0
  }

  /** @param shard the payees' shard, whose runs come in the order of their numbers */
  onRun(shard: number, { first, count }: BatchProgress['runs'][number]): void {
    const heardTo = this.#heardTo[shard] ?? 0
    this.#ended += Math.max(0, first + count - Math.max(first, heardTo))
    this.#heardTo[shard] = Math.max(heardTo, first + count)
  }

  onReturn({ position, code }: BatchProgress['returns'][number]): void {
    if (this.#returned.has(position)) return
    this.#returned.set(position, code)
    this.#ended += 1
    if (this.codes !== undefined) this.codes[position] = code
  }

  /** A batch that was executed before is not followed by this: only its payers' shard knows how it stands. */
  get complete(): boolean {
    return this.codes !== undefined && this.how !== 'repeated' && this.#ended >= this.#awaited
  }
}
