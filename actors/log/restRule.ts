/** A lot costs the server as much as three deliveries: with fewer than this to come in a rest, no rest is taken. */
const entriesPerRestMin = 4

/** Whether a follower that may rest does: only while entries come so often that a lot after a rest would hold several. */
export class RestRule {
  readonly #restMs: number
  #lookedMs: number
  #lookedSeq: number

  constructor(restMs: number, seq: number, nowMs: number) {
    this.#restMs = restMs
    this.#lookedSeq = seq
    this.#lookedMs = nowMs
  }

  /** Judges by what has come since it was asked last. */
  rests(seq: number, nowMs: number): boolean {
    const perMs = (seq - this.#lookedSeq) / Math.max(1, nowMs - this.#lookedMs)
    this.#lookedSeq = seq
    this.#lookedMs = nowMs
    return perMs * this.#restMs >= entriesPerRestMin
  }
}
