import type { LaneEnds } from '../../log/laneEnds.ts'
import type { OwnerRecord } from '../../log/ownerRecord.ts'
import { messageOf } from '../../log/process.ts'
import { encodeSafePosition } from '../../log/safePositions.ts'
import type { ShardLog } from '../../log/shardLog.ts'
import { safeSubject } from '../../log/subjects.ts'
import { laneEndsOf } from '../laneEnds.ts'
import type { Leader } from '../leader.ts'
import type { Runner, RunnerOptions } from '../shardRunner.ts'
import type { Mistakes } from './mistakes.ts'
import { MoveAgreement } from './moveAgreement.ts'
import { type ControlAnswer, OperatorRequests } from './operatorRequests.ts'
import type { Beat, PeerMessages, Vouch } from './peerMessages.ts'
import { PeerTalk } from './peerTalk.ts'
import { basePosition } from './recordChanges.ts'
import { RoleReplica } from './roleReplica.ts'
import { Rounds } from './rounds.ts'
import { ShardOwnership } from './shardOwnership.ts'
import type { WitnessStore } from './witnessStore.ts'

const safeSoonMs = 50

/** What the shards of one worker share where there are two regions. */
export type SharedOptions = {
  readonly peer: string
  readonly witness: WitnessStore
  readonly messages: PeerMessages
  /** Past the link between the regions: does the other region's server answer? */
  readonly peerAnswers: () => Promise<boolean>
  readonly autoTakeoverMs: number
  /** The region's own stream of a shard, or its mirror of the other's. */
  readonly logOf: (shard: number, region: string) => ShardLog
  /** Writes the region's copy of a record, for those who only need to know. */
  readonly copyRecord: (shard: number, record: OwnerRecord) => Promise<void>
  /** For tests alone: rules of the protocol that are not kept. */
  readonly dropped?: Mistakes
}

export type SharedRunnerOptions = RunnerOptions & {
  readonly lease: { readonly surelyHeld: boolean }
  readonly shared: SharedOptions
}

/** Runs one shard that two regions hold: as its owner or its standby, as the witness's record says. */
export class SharedRunner implements Runner {
  readonly ownership: ShardOwnership
  readonly #o: SharedRunnerOptions
  readonly #rounds: Rounds
  readonly #replica: RoleReplica
  readonly #talk: PeerTalk
  readonly #requests: OperatorRequests
  #safeScheduled = false
  #copied: OwnerRecord | undefined
  #stopped = false
  /** The two regions' replicas are not the same: this one says nothing any more until a human has looked. */
  #differs = false

