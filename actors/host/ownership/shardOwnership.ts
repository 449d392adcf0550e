import type { Logger } from 'pino'
import { type OwnerRecord, ownerKey } from '../../log/ownerRecord.ts'
import { messageOf } from '../../log/process.ts'
import type { HostPorts } from '../ports.ts'
import { isHeld, isOwner, mayAct, safePosition } from './judgements.ts'
import type { Mistakes } from './mistakes.ts'
import {
  type CasOutcome,
  type Ownership,
  type OwnershipAction,
  type OwnershipEvent,
  unknownOwnership,
} from './ownership.ts'
import { confirmed, react } from './react.ts'
import { positionAt } from './recordChanges.ts'
import { changeRecord, readRecord, type WitnessStore } from './witnessStore.ts'

/** A solo lease is trusted this long after it was asked for; whoever accepts its loss waits for more than that. */
export const soloLeaseMs = 4_000
type MarkAction = Extract<OwnershipAction, { kind: 'mark' }>

const readAgainMs = 200
/** Longer than it takes to ask the witness again, and shorter than an owner's silence before it is taken over. */
const doubtfulAfterMs = 3_000
const endsTimeoutMs = 1_000

/** The shard's replica, as its ownership moves it. */
export interface OwnedReplica {
  /** The record names other segments: go on behind what is applied, in another role perhaps. */
  follow(record: OwnerRecord): void
  /** What is applied is void from a cut on: begin anew. */
  rollBack(record: OwnerRecord): void
  /** Nothing beyond this position may be applied for now; undefined: everything may. */
  holdAt(position: number | undefined): void
  commit(position: number): void
  /** Last sequences of the shard's streams here: the region's own and the mirror. */
  ends(): Promise<{ own: number; mirror: number }>
}

export type ShardOwnershipOptions = {
  readonly region: string
  readonly peer: string
  readonly shard: number
  readonly lease: { readonly surelyHeld: boolean }
  readonly witness: WitnessStore
  readonly replica: OwnedReplica
  readonly ports: Pick<HostPorts, 'after' | 'monotonicMs' | 'random'>
  readonly logger: Logger
  /** For tests alone: rules that are not kept. */
  readonly dropped?: Mistakes
  /** Says to the owner that this replica has everything up to there. */
  readonly vouch: (mark: MarkAction) => void
  readonly onCommitted: () => void
  /** The record says something new: whoever only needs to know is told. */
  readonly onRecord: (record: OwnerRecord) => void
  /** No later cut lies below this position of the log of this epoch. */
  readonly onSafe: (epoch: number, position: number) => void
}

/** Runs the protocol for one shard while this process holds its lease: what is decided is decided in `react`. */
export class ShardOwnership {
  readonly #o: ShardOwnershipOptions
  readonly #events: OwnershipEvent[] = []
  readonly #waiters = new Set<() => void>()
  #state: Ownership
  #busy = false
  #stopped = false
  #soloUntilMs = Number.NEGATIVE_INFINITY
  #revisionSinceMs = Number.POSITIVE_INFINITY
  #reading = false
  #knownMs = Number.NEGATIVE_INFINITY
  #safe = -1
  /** Where a move that is being agreed upon wants this replica to stand still. */
  #standAt: number | undefined

  constructor(options: ShardOwnershipOptions) {
    this.#o = options
    this.#state = unknownOwnership(options.region, options.peer)
  }

  get state(): Ownership {
    return this.#state
  }

