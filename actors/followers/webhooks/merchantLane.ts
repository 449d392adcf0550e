const failuresToOpen = 8
const pauseFirstMs = 1_000
const pauseMostMs = 60_000
const pauseSpreadMost = 1.5
const widthFirst = 4
const slowMs = 2_000
const oftenSlow = 0.5
const sometimesSlow = 0.25
const weightOfLast = 0.1

export type LaneResult = { readonly delivered: boolean; readonly durationMs: number }

/**
 * One merchant's share of the work. Who is quick is called often at once, who is slow once at a time, and who fails
 * again and again is left alone for a while and then asked by one call alone: so nobody waits for anybody else.
 */
export class MerchantLane {
  readonly #callsMax: number
  readonly #random: () => number
  #calls = 0
  /** Share of its calls that are slow, the last ones counting most; undefined before the first. */
  #slowShare: number | undefined
  #failures = 0
  #pauses = 0
  #closedUntilMs = 0

  constructor(callsMax: number, random: () => number = Math.random) {
    this.#callsMax = callsMax
    this.#random = random
  }

  /** How many more calls may begin now. */
  room(nowMs: number): number {
    if (this.#isClosed(nowMs)) return 0
    return Math.max(0, (this.#pauses > 0 ? 1 : this.#width) - this.#calls)
  }

  /** A clock that was set back must not close anybody for longer than a pause can be. */
  #isClosed(nowMs: number): boolean {
    return nowMs < this.#closedUntilMs && this.#closedUntilMs <= nowMs + pauseMostMs * pauseSpreadMost
  }

  get #width(): number {
    if (this.#slowShare !== undefined && this.#slowShare > oftenSlow) return 1
    const narrow = this.#slowShare === undefined || this.#slowShare > sometimesSlow
    return narrow ? Math.min(widthFirst, this.#callsMax) : this.#callsMax
  }

  /** Whether the merchant is left alone, or asked by one call alone. */
  get broken(): boolean {
    return this.#pauses > 0
  }

  get idle(): boolean {
    return this.#calls === 0 && this.#pauses === 0
  }

  began(): void {
    this.#calls += 1
  }

  ended({ delivered, durationMs }: LaneResult, nowMs: number): void {
    this.#calls -= 1
    const slow = durationMs > slowMs ? 1 : 0
    this.#slowShare = this.#slowShare === undefined ? slow : this.#slowShare + (slow - this.#slowShare) * weightOfLast
    if (delivered) {
      this.#failures = 0
      this.#pauses = 0
      return
    }
    this.#failures += 1
    // What fails beside the call that opened the circuit says nothing new.
    if (this.#failures < failuresToOpen || this.#isClosed(nowMs)) return
    const pauseMs = Math.min(pauseMostMs, pauseFirstMs * 2 ** Math.min(this.#pauses, 10))
    this.#closedUntilMs = nowMs + pauseMs * (0.5 + this.#random())
    this.#pauses += 1
  }
}