  constructor(options: SharedRunnerOptions) {
    this.#o = options
    const { region, shard, lease, shared, ports, logger } = options
    const logOf = (of: string): ShardLog => shared.logOf(shard, of)
    const replica = new RoleReplica({
      ...options,
      logOf,
      doubtfulMs: () => ownership.doubtfulMs,
      onApplied: (position) => this.#onApplied(position),
      maySayAgain: () => ownership.maySayAgain,
    })
    const ownership = new ShardOwnership({
      region,
      peer: shared.peer,
      shard,
      lease,
      witness: shared.witness,
      ports,
      logger,
      ...(shared.dropped === undefined ? {} : { dropped: shared.dropped }),
      replica: {
        follow: (record) => replica.follow(record),
        rollBack: (record) => replica.rollBack(record),
        holdAt: (position) => replica.holdAt(position),
        commit: (position) => replica.commit(position),
        ends: () => replica.ends(shared.peer),
      },
      vouch: (mark) => this.#talk.vouch(mark),
      onCommitted: () => this.#talk.beat(),
      onRecord: () => this.#onRecord(),
      onSafe: () => this.#saySafeSoon(),
    })
    const say = (): void => this.#talk.say()
    const agreement = new MoveAgreement({ ownership, monotonicMs: () => ports.monotonicMs(), say })
    this.#rounds = new Rounds({
      shard,
      ownership,
      agreement,
      ports,
      logger,
      peerAnswers: shared.peerAnswers,
      autoTakeoverMs: shared.autoTakeoverMs,
      repeat: () => this.#repeat(),
    })
    this.#talk = new PeerTalk({
      shard,
      ownership,
      replica,
      agreement: () => agreement,
      messages: shared.messages,
      ports,
      heard: () => this.#rounds.heard(),
      differs: (what, position) => this.#differ(what, position),
    })
    this.ownership = ownership
    this.#replica = replica
    this.#requests = new OperatorRequests({
      region,
      shard,
      ownership,
      agreement,
      operatorKey: (operator) => replica.leader?.operatorKey(operator),
      status: () => this.status(),
      lanes: () => this.#lanes(),
    })
  }

  get leader(): Leader | undefined {
    return this.#differs ? undefined : this.#replica.leader
  }

  get leading(): boolean {
    return this.leader?.leading ?? false
  }

  /** Leads, or follows an owner that it has caught up with as far as it says. */
  get ready(): boolean {
    const { record, applied, ownerCommitted } = this.ownership.state
    if (this.leader === undefined || record === undefined) return false
    return this.ownership.owner ? this.leading : applied >= ownerCommitted
  }

  /** The record is read again in the rounds, however long the witness does not answer. */
  start(): Promise<void> {
    return this.ownership.read()
  }

  /** To be called every `roundEveryMs`. */
  round(): void {
    if (!this.#stopped && !this.#differs) this.#rounds.round()
  }

  onVouch(vouch: Vouch): void {
    if (!this.#stopped && !this.#differs) this.#talk.onVouch(vouch)
  }

  onBeat(beat: Beat): void {
    if (!this.#stopped && !this.#differs) this.#talk.onBeat(beat)
  }

  onControl(request: unknown): Promise<ControlAnswer> {
    return this.#requests.answer(request)
  }

  /** How the shard stands here, for operators and gauges. */
  status(): ShardStatus {
    const { record, applied, committed, peerMark, vouched, ownerCommitted, intent, alone } = this.ownership.state
    const { region, shard } = this.#o
    const role = record === undefined ? 'unknown' : this.ownership.owner ? 'owner' : 'standby'
    return {
      region,
      shard,
      role,
      record,
      intent,
      applied,
      committed: role === 'owner' ? committed : ownerCommitted,
      marked: role === 'owner' ? peerMark : vouched,
      markLag: role === 'owner' ? Math.max(0, applied - Math.max(peerMark, basePosition(record!))) : undefined,
      mirrorLag: role === 'standby' ? Math.max(0, this.#talk.ownerApplied - applied) : undefined,
      alone,
      peerHeardMsAgo: Math.round(this.#rounds.heardMsAgo),
      differs: this.#differs,
      ready: this.ready,
    }
  }

  #lanes(): LaneEnds[] | undefined {
    const replica = this.leader?.replica
    return replica?.started === true ? laneEndsOf(replica.ledger.state) : undefined
  }

  #onApplied(position: number): void {
    if (!this.ownership.owner) this.#rounds.heard()
    this.ownership.tell({ kind: 'applied', position })
    if (this.ownership.owner) this.#talk.takeMarks()
  }

  #onRecord(): void {
    this.#talk.forget()
    void this.#copyRecord()
  }

  /** Only who surely holds the lease writes: a process that stood still must not bring an old record back. */
  async #copyRecord(): Promise<void> {
    const { record } = this.ownership.state
    const { shard, lease, shared, logger } = this.#o
    if (record === undefined || this.#copied === record || !lease.surelyHeld) return
    this.#copied = record
    try {
      await shared.copyRecord(shard, record)
    } catch (error) {
      this.#copied = undefined
      logger.warn({ shard, error: messageOf(error) }, 'copy of the owner record not written, tried again')
    }
  }

  #repeat(): void {
    this.#talk.beat()
    this.#saySafe()
    if (this.#copied?.epoch !== this.ownership.state.record?.epoch) void this.#copyRecord()
    else if (this.#copied?.mode !== this.ownership.state.record?.mode) void this.#copyRecord()
  }

  #saySafeSoon(): void {
    if (this.#safeScheduled) return
    this.#safeScheduled = true
    this.#o.ports.after(safeSoonMs, () => {
      this.#safeScheduled = false
      this.#saySafe()
    })
  }

  #saySafe(): void {
    const { region, shard, ports } = this.#o
    const { record } = this.ownership.state
    if (record === undefined || this.#stopped || this.#differs) return
    const position = this.ownership.safe
    ports.publish(safeSubject(region, shard), encodeSafePosition({ shard, epoch: record.epoch, position }))
  }

  #differ(what: string, position: number): void {
    const { shard, logger } = this.#o
    if (this.#differs) return
    this.#differs = true
    logger.fatal({ shard, what, position, applied: this.ownership.state.applied }, 'the regions differ: shard stops')
    this.ownership.stop()
    void this.#replica.stop()
  }

  snapshot(): Promise<void> {
    return this.#replica.snapshot()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.ownership.stop()
    await this.#replica.stop()
  }
}

export type ShardStatus = {
  readonly region: string
  readonly shard: number
  readonly role: 'owner' | 'standby' | 'unknown'
  readonly record: OwnerRecord | undefined
  readonly intent: string
  readonly applied: number
  readonly committed: number
  readonly marked: number
  /** Owner: entries that the peer has not vouched for yet. */
  readonly markLag: number | undefined
  /** Standby: entries that the owner had applied when it was heard last, and this replica had not. */
  readonly mirrorLag: number | undefined
  readonly alone: number | 'unknown'
  readonly peerHeardMsAgo: number
  readonly differs: boolean
  readonly ready: boolean
}
