import { dayStartMs } from '../ledger/businessTime.ts'
import { encodeCommand, systemHead } from '../ledger/frameBuilder.ts'
import { frameKinds, principalRoles, transitRecord } from '../ledger/records.ts'
import { decodeJson, encodeJson } from '../log/jsonBytes.ts'
import type { Mark } from '../log/marks.ts'
import { loneOwner, type OwnerDirectory } from '../log/ownerDirectory.ts'
import type { Query, QueryAnswer } from '../log/queries.ts'
import type { Applied, Replica } from '../log/replica.ts'
import type { Sealer } from '../log/sealing.ts'
import type { LogEntry } from '../log/shardLog.ts'
import { markSubject } from '../log/subjects.ts'
import { tellEdges } from './answerMessages.ts'
import { Carriers } from './carriers.ts'
import { CommitGate, type Message } from './commitGate.ts'
import { FrameSender } from './frameSender.ts'
import { LaneSender } from './lane.ts'
import { OpenEffects } from './openEffects.ts'
import type { HostPorts } from './ports.ts'
import { answerQuery } from './queryAnswers.ts'
import { Ticker } from './ticker.ts'
import { UntoldAnswers } from './untoldAnswers.ts'
import { watermarksOf } from './watermarks.ts'

const markEveryMs = 500
const markSoonMs = 50
/** How long a read waits until what it saw is committed. */
const queryWaitMs = 1_000

const notLeading: QueryAnswer = { ok: false, error: 'not-leading' }
const notCommitted: QueryAnswer = { ok: false, error: 'not-committed' }

const tick = { kind: frameKinds.commands, count: 1, body: encodeCommand('tick', systemHead) }

export type LeaderOptions = {
  region: string
  workerId: string
  /** Of this process: with a counter it names every frame that the leader sends. */
  incarnation: number
  replica: Replica
  /** Seals for the log of any shard. */
  sealerFor: (shard: number) => Sealer
  ports: HostPorts
  /** Where two regions hold the shard nothing leaves before `commit` covers it; else all that is applied is committed. */
  gated?: boolean
  /**
   * False while another region may have gone on without what this one committed alone: other shards are then told nothing
   * of it any more, neither what they are owed nor what was taken in of theirs. Without it that never comes.
   */
  maySayAgain?: () => boolean
  /** Where another region may have come to own the shard: how old this one's word is; undefined while it is the newest. */
  doubtfulMs?: () => number | undefined
  /** Who owns the other shards; without it all are this region's own. */
  owners?: OwnerDirectory
  /** Of the process, for all its leaders: what they owe one destination shares a frame. Without it the leader has its own. */
  carriers?: Carriers
}

/**
 * Leads one shard: applies its log and does what committed frames owe — answers, records for other shards, marks,
 * effects. It decides nothing. Two leaders of one shard say the same twice, and every receiver deduplicates. Where
 * another region must vouch for what is applied, all of that waits at the gate.
 */
export class Leader {
  readonly replica: Replica
  readonly #o: LeaderOptions
  readonly #ports: HostPorts
  #lanes: LaneSender[] = []
  #leading = false
  #cancelMark: (() => void) | undefined
  #markDue: 'soon' | 'later' = 'later'
  readonly #frames: FrameSender
  readonly #carriers: Carriers
  readonly #effects: OpenEffects
  readonly #ticker: Ticker
  readonly #gate: CommitGate | undefined
  /** What the entry that is being applied gives the gate to hold. */
  #outgoing: Message[] = []
  readonly #untold = new UntoldAnswers()
  #heardMs: number | undefined
  /** By source: what the newest durable snapshot has received. */
  #durable: { incarnation: number; number: number }[] = []

