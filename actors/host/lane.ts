import { encodeTransit, type TransitRecords } from '../ledger/frameBuilder.ts'
import type { Mark } from '../log/marks.ts'
import type { Carrier } from './carrier.ts'
import type { HostPorts } from './ports.ts'

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
}

/** Says what one shard owes another and may leave, in order; the carrier to the other takes it along. */
export class LaneSender {
  readonly #source: LaneSource
  readonly #carrier: Carrier
  readonly #ports: Pick<HostPorts, 'monotonicMs'>
  /** The destination's own word; undefined until its first mark has come. */
  #mark: { number: number; durable: number; returns: number } | undefined
  #sentTo = 0
  /** Where what is on its way ends; undefined while nothing is. */
  #underWayTo: number | undefined
  #stalledSinceMs = 0

  constructor(source: LaneSource, carrier: Carrier, ports: Pick<HostPorts, 'monotonicMs'>) {
    this.#source = source
    this.#carrier = carrier
    this.#ports = ports
    carrier.join(this)
  }

  get source(): number {
    return this.#source.shard
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
    // What was forgotten here had been taken in: whoever says less is an owner of before, who was not told yet.
    if (received.number < this.#source.lane.kept) return
    this.#mark = { number: received.number, durable: received.durable, returns: received.returns }
    if (first || received.number > this.#sentTo) this.#sentTo = received.number
    this.#source.lane.trim(received.durable)
    this.#watchStall(moved)
    this.#carrier.pump()
  }

  /** What was stored but never taken in is sent again: the destination skips what it has. */
  #watchStall(moved: boolean): void {
    const now = this.#ports.monotonicMs()
    if (moved || this.#mark!.number === this.#sentTo) this.#stalledSinceMs = now
    else if (now - this.#stalledSinceMs > rewindAfterMs && this.#underWayTo === undefined) {
      this.#sentTo = this.#mark!.number
      this.#stalledSinceMs = now
    }
  }

  /** Records that may leave and are not on their way; none before the destination has spoken. */
  get waiting(): number {
    return this.#mark === undefined ? 0 : Math.max(0, this.#source.owed() - (this.#underWayTo ?? this.#sentTo))
  }

  /** Whether records are on their way. */
  get underWay(): boolean {
    return this.#underWayTo !== undefined
  }

  /** The next part of a frame, of at most so many records; undefined when none may leave. */
  load(recordsMax: number): { count: number; part: Uint8Array } | undefined {
    const { shard, incarnation, lane } = this.#source
    const count = Math.min(recordsMax, this.waiting)
    if (count === 0) return undefined
    this.#underWayTo = this.#sentTo + count
    return { count, part: encodeTransit(shard, incarnation(), lane, this.#sentTo, count) }
  }

  /** What was loaded last is in the destination's log, or is not known to be. */
  arrived(stored: boolean): void {
    const end = this.#underWayTo
    this.#underWayTo = undefined
    if (!stored || end === undefined) return
    this.#stalledSinceMs = this.#ports.monotonicMs()
    this.#sentTo = Math.max(this.#sentTo, end)
  }

  /** Of what was sent, all that was not taken in is to be sent again. */
  rewind(): void {
    this.#underWayTo = undefined
    if (this.#mark !== undefined) this.#sentTo = this.#mark.number
  }

  stop(): void {
    this.#carrier.leave(this)
  }
}
