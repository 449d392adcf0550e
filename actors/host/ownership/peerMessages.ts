import { decodeJson, encodeJson } from '../../log/jsonBytes.ts'
import { beatSubject, vouchSubject } from '../../log/subjects.ts'

/** Digest of a shard's state at a position: replicas of the same log have the same. */
export type DigestAt = { readonly position: number; readonly digest: string }

/** What a standby tells the owner of a shard. */
export type Vouch = {
  readonly shard: number
  readonly epoch: number
  /** Sequence in the owner's stream up to which it is vouched for. */
  readonly seq: number
  readonly position: number
  /** First bytes of the log's chain there, hex. */
  readonly chain: string
  readonly digest?: DigestAt
  /** What the owner's newest beat said of when it was said. Absent once the standby means to take over. */
  readonly heard?: string
  /** The standby stands still here for a move, and its own stream ends there. */
  readonly held?: { readonly position: number; readonly ownLast: number }
}

/** What the owner of a shard tells its standby. */
export type Beat = {
  readonly shard: number
  readonly epoch: number
  readonly applied: number
  readonly committed: number
  /** When it was said, in words of the owner's own: given back by a standby they tell how long ago nobody had taken over. */
  readonly said?: string
  readonly digest?: DigestAt
  /** The owner is about to hand over and stands still here: the standby shall not go beyond, or stand still too. */
  readonly moveAt?: number
}

const beatSoonMs = 50

export type PeerMessagesOptions = {
  readonly region: string
  readonly peer: string
  readonly publish: (subject: string, message: Uint8Array) => void
  readonly after: (delayMs: number, work: () => void) => () => void
}

/** Sends what the shards of one worker have to say to the other region: all of them in one message. */
export class PeerMessages {
  readonly #o: PeerMessagesOptions
  readonly #vouches = new Map<number, Vouch>()
  readonly #beats = new Map<number, Beat>()
  #beatScheduled = false
  #stopped = false

  constructor(options: PeerMessagesOptions) {
    this.#o = options
  }

  /** Goes out when this turn ends: entries that came together make one message. */
  vouch(vouch: Vouch): void {
    if (this.#vouches.size === 0) queueMicrotask(() => this.#sendVouches())
    this.#vouches.set(vouch.shard, vouch)
  }

  /** A standby keeps only what cannot be cut, and the owner's word is what tells it: soon, but nobody waits for it. */
  beat(beat: Beat, urgent = false): void {
    this.#beats.set(beat.shard, beat)
    if (urgent) queueMicrotask(() => this.#sendBeats())
    else if (!this.#beatScheduled) {
      this.#beatScheduled = true
      this.#o.after(beatSoonMs, () => this.#sendBeats())
    }
  }

  /** Nothing more is sent: the connection may be closed from now on. */
  stop(): void {
    this.#stopped = true
  }

  #sendVouches(): void {
    const vouches = [...this.#vouches.values()]
    this.#vouches.clear()
    if (!this.#stopped) this.#o.publish(vouchSubject(this.#o.peer), encodeJson(vouches))
  }

  #sendBeats(): void {
    this.#beatScheduled = false
    if (this.#stopped || this.#beats.size === 0) return
    const beats = [...this.#beats.values()]
    this.#beats.clear()
    this.#o.publish(beatSubject(this.#o.peer), encodeJson(beats))
  }
}

/** @throws Error when the message is none of these. */
export function readVouches(message: Uint8Array): Vouch[] {
  return readList<Vouch>(message, (one) => isCount(one.epoch) && isCount(one.seq) && typeof one.chain === 'string')
}

/** @throws Error when the message is none of these. */
export function readBeats(message: Uint8Array): Beat[] {
  return readList<Beat>(message, (one) => isCount(one.epoch) && isCount(one.applied) && isCount(one.committed))
}

function readList<T extends { shard: number }>(message: Uint8Array, isWhole: (one: T) => boolean): T[] {
  const list = decodeJson(message)
  if (!Array.isArray(list) || !list.every((one) => isCount(one?.shard) && isWhole(one))) {
    throw new Error('message of the other region is not understood')
  }
  return list
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