  get owner(): boolean {
    return isOwner(this.#state)
  }

  /** No later cut lies below it. */
  get safe(): number {
    return safePosition(this.#state)
  }

  /** False while an owner's solo lease has run out: two operators may let the other region go on without its tail. */
  get maySayAgain(): boolean {
    return this.#state.record?.mode !== 'solo' || this.#o.ports.monotonicMs() < this.#soloUntilMs
  }

  /** How long the record has been what it is. */
  get revisionAgeMs(): number {
    return this.#o.ports.monotonicMs() - this.#revisionSinceMs
  }

  /**
   * How long ago an owner was surely the owner, when that is so long that another may have followed it unheard: it is cut
   * off from witness and peer. undefined while it is not.
   */
  get doubtfulMs(): number | undefined {
    const knownMs = this.#o.ports.monotonicMs() - this.#knownMs
    return knownMs > doubtfulAfterMs ? knownMs : undefined
  }

  /** By the peer's word it had not taken over at that time of this process's clock. */
  ownedAt(atMs: number): void {
    this.#knownMs = Math.max(this.#knownMs, atMs)
  }

  /** The witness held this revision when it was asked, or later. One that is older than what is known came late. */
  #knownAt(revision: number, askedMs: number): void {
    if (revision === this.#state.revision) this.ownedAt(askedMs)
  }

  stop(): void {
    this.#stopped = true
    this.#changed()
  }

  tell(event: OwnershipEvent): void {
    this.#events.push(event)
    if (this.#busy) return
    this.#busy = true
    try {
      for (let next = this.#events.shift(); next !== undefined && !this.#stopped; next = this.#events.shift()) {
        this.#take(next)
      }
    } finally {
      this.#busy = false
    }
  }

  #take(event: OwnershipEvent): void {
    const before = this.#state
    const { state, actions } = react(before, event, this.#o.dropped)
    this.#state = state
    if (state.revision !== before.revision) this.#onRevision(before)
    for (const action of actions) this.#do(action)
    this.#settle(before)
  }

  #onRevision(before: Ownership): void {
    const { record, revision } = this.#state
    this.#revisionSinceMs = this.#o.ports.monotonicMs()
    if (record!.epoch !== before.record?.epoch || record!.mode !== before.record.mode) {
      const { epoch, owner, mode } = record!
      this.#o.logger.info({ shard: this.#o.shard, epoch, owner, mode, revision }, 'owner record')
      this.#o.onRecord(record!)
      this.#standAt = undefined
      if (epoch !== before.record?.epoch) this.#safe = -1
    }
  }

  #do(action: OwnershipAction): void {
    const { replica, ports, lease } = this.#o
    const leases = { region: lease.surelyHeld, solo: ports.monotonicMs() < this.#soloUntilMs }
    if (!mayAct(action, leases, this.#o.dropped)) {
      // Nothing was sent, but what was asked for must be settled like any answer that is lost.
      if (action.kind === 'compare-and-set') this.#answered(action.revision, { kind: 'unknown' })
      return
    }
    switch (action.kind) {
      case 'compare-and-set':
        void this.#compareAndSet(action)
        break
      case 'mark':
        this.#o.vouch(action)
        break
      case 'commit':
        replica.commit(action.position)
        break
      case 'read-record':
        this.#readSoon()
        break
      case 'find-own-end':
        void this.#findOwnEnd()
        break
      case 'drain':
        void this.#drain()
        break
      case 'follow':
        replica.follow(action.record)
        break
      case 'roll-back':
        replica.rollBack(action.record)
        break
    }
    this.#state = confirmed(this.#state, action)
    // Once the state says so: the other region is told from it.
    if (action.kind === 'commit') this.#o.onCommitted()
  }

  /** What follows from any change of state. */
  #settle(before: Ownership): void {
    const { replica } = this.#o
    const state = this.#state
    this.#hold()
    const safe = safePosition(state)
    if (safe > this.#safe && state.record !== undefined) {
      this.#safe = safe
      if (!this.owner) replica.commit(safe)
      this.#o.onSafe(state.record.epoch, safe)
    }
    if (state.revision !== before.revision || state.intent !== before.intent) this.#changed()
  }

  #hold(): void {
    const { applied } = this.#state
    const until = [
      isHeld(this.#state, this.#o.dropped)
        ? applied
        : this.#state.intent === 'move'
          ? this.#state.goal?.position
          : undefined,
      this.#standAt,
    ].filter((position) => position !== undefined)
    this.#o.replica.holdAt(until.length === 0 ? undefined : Math.max(applied, Math.min(...until)))
  }

  /** Nothing is applied beyond this position until it is taken back, or the record changes. */
  standAt(position: number | undefined): void {
    this.#standAt = position
    this.#hold()
  }

  /** Resolves once the condition holds, with false when it does not in time. */
  until(holds: (state: Ownership) => boolean, waitMs: number): Promise<boolean> {
    if (holds(this.#state)) return Promise.resolve(true)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const check = (): void => {
      if (holds(this.#state)) end(true)
      else if (this.#stopped) end(false)
    }
    const end = (held: boolean): void => {
      cancel()
      this.#waiters.delete(check)
      resolve(held)
    }
    const cancel = this.#o.ports.after(waitMs, () => end(false))
    this.#waiters.add(check)
    return promise
  }

  #changed(): void {
    for (const check of [...this.#waiters]) check()
  }

  async #compareAndSet({ record, revision }: { record: OwnerRecord; revision: number }): Promise<void> {
    const { witness, shard, ports, region, logger } = this.#o
    const askedMs = ports.monotonicMs()
    const outcome = await changeRecord(witness, shard, { record, revision }, (error) =>
      logger.warn({ shard, error: messageOf(error) }, 'the witness did not answer'),
    )
    if (outcome.kind === 'done' && record.mode === 'solo' && record.owner === region) {
      this.#soloUntilMs = Math.max(this.#soloUntilMs, askedMs + soloLeaseMs)
    }
    this.#answered(revision, outcome)
    if (outcome.kind === 'done') this.#knownAt(outcome.revision, askedMs)
  }

  #answered(asked: number, outcome: CasOutcome): void {
    this.tell({ kind: 'answered', asked, outcome })
  }

  #readSoon(): void {
    this.#o.ports.after(readAgainMs * (0.5 + this.#o.ports.random()), () => void this.read())
  }

  /** Reads the record at the witness; one that does not answer is asked again with the next round. */
  async read(): Promise<void> {
    const { witness, shard, logger, ports } = this.#o
    if (this.#reading || this.#stopped) return
    this.#reading = true
    const askedMs = ports.monotonicMs()
    try {
      const read = await readRecord(witness, shard)
      this.tell({ kind: 'record', ...read })
      this.#knownAt(read.revision, askedMs)
    } catch (error) {
      if (this.#state.record === undefined) {
        logger.warn({ shard, key: ownerKey(shard), error: messageOf(error) }, 'owner record could not be read')
      }
    } finally {
      this.#reading = false
    }
  }

  async #findOwnEnd(): Promise<void> {
    const own = (await this.ends())?.own
    if (this.#stopped) return
    if (own === undefined) this.#o.ports.after(endsTimeoutMs, () => void this.#findOwnEnd())
    else if (this.owner) this.tell({ kind: 'own-end', position: positionAt(this.#state.record!, own) })
  }

  async #drain(): Promise<void> {
    const ends = await this.ends()
    const { record } = this.#state
    if (ends === undefined || record === undefined) this.tell({ kind: 'abandon' })
    else this.tell({ kind: 'drained', position: positionAt(record, ends.mirror), ownLast: ends.own })
  }

  /** undefined when the region's own server does not say in time. */
  async ends(): Promise<{ own: number; mirror: number } | undefined> {
    if (this.#stopped) return undefined
    const late = Promise.withResolvers<undefined>()
    const cancel = this.#o.ports.after(endsTimeoutMs, () => late.resolve(undefined))
    const ends = this.#o.replica.ends().catch(() => undefined)
    const first = await Promise.race([ends, late.promise])
    cancel()
    return first
  }
}
