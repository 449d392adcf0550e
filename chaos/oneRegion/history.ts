/** Where in a shard's log something stands. */
export type Place = { shard: number; seq: number }

/**
 * `invoked`: under way. `ok`: done. `refused`: certainly not done, and nothing of it ever will be.
 * `unknown`: nobody said; it may have been done, or be done later.
 */
export type Outcome = 'invoked' | 'ok' | 'refused' | 'unknown'

type Times = { readonly index: number; readonly invokedMs: number; endedMs: number; outcome: Outcome }

/** Money that moves under an id of its own. Wallets are numbered as the scenario made them. */
export type Movement = Times & {
  readonly id: string
  readonly fen: number
  /** The answer, byte for byte, once it is final. */
  answer?: string
} & (
    | { readonly kind: 'payment'; readonly payer: number; readonly payee: number; executed?: Place }
    | { readonly kind: 'recharge' | 'redemption'; readonly wallet: number }
  )

export type Read = Times & {
  readonly kind: 'read'
  readonly wallet: number
  seen?: { balanceFen: number; at: Place }
}

export type Operation = Movement | Read

/** What is read in the end, with every fault gone and every outcome known. */
export type Ending = {
  /** By wallet. */
  balancesFen: number[]
  /** By wallet, from the journal: each movement's id with its signed amount. */
  entries: { id: string; fen: number }[][]
  /** Of each movement that was asked for again under its id: what was said the second time. */
  repeats: { id: string; answer: string }[]
}

type Begun<T> = T extends unknown ? Omit<T, 'index' | 'invokedMs' | 'endedMs' | 'outcome'> : never

/** Everything that was asked and answered, in the order of asking, on one monotonic clock. */
export class History {
  readonly operations: Operation[] = []
  readonly #nowMs: () => number

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  begin<T extends Operation>(operation: Begun<T>): T {
    const times: Times = {
      index: this.operations.length,
      invokedMs: this.#nowMs(),
      endedMs: Number.POSITIVE_INFINITY,
      outcome: 'invoked',
    }
    const begun = { ...operation, ...times } as unknown as T
    this.operations.push(begun)
    return begun
  }

  end(operation: Operation, outcome: Exclude<Outcome, 'invoked'>): void {
    operation.outcome = outcome
    // Whatever nobody answered may still take effect.
    operation.endedMs = outcome === 'unknown' ? Number.POSITIVE_INFINITY : this.#nowMs()
  }

  movements(): Movement[] {
    return this.operations.filter((operation) => operation.kind !== 'read')
  }

  reads(): Read[] {
    return this.operations.filter((operation) => operation.kind === 'read')
  }

  counts(): Record<Outcome, number> {
    const counts: Record<Outcome, number> = { invoked: 0, ok: 0, refused: 0, unknown: 0 }
    for (const { outcome } of this.operations) counts[outcome] += 1
    return counts
  }
}

/** By wallet, what a movement adds to it once it is done. */
export function effectsOf(movement: Movement): { wallet: number; fen: number }[] {
  if (movement.kind === 'payment') {
    const { payer, payee, fen } = movement
    return [
      { wallet: payer, fen: -fen },
      { wallet: payee, fen },
    ]
  }
  return [{ wallet: movement.wallet, fen: movement.kind === 'recharge' ? movement.fen : -movement.fen }]
}
