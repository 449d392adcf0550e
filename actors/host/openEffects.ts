import { encodeJson } from '../log/jsonBytes.ts'
import type { Replica } from '../log/replica.ts'
import { effectsSubject } from '../log/subjects.ts'
import { effectOf } from './effectMessage.ts'

const everyMs = 2_000
/** Effects told again in one go; a bank that is down for long must not make every round a flood. */
const perRoundMax = 500

export type OpenEffectsOptions = {
  region: string
  replica: Replica
  committed: () => number
  say: (subject: string, message: Uint8Array) => void
  /** To be called when a round has been said. */
  letOut: () => void
  after: (delayMs: number, work: () => void) => () => void
}

/** Tells the connectors what open sagas owe the outside: when a step is reached, and again until its answer is in the log. */
export class OpenEffects {
  readonly #o: OpenEffectsOptions
  #cancel: (() => void) | undefined
  #from = 0
  #repeatedAt = 0

  constructor(options: OpenEffectsOptions) {
    this.#o = options
  }

  tell(rows: readonly number[]): void {
    for (const row of rows) this.#tell(row)
  }

  #tell(row: number): void {
    const { region, replica, say } = this.#o
    const { state } = replica.ledger
    if (state.openSagas.has(row)) say(effectsSubject(region, replica.shard), encodeJson(effectOf(state, row)))
  }

  /** Tells a part of all that is open, each round the next. */
  repeat(): void {
    const { replica, committed, letOut, after } = this.#o
    this.#cancel = after(everyMs, () => this.repeat())
    // What was repeated last has not even left: more of it would only gather.
    if (committed() < this.#repeatedAt) return
    const open = [...replica.ledger.state.openSagas]
    if (this.#from >= open.length) this.#from = 0
    this.tell(open.slice(this.#from, this.#from + perRoundMax))
    this.#from += perRoundMax
    this.#repeatedAt = replica.seq
    letOut()
  }

  stop(): void {
    this.#cancel?.()
  }
}