  constructor(options: LeaderOptions) {
    this.replica = options.replica
    this.#o = options
    this.#ports = options.ports
    const sender = { ...options, owners: options.owners ?? loneOwner(options.region) }
    this.#frames = new FrameSender(sender)
    this.#carriers = options.carriers ?? new Carriers(sender)
    const { publish, after } = options.ports
    if (options.gated) this.#gate = new CommitGate({ publish, after })
    this.#effects = new OpenEffects({
      region: options.region,
      replica: this.replica,
      committed: () => this.committed,
      say: this.#say,
      letOut: () => this.#letOut(),
      after,
    })
    this.#ticker = new Ticker({
      nextDueMs: () => this.replica.ledger.state.deadlines.nextMs,
      dayEndMs: () => dayStartMs(this.replica.ledger.state.today + 1),
      logTimeMs: () => this.replica.ledger.state.logTimeMs,
      append: (timeoutMs) => this.#frames.append(this.shard, { kind: 'host' }, tick, timeoutMs),
      ports: this.#ports,
    })
  }

  get shard(): number {
    return this.replica.shard
  }

  get leading(): boolean {
    return this.#leading
  }

  /** Position up to which everything is known to be committed. */
  get committed(): number {
    return this.#gate?.committed ?? this.replica.seq
  }

  /** Everything up to this position is committed: what was held for it leaves. Told by whoever judges it, ever upwards. */
  commit(position: number): void {
    if (!this.#gate?.commit(position) || !this.#leading) return
    this.#carriers.pumpSoon()
    this.#markSoon()
  }

  /** Word of the shard's owner was heard here, in the other region: a read may say from now on how old it is. */
  heardOwner(): void {
    this.#heardMs = this.#ports.monotonicMs()
  }

  /** Resolves with true once the position is committed, with false when that takes too long or the leader stops. */
  whenCommitted(position: number, waitMs: number): Promise<boolean> {
    return this.#gate?.whenCommitted(position, waitMs) ?? Promise.resolve(true)
  }

  /** Applies the next entry. Nothing is told to anybody before `lead`. */
  onEntry(entry: LogEntry): void | Promise<void> {
    const applied = this.replica.apply(entry)
    if (applied instanceof Promise) return applied.then((a) => this.#act(a))
    this.#act(applied)
  }

  /**
   * Begins to answer and to send: the replica has caught up with its log. Of what it applied before, edges are told the
   * newest part, which perhaps nobody told them; what it owes other shards waits for its commit like all that comes.
   */
  lead(): void {
    if (this.#leading) return
    this.#leading = true
    this.#makeLanes()
    for (const { subject, message } of this.#untold.take()) this.#say(subject, message)
    this.#letOut()
    this.#publishMark()
    this.#effects.repeat()
    this.#ticker.start()
  }

  stop(): void {
    this.#leading = false
    this.#heardMs = undefined
    this.#cancelMark?.()
    this.#effects.stop()
    this.#ticker.stop()
    for (const lane of this.#lanes) lane.stop()
    this.#lanes = []
    this.#gate?.empty()
  }

  #makeLanes(): void {
    const { state } = this.replica.ledger
    this.#lanes = state.lanes.map((lane, destination) => {
      const incarnation = (): number => state.incarnation
      const source = { shard: this.shard, incarnation, lane, owed: () => this.#owedTo(destination) }
      return new LaneSender(source, this.#carriers.to(destination), this.#ports)
    })
  }

  /** Number of the next record that must not leave yet. */
  #owedTo(destination: number): number {
    const lane = this.replica.ledger.state.lanes[destination]!
    if (this.#gate === undefined) return lane.next
    if (!this.#maySayAgain()) return lane.kept
    return this.#gate.watermarks?.owed[destination] ?? lane.kept
  }

  #maySayAgain(): boolean {
    return this.#o.maySayAgain?.() ?? true
  }

  #act(applied: Applied): void {
    if (!this.#leading) {
      this.#keepUntold(applied)
      return
    }
    // First: what other shards are owed then leaves in one write with what edges are told.
    this.#carriers.pumpSoon()
    tellEdges(this.shard, this.replica.ledger.state, applied, this.#say)
    this.#effects.tell(applied.out.sagas)
    this.#letOut()
    this.#markSoon()
  }

  #keepUntold(applied: Applied): void {
    const messages: Message[] = []
    tellEdges(this.shard, this.replica.ledger.state, applied, (subject, message) => messages.push({ subject, message }))
    this.#untold.keep(messages)
  }

  #say = (subject: string, message: Uint8Array): void => {
    if (this.#gate === undefined) this.#ports.publish(subject, message)
    else this.#outgoing.push({ subject, message })
  }

  /** Gives the gate what the present position says, to be let out when it is committed. */
  #letOut(): void {
    if (this.#gate === undefined) return
    const messages = this.#outgoing
    this.#outgoing = []
    this.#gate.hold(watermarksOf(this.replica), messages)
  }

  /** Another leader's word about its shard. */
  onMark(message: Uint8Array): void {
    const mark = decodeJson(message) as Mark
    if (this.#leading) this.#lanes[mark.shard]?.onMark(mark)
    else this.#trimLane(mark)
  }

  /** A standby sends nothing, but forgets what the owner may forget. */
  #trimLane({ shard, received }: Mark): void {
    if (!this.replica.started) return
    const { lanes, incarnation } = this.replica.ledger.state
    const durable = received[this.shard]
    if (durable?.incarnation === incarnation) lanes[shard]?.trim(durable.durable)
  }

  #markSoon(): void {
    if (this.#cancelMark !== undefined && this.#markDue === 'soon') return
    this.#scheduleMark('soon', markSoonMs)
  }

  #scheduleMark(due: 'soon' | 'later', delayMs: number): void {
    this.#cancelMark?.()
    this.#markDue = due
    this.#cancelMark = this.#ports.after(delayMs, () => this.#publishMark())
  }

  #publishMark(): void {
    this.#scheduleMark('later', markEveryMs)
    const watermarks = this.#gate === undefined ? watermarksOf(this.replica) : this.#gate.watermarks
    if (watermarks === undefined || !this.#maySayAgain()) return
    const received = watermarks.received.map((taken, source) => {
      const durable = this.#durable[source]
      return { ...taken, durable: durable?.incarnation === taken.incarnation ? durable.number : 0 }
    })
    const mark: Mark = { shard: this.shard, worker: this.#o.workerId, seq: watermarks.seq, received }
    this.#ports.publish(markSubject(this.#o.region, this.shard), encodeJson(mark))
  }

  /** Called once a snapshot taken at the present position is durable; before the first one nothing is. */
  snapshotDurable(received: { incarnation: number; number: number }[]): void {
    this.#durable = received
  }

  /** How far each source's records are in the state now: what a snapshot taken now will hold. */
  receivedNow(): { incarnation: number; number: number }[] {
    return watermarksOf(this.replica).received
  }

  /** The key of an operator who may act, as this replica has it. */
  operatorKey(operator: number): Uint8Array | undefined {
    if (!this.replica.started) return undefined
    const { state } = this.replica.ledger
    const row = state.activePrincipal(operator, principalRoles.operator)
    return row < 0 ? undefined : state.principals.at.publicKey.slice(row * 32, row * 32 + 32)
  }

  /** Bytes of records that their sources keep because no durable snapshot of this shard holds them yet. */
  get keptElsewhereBytes(): number {
    const records = this.receivedNow().reduce((sum, { incarnation, number }, source) => {
      const durable = this.#durable[source]
      return sum + number - (durable?.incarnation === incarnation ? durable.number : 0)
    }, 0)
    return records * transitRecord.size
  }

  /**
   * Answers a read of this shard's memory: in each region one replica does, so that a reader never asks two, and the one
   * that does not lead, or does not know whether it still does, says how old its word is. What was read must be
   * committed before anybody hears of it.
   */
  onQuery(message: Uint8Array): QueryAnswer | Promise<QueryAnswer> {
    const leading = this.#leading
    const heardMs = this.#heardMs
    if (!this.replica.started || (!leading && heardMs === undefined)) return notLeading
    const query = decodeJson(message) as Query
    const { state } = this.replica.ledger
    const isComplete = (destination: number, transit: number): boolean =>
      this.#lanes[destination]?.isComplete(transit, state.returnsApplied[destination]!) ?? false
    const ageMs = leading ? this.#o.doubtfulMs?.() : this.#ports.monotonicMs() - heardMs!
    const answer = answerQuery(this.replica, query, isComplete, ageMs)
    if (this.#gate === undefined || this.replica.seq <= this.#gate.committed) return answer
    // The state moves on while the answer waits.
    const held = structuredClone(answer)
    return this.#gate.whenCommitted(this.replica.seq, queryWaitMs).then((committed) => {
      if (this.#leading !== leading) return notLeading
      return committed ? held : notCommitted
    })
  }
}
