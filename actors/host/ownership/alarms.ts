import { isOwner } from './judgements.ts'
import type { Ownership } from './ownership.ts'
import { basePosition } from './recordChanges.ts'

export const roundEveryMs = 250
/** A frame that the own log holds and the peer has not marked for this long: the peer is silent. */
const silentAfterMs = 3_000
/** After this long its server is asked past the link: one that does not answer need not be waited for any longer. */
const quietAfterMs = 1_000
/** A peer that has marked by now what was applied this long ago is close behind. */
const closeBehindMs = 500
/** A peer that was heard within this time is there. */
const heardWithinMs = 1_500
/** After an attempt that came to nothing the same is not tried again for so long. */
const againMs = 2_000
/** A round that comes later than this says that this process stood still itself. */
const stoodStillMs = 1_500

/**
 * What the time that passed says of the other region. Each answer is only a suspicion: what is done about it is decided
 * by the witness.
 */
export type Alarm = 'peer-quiet' | 'peer-silent' | 'peer-close' | 'owner-gone'

export class Alarms {
  readonly #autoTakeoverMs: number
  #roundMs: number
  #heardMs: number
  #waiting: { position: number; sinceMs: number } | undefined
  #past: { applied: number; atMs: number }[] = []
  #notBeforeMs = 0

  /** @param autoTakeoverMs how long an owner must be silent; 0: for ever */
  constructor(nowMs: number, autoTakeoverMs: number) {
    this.#autoTakeoverMs = autoTakeoverMs
    this.#roundMs = nowMs
    this.#heardMs = nowMs
  }

  /** A message of the other region came, or an entry of its log. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs
  }

  heardMsAgo(nowMs: number): number {
    return nowMs - this.#heardMs
  }

  /** What was suspected turned out to be nothing, or could not be done. */
  putOff(nowMs: number): void {
    this.#notBeforeMs = nowMs + againMs
  }

  /** To be asked every `roundEveryMs`. */
  round(nowMs: number, state: Ownership): Alarm | undefined {
    if (nowMs - this.#roundMs > stoodStillMs) this.#wake(nowMs)
    this.#roundMs = nowMs
    const { record } = state
    if (record === undefined) return undefined
    if (!isOwner(state)) {
      this.#waiting = undefined
      const gone = this.#autoTakeoverMs > 0 && nowMs - this.#heardMs >= this.#autoTakeoverMs
      return gone && record.mode === 'sync' && nowMs >= this.#notBeforeMs ? 'owner-gone' : undefined
    }
    const marked = Math.max(state.peerMark, basePosition(record))
    this.#watchMarks(nowMs, state.applied, marked)
    if (nowMs < this.#notBeforeMs) return undefined
    if (record.mode === 'solo') return this.#isClose(nowMs, marked) ? 'peer-close' : undefined
    const waitedMs = this.#waiting === undefined ? 0 : nowMs - this.#waiting.sinceMs
    if (waitedMs >= silentAfterMs) return 'peer-silent'
    return waitedMs >= quietAfterMs ? 'peer-quiet' : undefined
  }

  /** What came meanwhile still waits to be read: the other region gets its time anew. */
  #wake(nowMs: number): void {
    this.#heardMs = nowMs
    this.#past = []
    if (this.#waiting !== undefined) this.#waiting.sinceMs = nowMs
  }

  #watchMarks(nowMs: number, applied: number, marked: number): void {
    if (applied <= marked) this.#waiting = undefined
    else if (this.#waiting === undefined || marked >= this.#waiting.position) {
      this.#waiting = { position: applied, sinceMs: nowMs }
    }
    this.#past = [...this.#past.filter(({ atMs }) => nowMs - atMs <= 2 * closeBehindMs), { applied, atMs: nowMs }]
  }

  #isClose(nowMs: number, marked: number): boolean {
    if (nowMs - this.#heardMs > heardWithinMs) return false
    const then = this.#past.findLast(({ atMs }) => nowMs - atMs >= closeBehindMs)
    return then !== undefined && marked >= then.applied
  }
}
