import { decodeJson, encodeJson } from '../log/jsonBytes.ts'

const renewEveryMs = 500
/** A lease that was not renewed for this long, by our own clock, is free: no clock is compared with another's. */
const staleAfterMs = 4_000
/**
 * A worker asks for a shard that it prefers once another has led it for this long: a process that has just begun is
 * slow, and whoever stood in for it has only now made up for what waited. Both at once would be felt by clients.
 */
const handBackAfterMs = 8_000
/** A worker waits this long before it takes a shard that nobody has led yet and another worker prefers. */
const beginsWithinMs = 3_000
/** So much longer it waits than who prefers the shard, when its lease has grown stale. */
const politenessMs = 1_500

/** The key-value bucket as leases use it; each change is a compare-and-set on the entry's revision. */
export interface LeaseStore {
  get(key: string): Promise<{ revision: number; value: Uint8Array } | undefined>
  /** The new revision, or undefined when the key exists (create) or its revision is another (update). */
  create(key: string, value: Uint8Array): Promise<number | undefined>
  update(key: string, value: Uint8Array, revision: number): Promise<number | undefined>
  delete(key: string, revision: number): Promise<void>
}

type LeaseValue = { worker: string; beat: number; wantedBy?: string }

/**
 * Says which worker leads a shard, for economy only: two leaders of one shard produce the same bytes and every receiver
 * deduplicates, so that a lease that is wrong for a moment does no harm.
 */
export class Lease {
  readonly #store: LeaseStore
  readonly #key: string
  readonly #worker: string
  readonly #preferred: boolean
  readonly #monotonicMs: () => number
  #held = false
  /** When the last change that took effect was asked for, by our own clock. */
  #renewedMs = Number.NEGATIVE_INFINITY
  #beat = 0
  #seen: { revision: number; sinceMs: number } | undefined
  /** Somebody has led the shard since this process began: that it is free then means that he is gone. */
  #wasLed = false
  /** Since when another is known to lead the shard. */
  #strangerSinceMs: number | undefined
  #wantedBy: string | undefined
  #tending: Promise<void> | undefined

  constructor(store: LeaseStore, shard: number, worker: string, preferred: boolean, monotonicMs: () => number) {
    this.#store = store
    this.#key = `shard.${shard}`
    this.#worker = worker
    this.#preferred = preferred
    this.#monotonicMs = monotonicMs
  }

  get held(): boolean {
    return this.#held
  }

  /**
   * True while nobody else can have taken the lease: the others wait longer for a change than this one trusts its last.
   * A worker that stood still wakes with `held` still true, but not with this.
   */
  get surelyHeld(): boolean {
    return this.#held && this.#monotonicMs() - this.#renewedMs < staleAfterMs
  }

  /** The worker that prefers the shard and has asked for it. */
  get wantedBy(): string | undefined {
    return this.#wantedBy
  }

  /** One round, to be run every `leaseTendEveryMs` at least: renews, takes or asks for the lease. One at a time. */
  tend(): Promise<void> {
    this.#tending ??= (this.#held ? this.#renew() : this.#seek()).finally(() => {
      this.#tending = undefined
    })
    return this.#tending
  }

  async #renew(): Promise<void> {
    const askedMs = this.#monotonicMs()
    const entry = await this.#store.get(this.#key)
    const value = entry && (decodeJson(entry.value) as LeaseValue)
    if (entry === undefined || value?.worker !== this.#worker) {
      this.#held = false
      return
    }
    if (!this.#preferred) this.#wantedBy = value.wantedBy ?? this.#wantedBy
    // Somebody who asked for it since it was read does not take it away: the next round sees the wish.
    const revision = await this.#store.update(this.#key, this.#value(), entry.revision)
    if (revision !== undefined) this.#renewedMs = askedMs
  }

  async #seek(): Promise<void> {
    const entry = await this.#store.get(this.#key)
    const now = this.#monotonicMs()
    const revision = entry?.revision ?? 0
    this.#wasLed ||= entry !== undefined
    if (this.#seen?.revision !== revision) this.#seen = { revision, sinceMs: now }
    const waitedMs = now - this.#seen.sinceMs
    if (entry === undefined) {
      this.#strangerSinceMs = undefined
      if (this.#preferred || this.#wasLed || waitedMs >= beginsWithinMs)
        this.#take(await this.#store.create(this.#key, this.#value()), now)
      return
    }
    const value = decodeJson(entry.value) as LeaseValue
    this.#strangerSinceMs ??= now
    if (value.worker === this.#worker || waitedMs >= staleAfterMs + (this.#preferred ? 0 : politenessMs)) {
      this.#take(await this.#store.update(this.#key, this.#value(), entry.revision), now)
    } else if (this.#preferred && value.wantedBy === undefined && now - this.#strangerSinceMs >= handBackAfterMs) {
      await this.#store.update(this.#key, encodeJson({ ...value, wantedBy: this.#worker }), entry.revision)
    }
  }

  #value(): Uint8Array {
    return encodeJson({ worker: this.#worker, beat: ++this.#beat } satisfies LeaseValue)
  }

  #take(revision: number | undefined, askedMs: number): void {
    if (revision === undefined) return
    this.#renewedMs = askedMs
    this.#held = true
    this.#seen = undefined
    this.#strangerSinceMs = undefined
    this.#wasLed = false
    this.#wantedBy = undefined
  }

  /** Gives the lease to the worker that asked for it. Nobody else takes it meanwhile, unless that one never comes. */
  async handOver(): Promise<void> {
    await this.#tended()
    const to = this.#wantedBy
    if (!this.#held || to === undefined) return
    this.#held = false
    this.#wantedBy = undefined
    const entry = await this.#store.get(this.#key)
    if (entry === undefined || (decodeJson(entry.value) as LeaseValue).worker !== this.#worker) return
    await this.#store.update(this.#key, encodeJson({ worker: to, beat: 0 } satisfies LeaseValue), entry.revision)
  }

  /** A round under way would change the entry between a look at it and what is written then, or take the lease. */
  async #tended(): Promise<void> {
    await this.#tending?.catch(() => undefined)
  }

  /** Gives the lease up, so that another worker need not wait for it to grow stale. */
  async release(): Promise<void> {
    await this.#tended()
    if (!this.#held) return
    this.#held = false
    // A wish of another worker gave the entry a revision that this one has not seen.
    const entry = await this.#store.get(this.#key)
    if (entry === undefined || (decodeJson(entry.value) as LeaseValue).worker !== this.#worker) return
    await this.#store.delete(this.#key, entry.revision)
  }
}

export const leaseTendEveryMs = renewEveryMs
/** A lease that another had may be free, or given over, at any moment: to look costs one read. */
export const leaseSoughtEveryMs = 100
