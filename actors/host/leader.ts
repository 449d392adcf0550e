import { frameKinds, senders, transitRecord } from '../ledger/records.ts'
import { encodeCompletions, encodeFrameAnswer } from '../log/answers.ts'
import { edgesWithProgress, encodeBatchAnswer, encodeBatchProgress } from '../log/batchAnswers.ts'
import { decodeJson, encodeJson } from '../log/jsonBytes.ts'
import type { Mark } from '../log/marks.ts'
import type { Query, QueryAnswer } from '../log/queries.ts'
import type { Applied, Replica } from '../log/replica.ts'
import type { Sealer } from '../log/sealing.ts'
import type { LogEntry } from '../log/shardLog.ts'
import { answersSubject, commandSubject, effectsSubject, markSubject } from '../log/subjects.ts'
import { effectOf } from './effectMessage.ts'
import { LaneSender } from './lane.ts'
import type { HostPorts } from './ports.ts'
import { answerQuery } from './queryAnswers.ts'

const markEveryMs = 500
const markSoonMs = 50
const effectsEveryMs = 2_000
/** Effects published again in one go; a bank that is down for long must not make every round a flood. */
const effectsPerRound = 500

export type LeaderOptions = {
  region: string
  workerId: string
  /** Of this process: with a counter it names every frame that the leader sends. */
  incarnation: number
  replica: Replica
  /** Seals for the log of any shard. */
  sealerFor: (shard: number) => Sealer
  ports: HostPorts
}

/**
 * Leads one shard: applies its log and does what committed frames owe — answers, records for other shards, marks,
 * effects. It decides nothing. Two leaders of one shard say the same twice, and every receiver deduplicates.
 */
export class Leader {
  readonly replica: Replica
  readonly #o: LeaderOptions
  readonly #ports: HostPorts
  #lanes: LaneSender[] = []
  #leading = false
  #pumping = false
  #counter = 0
  #cancelMark: (() => void) | undefined
  #markDue: 'soon' | 'later' = 'later'
  #cancelEffects: (() => void) | undefined
  #effectsFrom = 0
  /** By source: what the newest durable snapshot has received. */
  #durable: { incarnation: number; number: number }[] = []

  constructor(options: LeaderOptions) {
    this.replica = options.replica
    this.#o = options
    this.#ports = options.ports
  }

  get shard(): number {
    return this.replica.shard
  }

  get leading(): boolean {
    return this.#leading
  }

  /** Applies the next entry. Nothing is told to anybody before `lead`: what lies in the past was told by others. */
  onEntry(entry: LogEntry): void | Promise<void> {
    const applied = this.replica.apply(entry)
    if (applied instanceof Promise) return applied.then((a) => this.#act(a))
    this.#act(applied)
  }

  /** Begins to answer and to send: the replica has caught up with its log. */
  lead(): void {
    if (this.#leading) return
    this.#leading = true
    this.#makeLanes()
    this.#publishMark()
    this.#repeatEffects()
  }

  stop(): void {
    this.#leading = false
    this.#cancelMark?.()
    this.#cancelEffects?.()
    for (const lane of this.#lanes) lane.stop()
    this.#lanes = []
  }

  #makeLanes(): void {
    const { state } = this.replica.ledger
    this.#lanes = state.lanes.map((lane, destination) => {
      const source = {
        shard: this.shard,
        incarnation: () => state.incarnation,
        lane,
        append: (to: number, count: number, body: Uint8Array, timeoutMs: number) =>
          this.#appendTransit(to, count, body, timeoutMs),
      }
      return new LaneSender(destination, source, this.#ports)
    })
  }

  async #appendTransit(to: number, count: number, body: Uint8Array, timeoutMs: number): Promise<boolean> {
    const { region, incarnation, sealerFor } = this.#o
    const clockMs = this.#ports.nowMs()
    const fields = { kind: frameKinds.transit, epoch: 0, count, incarnation, counter: ++this.#counter, clockMs }
    const frame = await sealerFor(to).sealMaybe(fields, body)
    const subject = commandSubject(region, to, { kind: 'shard', shard: this.shard })
    const outcome = await this.#ports.append(to, subject, frame, timeoutMs)
    return outcome.kind === 'appended'
  }

  #act(applied: Applied): void {
    if (!this.#leading) return
    if (applied.frame.sender === senders.edge) this.#answer(applied)
    this.#complete(applied)
    this.#tellProgress(applied)
    for (const row of applied.out.sagas) this.#publishEffect(row)
    this.#pumpSoon()
    this.#markSoon()
  }

  /** Entries that came together from the log are applied in one turn: what they owe another shard shares a frame. */
  #pumpSoon(): void {
    if (this.#pumping) return
    this.#pumping = true
    queueMicrotask(() => {
      this.#pumping = false
      for (const lane of this.#lanes) if (lane.backlog > 0) lane.pump()
    })
  }

  #answer({ frame, out }: Applied): void {
    const { logTimeMs, lanes } = this.replica.ledger.state
    const answer =
      out.batch === ''
        ? encodeFrameAnswer(this.shard, frame, logTimeMs, out)
        : encodeBatchAnswer(this.shard, lanes.length, frame, logTimeMs, out)
    this.#ports.publish(answersSubject(String(frame.senderNumber)), answer)
  }

  #tellProgress({ out }: Applied): void {
    if (out.runs === 0 && out.returns === 0) return
    for (const edge of edgesWithProgress(out)) {
      this.#ports.publish(answersSubject(String(edge)), encodeBatchProgress(this.shard, edge, out))
    }
  }

