const sendersMax = 1_024
const window = 48
const bits = Array.from({ length: window + 1 }, (_, n) => Number(1n << BigInt(n)))

/**
 * Which frames of each sender were applied, so that a frame sent twice is executed once even for commands that leave
 * no other trace. A sender has far fewer than 48 frames on their way; what is older than that counts as repeated.
 */
export class SenderFrames {
  /** By incarnation, longest silent sender first: highest counter seen, and a bit for each of the 48 below it. */
  readonly #senders = new Map<number, { highest: number; seen: number }>()

  /** True the first time; false when this frame was applied already. */
  first(incarnation: number, counter: number): boolean {
    const sender = this.#senders.get(incarnation)
    // The last to speak goes to the end, so that of too many senders one that is still at work is never forgotten.
    this.#senders.delete(incarnation)
    if (sender === undefined) {
      if (this.#senders.size >= sendersMax) this.#senders.delete(this.#senders.keys().next().value!)
      this.#senders.set(incarnation, { highest: counter, seen: 1 })
      return true
    }
    this.#senders.set(incarnation, sender)
    const ahead = counter - sender.highest
    if (ahead > 0) {
      sender.seen = ahead >= window ? 1 : (sender.seen % bits[window - ahead]!) * bits[ahead]! + 1
      sender.highest = counter
      return true
    }
    if (-ahead >= window) return false
    const bit = bits[-ahead]!
    if (Math.floor(sender.seen / bit) % 2 === 1) return false
    sender.seen += bit
    return true
  }

  save(): Float64Array {
    const out: number[] = []
    for (const [incarnation, { highest, seen }] of this.#senders) out.push(incarnation, highest, seen)
    return Float64Array.from(out)
  }

  load(saved: Float64Array): void {
    this.#senders.clear()
    for (let i = 0; i < saved.length; i += 3) {
      this.#senders.set(saved[i]!, { highest: saved[i + 1]!, seen: saved[i + 2]! })
    }
  }
}
