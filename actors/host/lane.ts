import { encodeTransit, type TransitRecords } from '../ledger/frameBuilder.ts'
import type { Mark } from '../log/marks.ts'
import type { HostPorts } from './ports.ts'

/** Records in one transit frame: well below the log's largest frame, and what a destination applies in a few ms. */
const recordsPerFrame = 8_000
const appendTimeoutMs = 5_000
const retryMinMs = 50
const retryMaxMs = 2_000
/** How long a destination may lag behind what was stored for it before the rest is sent again. */
const rewindAfterMs = 3_000

/** What the sender of a lane needs of the leader it belongs to. */
export type LaneSource = {
  shard: number
  incarnation: () => number
  lane: TransitRecords & {
    readonly next: number
    readonly kept: number
    trim(n: number): void
  }
  /** Number of the next record that must not leave yet: all below are owed for good. */
  owed: () => number
  /** Seals and appends a transit frame to the destination's log; true when it is stored. */
  append: (destination: number, count: number, body: Uint8Array, timeoutMs: number) => Promise<boolean>
}

/**
 * Brings what one shard owes another into the other's log: in order, one frame on its way, the next gathering
 * meanwhile. Nothing is ever concluded from an append that did not answer: the destination's mark says what it has.
 */
export class LaneSender {
  readonly destination: number
  readonly #source: LaneSource
  readonly #ports: HostPorts
  /** The destination's own word; undefined until its first mark has come. */
  #mark: { number: number; durable: number; returns: number } | undefined
  #sentTo = 0
  #sending = false
  #stopped = false
  #retryMs = retryMinMs
  #stalledSinceMs = 0
  /** Counts how often sending began anew: an append of an earlier time says nothing any more. */
  #turn = 0

  constructor(destination: number, source: LaneSource, ports: HostPorts) {
    this.destination = destination
    this.#source = source
    this.#ports = ports
  }

  /** Records that the destination has not been seen to hold. */
  get backlog(): number {
    return this.#source.owed() - (this.#mark?.number ?? this.#source.lane.kept)
  }

  /** True when the destination has taken in the record and this shard has applied every return issued up to it. */
  isComplete(transit: number, returnsApplied: number): boolean {
    return this.#mark !== undefined && transit < this.#mark.number && returnsApplied >= this.#mark.returns
  }

  onMark(mark: Mark): void {
    const received = mark.received[this.#source.shard]
    if (received === undefined || received.incarnation !== this.#source.incarnation()) return
    const first = this.#mark === undefined
    const moved = first || received.number > this.#mark!.number
    if (!first && received.number < this.#mark!.number) return
    this.#mark = { number: received.number, durable: received.durable, returns: received.returns }
    if (first || received.number > this.#sentTo) this.#sentTo = received.number
    this.#source.lane.trim(received.durable)
    this.#watchStall(moved)
    this.pump()
  }

  /** What was stored but never taken in is sent again: the destination skips what it has. */
  #watchStall(moved: boolean): void {
    const now = this.#ports.monotonicMs()
    if (moved || this.#mark!.number === this.#sentTo) this.#stalledSinceMs = now
    else if (now - this.#stalledSinceMs > rewindAfterMs && !this.#sending) {
      this.#sentTo = this.#mark!.number
      this.#stalledSinceMs = now
    }
  }

  /** Sends what has gathered, unless a frame is on its way or the destination has not spoken yet. */
  pump(): void {
    if (this.#sending || this.#stopped || this.#mark === undefined) return
    const { lane } = this.#source
    const count = Math.min(recordsPerFrame, this.#source.owed() - this.#sentTo)
    if (count <= 0) return
    const first = this.#sentTo
    this.#sending = true
    const body = encodeTransit(this.#source.shard, this.#source.incarnation(), lane, first, count)
    const turn = this.#turn
    this.#source.append(this.destination, count, body, appendTimeoutMs).then(
      (stored) => {
        if (turn === this.#turn) this.#onAppended(stored, first + count)
      },
      (error: unknown) => this.#ports.onError(error),
    )
  }

  #onAppended(stored: boolean, end: number): void {
    this.#sending = false
    if (this.#stopped) return
    if (stored) {
      this.#retryMs = retryMinMs
      this.#stalledSinceMs = this.#ports.monotonicMs()
      this.#sentTo = Math.max(this.#sentTo, end)
      this.pump()
      return
    }
    this.#ports.after(this.#retryMs * (0.5 + this.#ports.random()), () => this.pump())
    this.#retryMs = Math.min(this.#retryMs * 2, retryMaxMs)
  }

  /** Sends again, to whoever owns the destination now, what was not taken in. What is under way it no longer waits for. */
  rewind(): void {
    if (this.#mark === undefined) return
    this.#turn += 1
    this.#sending = false
    this.#sentTo = this.#mark.number
    this.#retryMs = retryMinMs
    this.pump()
  }

  stop(): void {
    this.#stopped = true
  }
}
