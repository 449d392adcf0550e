import { frameKinds } from '../../actors/ledger/records.ts'
import type { FrameAnswer } from '../../actors/log/answers.ts'
import type { BatchAnswer } from '../../actors/log/batchAnswers.ts'
import { assertionBytes, type Evidence } from '../../actors/log/evidence.ts'
import type { OwnerDirectory } from '../../actors/log/ownerDirectory.ts'
import type { Sealer } from '../../actors/log/sealing.ts'
import { commandSubject } from '../../actors/log/subjects.ts'
import type { Departures } from './departures.ts'
import {
  batchBody,
  commandsBody,
  evidenceSection,
  type Numbered,
  orderSubmission,
  paymentsBody,
} from './frameBodies.ts'
import { FrameLane } from './frameLane.ts'
import { GatherRule } from './gatherRule.ts'
import type { GatewayPorts } from './ports.ts'
import type { BatchSubmission, CommandSubmission, PaymentSubmission, Submitted } from './submission.ts'

/** With its evidence a payment takes 232 bytes of a frame, the largest command 4,400; the log takes frames of 2 MiB. */
const paymentsPerFrameMax = 8_000
const commandsPerFrameMax = 450
/** What passkeys have signed comes on top of that: in a frame that is full otherwise there is room for this much. */
const assertionsBytesMax = 110_000
const assertionBytesMax = 776
/** Parts of batches on their way to one log at once; each is a frame of up to 256 KB. */
const batchesInFlightMax = 8
const batchesWaitingMax = 64

export type ShardGateOptions = {
  readonly owners: OwnerDirectory
  readonly edgeId: string
  readonly shard: number
  readonly incarnation: number
  readonly sealer: Sealer
  readonly ports: GatewayPorts
  /** Records that may wait for one shard; beyond it a caller is asked to come again. */
  readonly waitingMax: number
  readonly framesInFlightMax: number
  /** Of the whole edge. */
  readonly departures: Departures
}