  #complete({ out }: Applied): void {
    if (out.completions === 0) return
    const byEdge = new Map<number, { tokens: number[]; codes: number[] }>()
    for (let i = 0; i < out.completions; i++) {
      const edge = out.completedEdge[i]!
      let group = byEdge.get(edge)
      if (group === undefined) {
        group = { tokens: [], codes: [] }
        byEdge.set(edge, group)
      }
      group.tokens.push(out.completedToken[i]!)
      group.codes.push(out.completedCode[i]!)
    }
    for (const [edge, { tokens, codes }] of byEdge) {
      this.#ports.publish(answersSubject(String(edge)), encodeCompletions(this.shard, tokens, codes))
    }
  }

  #publishEffect(row: number): void {
    const { state } = this.replica.ledger
    if (!state.openSagas.has(row)) return
    this.#ports.publish(effectsSubject(this.#o.region, this.shard), encodeJson(effectOf(state, row)))
  }

  /** Open sagas are published again and again, a part each round, until their answer is in the log. */
  #repeatEffects(): void {
    this.#cancelEffects = this.#ports.after(effectsEveryMs, () => this.#repeatEffects())
    const open = [...this.replica.ledger.state.openSagas]
    if (this.#effectsFrom >= open.length) this.#effectsFrom = 0
    for (const row of open.slice(this.#effectsFrom, this.#effectsFrom + effectsPerRound)) this.#publishEffect(row)
    this.#effectsFrom += effectsPerRound
  }

  /** Another leader's word about its shard. */
  onMark(message: Uint8Array): void {
    if (!this.#leading) return
    const mark = decodeJson(message) as Mark
    this.#lanes[mark.shard]?.onMark(mark)
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
    const { state } = this.replica.ledger
    const received = state.lanes.map((_, source) => ({
      incarnation: state.receivedIncarnation[source]!,
      number: state.received[source]!,
      durable:
        this.#durable[source]?.incarnation === state.receivedIncarnation[source] ? this.#durable[source]!.number : 0,
      returns: state.returnsIssued[source]!,
    }))
    const mark: Mark = { shard: this.shard, worker: this.#o.workerId, seq: this.replica.seq, received }
    this.#ports.publish(markSubject(this.#o.region, this.shard), encodeJson(mark))
    this.#scheduleMark('later', markEveryMs)
  }

  /** Called once a snapshot taken at the present position is durable; before the first one nothing is. */
  snapshotDurable(received: { incarnation: number; number: number }[]): void {
    this.#durable = received
  }

  /** How far each source's records are in the state now: what a snapshot taken now will hold. */
  receivedNow(): { incarnation: number; number: number }[] {
    const { state } = this.replica.ledger
    return state.lanes.map((_, source) => ({
      incarnation: state.receivedIncarnation[source]!,
      number: state.received[source]!,
    }))
  }

  /** Bytes of records that their sources keep because no durable snapshot of this shard holds them yet. */
  get keptElsewhereBytes(): number {
    const records = this.receivedNow().reduce((sum, { incarnation, number }, source) => {
      const durable = this.#durable[source]
      return sum + number - (durable?.incarnation === incarnation ? durable.number : 0)
    }, 0)
    return records * transitRecord.size
  }

  /** Answers a read of this shard's memory. Only a leader answers, so that a reader never asks two. */
  onQuery(message: Uint8Array): QueryAnswer {
    if (!this.#leading) return { ok: false, error: 'not-leading' }
    const query = decodeJson(message) as Query
    const { state } = this.replica.ledger
    return answerQuery(this.replica, query, (destination, transit) =>
      this.#lanes[destination]!.isComplete(transit, state.returnsApplied[destination]!),
    )
  }
}
