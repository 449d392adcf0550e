/** The share of a shard's unfinished payments but one that a frame waits for. */
const share = 0.75
/** So many share a frame so well that more would hardly make it cheaper. */
const enough = 24
/** Of the time that payments take from their coming to their end; under a steady stream this much of them shares a frame. */
const holdShare = 0.625
const holdMaxMs = 100
/** How much the newest payment counts in the time that payments take. */
const newestShare = 1 / 16

/**
 * When the payments that have gathered for one shard leave in a frame. Every frame costs a sync of the disk, a sealing
 * and a delivery to everyone who follows the log, and as much again in each shard that it pays into, whatever it holds.
 * Callers who wait for their last payment bring the next when it ends: so a frame waits while most of the unfinished
 * payments are on their way, since those are about to come back, and leaves when most have gathered. One alone
 * leaves at once, and so does one beside one.
 */
export class GatherRule {
  #unfinished = 0
  #tookMs = 0

  begin(): void {
    this.#unfinished += 1
  }

  /** @param tookMs from the payment's coming to its end */
  end(tookMs: number): void {
    this.#unfinished -= 1
    this.#tookMs += (Math.max(0, tookMs) - this.#tookMs) * newestShare
  }

  /** @returns how much longer what has gathered since `sinceMs` should wait, in ms; 0 when it may leave */
  holdMs(gathered: number, sinceMs: number, nowMs: number): number {
    if (gathered >= Math.min(enough, (this.#unfinished - 1) * share)) return 0
    const holdMs = Math.min(holdMaxMs, this.#tookMs * holdShare)
    // A clock that was set back must not hold anything up for longer.
    return Math.min(holdMs, Math.max(0, sinceMs + holdMs - nowMs))
  }
}
