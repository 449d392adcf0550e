/**
 * Spreads a sender's frames out under load. Every frame costs a sync of the disk, a sealing and a delivery to everyone
 * who follows the log, whatever it holds: so a sender that has many to send lets records gather instead. Below the rate
 * nothing ever waits.
 */
export class FramePacer {
  readonly #stepMs: number
  readonly #burstMs: number
  #nextMs = 0

  /** @param burst frames that may leave at once after a rest */
  constructor(framesPerSecondMax: number, burst: number) {
    this.#stepMs = 1_000 / framesPerSecondMax
    this.#burstMs = burst * this.#stepMs
  }

  /** Takes the next slot. @returns how long until it comes, in ms; 0 when a frame may leave now */
  takeSlot(nowMs: number): number {
    // A clock that was set back must not hold anything up for longer than a slot.
    if (this.#nextMs > nowMs + 1_000) this.#nextMs = nowMs
    this.#nextMs = Math.max(this.#nextMs, nowMs - this.#burstMs) + this.#stepMs
    return Math.max(0, this.#nextMs - nowMs)
  }
}
