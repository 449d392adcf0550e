/** Frames that leave within this leave in one turn: they share the way to the message server, and its turn. */
const turnMs = 0.5

/** When a frame left an edge last, for whichever shard. */
export class Departures {
  #lastMs = Number.NEGATIVE_INFINITY
  readonly #ask: () => void

  /** @param ask every shard whether it has something to send along */
  constructor(ask: () => void) {
    this.#ask = ask
  }

  add(nowMs: number): void {
    const first = !this.isNow(nowMs)
    this.#lastMs = nowMs
    if (first) this.#ask()
  }

  /** A clock that was set back says no. */
  isNow(nowMs: number): boolean {
    const agoMs = nowMs - this.#lastMs
    return agoMs >= 0 && agoMs <= turnMs
  }
}