/** The edge's way into one shard's log: lanes for payments, batches and rare commands, under one count of frames. */
export class ShardGate {
  readonly shard: number
  readonly #o: ShardGateOptions
  readonly #payments: FrameLane<PaymentSubmission>
  readonly #batches: FrameLane<BatchSubmission>
  readonly #commands: FrameLane<CommandSubmission>
  readonly #gatherRule: GatherRule
  #subject = { region: '', text: '' }
  #counter = 0
  #waiting = 0
  readonly #uncount = (): void => {
    this.#waiting -= 1
  }

  constructor(options: ShardGateOptions) {
    this.#o = options
    this.shard = options.shard
    const { framesInFlightMax } = options
    this.#gatherRule = new GatherRule(options.departures)
    this.#payments = this.#lane(frameKinds.payments, paymentsPerFrameMax, framesInFlightMax, paymentsBody, {
      gatherRule: this.#gatherRule,
    })
    this.#commands = this.#lane(frameKinds.commands, commandsPerFrameMax, framesInFlightMax, commandsBody)
    const countOf = (records: readonly Numbered<BatchSubmission>[]): number => records[0]!.submission.count
    this.#batches = this.#lane(frameKinds.batch, 1, batchesInFlightMax, batchBody, { countOf })
  }

  #lane<T extends { readonly evidence: Evidence }>(
    kind: number,
    recordsPerFrameMax: number,
    framesInFlightMax: number,
    bodyOf: (records: readonly Numbered<T>[]) => Uint8Array,
    special: { gatherRule?: GatherRule; countOf?: (records: readonly Numbered<T>[]) => number } = {},
  ): FrameLane<T> {
    const { owners, shard, incarnation, sealer, ports } = this.#o
    const { countOf = (records) => records.length, ...rule } = special
    return new FrameLane<T>({
      shard,
      recordsPerFrameMax,
      extraBytes: {
        of: ({ evidence }) => assertionBytes(evidence),
        max: assertionBytesMax,
        perFrameMax: assertionsBytesMax,
      },
      framesInFlightMax,
      ...rule,
      ports,
      // All lanes share one count: the ledger remembers the frames of a sender by it.
      nextCounter: () => ++this.#counter,
      owner: () => owners.ownerOf(shard),
      seal: (counter, records, { epoch }) => {
        const fields = { kind, epoch, count: countOf(records), incarnation, counter, clockMs: ports.nowMs() }
        return sealer.sealMaybe(fields, bodyOf(records), evidenceSection(records))
      },
      append: (frame, { region }, timeoutMs) => ports.append(shard, this.#subjectIn(region), frame, timeoutMs),
    })
  }

  #subjectIn(region: string): string {
    if (this.#subject.region !== region) {
      const { shard, edgeId } = this.#o
      this.#subject = { region, text: commandSubject(region, shard, { kind: 'edge', id: edgeId }) }
    }
    return this.#subject.text
  }

  /** What is not answered goes to the shard's new owner. */
  ownerChanged(): void {
    for (const lane of [this.#payments, this.#batches, this.#commands]) lane.ownerChanged()
  }

  get waiting(): number {
    return this.#waiting
  }

  get framesSent(): number {
    return this.#payments.framesSent + this.#batches.framesSent + this.#commands.framesSent
  }

  get framesRepeated(): number {
    return this.#payments.framesRepeated + this.#batches.framesRepeated + this.#commands.framesRepeated
  }

  /** Whoever calls this calls `paymentEnded` once, when the payment's end is known or no more waited for. */
  submitPayment(token: number, payment: PaymentSubmission, deadlineMs: number): Promise<Submitted> {
    const { order } = payment
    if (order !== undefined) return this.submitByCommand(token, orderSubmission(payment, order), deadlineMs)
    this.#gatherRule.begin()
    return this.#admit() ?? this.#count(this.#payments.submit(token, payment, deadlineMs))
  }

  /** A payment that goes into the log as a command: as for others `paymentEnded` is called once for it. */
  submitByCommand(token: number, command: CommandSubmission, deadlineMs: number): Promise<Submitted> {
    this.#gatherRule.begin()
    return this.submitCommand(token, command, deadlineMs)
  }

  /** A frame of another shard leaves now. */
  reconsider(): void {
    this.#payments.reconsider()
  }

  paymentEnded(tookMs: number): void {
    this.#gatherRule.end(tookMs)
    this.#payments.reconsider()
  }

  submitCommand(token: number, command: CommandSubmission, deadlineMs: number): Promise<Submitted> {
    return this.#admit() ?? this.#count(this.#commands.submit(token, command, deadlineMs))
  }

  submitBatch(token: number, part: BatchSubmission, deadlineMs: number): Promise<Submitted> {
    if (this.#batches.waiting >= batchesWaitingMax) return Promise.resolve({ kind: 'not-sent', why: 'too-many' })
    return this.#admit() ?? this.#count(this.#batches.submit(token, part, deadlineMs))
  }

  /** What is turned away here has been put nowhere. */
  #admit(): Promise<Submitted> | undefined {
    if (this.#waiting >= this.#o.waitingMax) return Promise.resolve({ kind: 'not-sent', why: 'too-many' })
    if (!this.#o.ports.connected()) return Promise.resolve({ kind: 'not-sent', why: 'disconnected' })
    return undefined
  }

  #count(submitted: Promise<Submitted>): Promise<Submitted> {
    this.#waiting += 1
    submitted.then(this.#uncount, this.#uncount)
    return submitted
  }

  onAnswer(answer: FrameAnswer): void {
    if (answer.incarnation !== this.#o.incarnation) return
    if (!this.#payments.onAnswer(answer) && !this.#commands.onAnswer(answer)) this.#batches.onAnswer(answer)
  }

  /** The lane hears of a batch's frame as of one record: what became of its payments is for whoever follows them. */
  onBatchAnswer({ shard, incarnation, counter, seq, timeMs, how, refusal }: BatchAnswer): void {
    const repeated = how === 'repeated' ? [{ index: 0, originalIndex: 0, timeMs, seq }] : []
    this.onAnswer({
      kind: 'frame',
      ...{ shard, incarnation, counter, seq, timeMs, repeated },
      skipped: false,
      codes: Uint8Array.of(refusal),
      destinations: new Uint8Array(1),
      values: new Float64Array(1),
    })
  }

  expire(nowMs: number): void {
    this.#payments.expire(nowMs)
    this.#batches.expire(nowMs)
    this.#commands.expire(nowMs)
  }
}
