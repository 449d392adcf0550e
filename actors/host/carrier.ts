import { joinBodies } from '../ledger/frameBuilder.ts'
import { frameKinds } from '../ledger/records.ts'
import type { OwnerDirectory } from '../log/ownerDirectory.ts'
import type { FrameSender } from './frameSender.ts'
import type { LaneSender } from './lane.ts'
import type { HostPorts } from './ports.ts'

/** Records in one transit frame: well below the log's largest frame, and what a destination applies in a few ms. */
const recordsPerFrame = 8_000
const appendTimeoutMs = 5_000
/** How much the newest append counts in the time that appends take. */
const newestShare = 1 / 16
/** A frame waits for others for so many times as long as frames take to be stored. */
const holdTimes = 2
const holdMsMax = 5
const retryMsMin = 50
const retryMsMax = 2_000

export type CarrierOptions = {
  owners: OwnerDirectory
  frames: FrameSender
  ports: Pick<HostPorts, 'after' | 'monotonicMs' | 'random' | 'onError'>
}

/**
 * Brings what the shards of this process owe one other into its log: one frame on its way, the next gathering meanwhile,
 * with a part for each shard that owes something. Nothing is ever concluded from an append that did not answer: the
 * destination's mark says what it has.
 */
export class Carrier {
  readonly #destination: number
  readonly #o: CarrierOptions
  readonly #lanes: LaneSender[] = []
  /** Who owed something at a time when another did, and has not been waited for in vain since. */
  readonly #expected = new WeakSet<LaneSender>()
  #sending = false
  /** How long frames take to be stored. */
  #tookMs = 0
  #cancelHold: (() => void) | undefined
  #heldEnough = false
  #retryMs = retryMsMin
  /** Counts how often sending began anew: an append of an earlier time says nothing any more. */
  #turn = 0
  /** The lane whose records go first into the next frame, so that none waits behind another that is always full. */
  #next = 0
  #stopListening: (() => void) | undefined

  constructor(destination: number, options: CarrierOptions) {
    this.#destination = destination
    this.#o = options
  }

  /** From now on the lane's records are carried, until `leave`. */
  join(lane: LaneSender): void {
    this.#lanes.push(lane)
    // What was sent to an owner of before and not taken in is sent to the new one.
    this.#stopListening ??= this.#o.owners.listen((shard) => {
      if (shard === this.#destination) this.#rewind()
    })
  }

  leave(lane: LaneSender): void {
    this.#lanes.splice(this.#lanes.indexOf(lane), 1)
    if (this.#lanes.length > 0) return
    this.#stopListening?.()
    this.#stopListening = undefined
  }

  /** Sends what has gathered, unless a frame is on its way or more is expected. */
  pump(): void {
    const waiting = this.#lanes.filter((lane) => lane.waiting > 0)
    if (waiting.length === 0) return
    const owing = this.#lanes.filter((lane) => lane.waiting > 0 || lane.underWay)
    if (owing.length > 1) for (const lane of owing) this.#expected.add(lane)
    if (this.#sending || this.#expectsMore(waiting)) return
    this.#cancelHold?.()
    this.#cancelHold = undefined
    this.#heldEnough = false
    this.#send()
  }

  #send(): void {
    const loaded = this.#load()
    this.#sending = true
    const leftMs = this.#o.ports.monotonicMs()
    const turn = this.#turn
    const body = joinBodies(loaded.map(({ part }) => part))
    const count = loaded.reduce((sum, { count }) => sum + count, 0)
    const sender = { kind: 'shard', shard: loaded[0]!.lane.source } as const
    this.#o.frames
      .append(this.#destination, sender, { kind: frameKinds.transit, count, body }, appendTimeoutMs)
      .then((stored) => {
        if (turn !== this.#turn) return
        for (const { lane } of loaded) lane.arrived(stored)
        if (stored) this.#tookMs += (this.#o.ports.monotonicMs() - leftMs - this.#tookMs) * newestShare
        this.#onAppended(stored)
      })
      .catch((error: unknown) => this.#o.ports.onError(error))
  }

  /**
   * Payments that were under way together come back together, so that their shards owe together: whoever owed something
   * when another did is waited for, unless what is there fills a frame. Who does not come in time is not expected any
   * more, until it owes beside another again. One caller who waits for each payment has neither two sources in a frame nor
   * anything that gathers behind one, and waits for nobody.
   */
  #expectsMore(waiting: readonly LaneSender[]): boolean {
    if (this.#heldEnough) return false
    if (!this.#lanes.some((lane) => lane.waiting === 0 && this.#expected.has(lane))) return false
    if (waiting.reduce((sum, lane) => sum + lane.waiting, 0) >= recordsPerFrame) return false
    this.#cancelHold ??= this.#o.ports.after(Math.ceil(Math.min(holdMsMax, this.#tookMs * holdTimes)), () => {
      this.#cancelHold = undefined
      this.#heldEnough = true
      for (const lane of this.#lanes) if (lane.waiting === 0) this.#expected.delete(lane)
      this.pump()
    })
    return true
  }

  #load(): { lane: LaneSender; count: number; part: Uint8Array }[] {
    const loaded: { lane: LaneSender; count: number; part: Uint8Array }[] = []
    let room = recordsPerFrame
    for (let n = 0; n < this.#lanes.length && room > 0; n++) {
      const lane = this.#lanes[(this.#next + n) % this.#lanes.length]!
      const next = lane.load(room)
      if (next === undefined) continue
      loaded.push({ lane, ...next })
      room -= next.count
    }
    this.#next = (this.#next + 1) % Math.max(1, this.#lanes.length)
    return loaded
  }

  #onAppended(stored: boolean): void {
    this.#sending = false
    if (stored) {
      this.#retryMs = retryMsMin
      this.pump()
      return
    }
    this.#o.ports.after(this.#retryMs * (0.5 + this.#o.ports.random()), () => this.pump())
    this.#retryMs = Math.min(this.#retryMs * 2, retryMsMax)
  }

  /** Sends again, to whoever owns the destination now, what was not taken in. What is under way it no longer waits for. */
  #rewind(): void {
    this.#turn += 1
    this.#sending = false
    this.#retryMs = retryMsMin
    for (const lane of this.#lanes) lane.rewind()
    this.pump()
  }
}
