import type { Departures } from './departures.ts'

/** Up to so many unfinished payments of a shard wait for no other. */
const few = 2
/** So many share a frame so well that more would hardly make it cheaper. */
const enough = 24
/** Of the time that payments take from their coming to their end; under a steady stream this much of them shares a frame. */
const holdShare = 0.4
const holdMsMax = 100
/** How much the newest payment counts in the time that payments take. */
const newestShare = 1 / 16
/** What has waited for this part of its time leaves together with a frame of another shard. */
const togetherShare = 0.5

/**
 * When the payments that have gathered for one shard leave in a frame. Every frame costs a sync of the disk, a sealing
 * and a delivery to everyone who follows the log, and as much again in each shard that it pays into, whatever it holds.
 * So under load a frame waits for a part of the time that payments take anyway: the slower the machine is, the more
 * share a frame and the cheaper each becomes. One alone leaves at once, and so does one beside one.
 */
export class GatherRule {
  #unfinished = 0
  #tookMs = 0
  readonly #departures: Departures

  constructor(departures: Departures) {
    this.#departures = departures
  }

  /** A frame leaves. */
  departed(nowMs: number): void {
    this.#departures.add(nowMs)
  }

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
    if (this.#unfinished <= few || gathered >= enough) return 0
    const fullMs = Math.min(holdMsMax, this.#tookMs * holdShare)
    const holdMs = this.#departures.isNow(nowMs) ? fullMs * togetherShare : fullMs
    // A clock that was set back must not hold anything up for longer.
    return Math.min(holdMs, Math.max(0, sinceMs + holdMs - nowMs))
  }
}
