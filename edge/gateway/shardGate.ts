import { frameKinds } from '../../actors/ledger/records.ts'
import type { FrameAnswer } from '../../actors/log/answers.ts'
import { FramePacer } from '../../actors/log/framePacer.ts'
import type { Sealer } from '../../actors/log/sealing.ts'
import { commandSubject } from '../../actors/log/subjects.ts'
import { commandsBody, evidenceSection, type Numbered, paymentsBody } from './frameBodies.ts'
import { FrameLane } from './frameLane.ts'
import type { GatewayPorts } from './ports.ts'
import type { CommandSubmission, PaymentSubmission, Submitted } from './submission.ts'

/** With its evidence a payment takes 232 bytes of a frame, the largest command 432; the log takes frames of 2 MiB. */
const paymentsPerFrameMax = 8_000
const commandsPerFrameMax = 2_000
/** To one shard's log: at 2,000 payments a second over four shards five share a frame. */
const framesPerSecondMax = 100
const framesAtOnceMax = 10

export type ShardGateOptions = {
  readonly region: string
  readonly edgeId: string
  readonly shard: number
  readonly incarnation: number
  readonly sealer: Sealer
  readonly ports: GatewayPorts
  /** Records that may wait for one shard; beyond it a caller is asked to come again. */
  readonly waitingMax: number
  readonly framesInFlightMax: number
}

/** The edge's way into one shard's log: a lane for payments and one for rare commands, under one count of frames. */
export class ShardGate {
  readonly shard: number
  readonly #o: ShardGateOptions
  readonly #payments: FrameLane<PaymentSubmission>
  readonly #commands: FrameLane<CommandSubmission>
  readonly #pacer = new FramePacer(framesPerSecondMax, framesAtOnceMax)
  #counter = 0
  #waiting = 0

  constructor(options: ShardGateOptions) {
    this.#o = options
    this.shard = options.shard
    this.#payments = this.#lane(frameKinds.payments, paymentsPerFrameMax, paymentsBody)
    this.#commands = this.#lane(frameKinds.commands, commandsPerFrameMax, commandsBody)
  }

  #lane<T extends PaymentSubmission | CommandSubmission>(
    kind: number,
    recordsPerFrameMax: number,
    bodyOf: (records: readonly Numbered<T>[]) => Uint8Array,
  ): FrameLane<T> {
    const { region, edgeId, shard, incarnation, sealer, ports, framesInFlightMax } = this.#o
    const subject = commandSubject(region, shard, { kind: 'edge', id: edgeId })
    return new FrameLane<T>({
      shard,
      recordsPerFrameMax,
      framesInFlightMax,
      pacer: this.#pacer,
      ports,
      // Both lanes share one count: the ledger remembers the frames of a sender by it.
      nextCounter: () => ++this.#counter,
      seal: (counter, records) => {
        const fields = { kind, epoch: 0, count: records.length, incarnation, counter, clockMs: ports.nowMs() }
        return sealer.sealMaybe(fields, bodyOf(records), evidenceSection(records))
      },
      append: (frame, timeoutMs) => ports.append(shard, subject, frame, timeoutMs),
    })
  }

  get waiting(): number {
    return this.#waiting
  }

  get framesSent(): number {
    return this.#payments.framesSent + this.#commands.framesSent
  }

  get framesRepeated(): number {
    return this.#payments.framesRepeated + this.#commands.framesRepeated
  }

  submitPayment(token: number, payment: PaymentSubmission, deadlineMs: number): Promise<Submitted> {
    return this.#admit() ?? this.#count(this.#payments.submit(token, payment, deadlineMs))
  }

  submitCommand(token: number, command: CommandSubmission, deadlineMs: number): Promise<Submitted> {
    return this.#admit() ?? this.#count(this.#commands.submit(token, command, deadlineMs))
  }

  /** What is turned away here has been put nowhere. */
  #admit(): Promise<Submitted> | undefined {
    if (this.#waiting >= this.#o.waitingMax) return Promise.resolve({ kind: 'not-sent', why: 'too-many' })
    if (!this.#o.ports.connected()) return Promise.resolve({ kind: 'not-sent', why: 'disconnected' })
    return undefined
  }

  #count(submitted: Promise<Submitted>): Promise<Submitted> {
    this.#waiting += 1
    return submitted.finally(() => {
      this.#waiting -= 1
    })
  }

  onAnswer(answer: FrameAnswer): void {
    if (answer.incarnation !== this.#o.incarnation) return
    if (!this.#payments.onAnswer(answer)) this.#commands.onAnswer(answer)
  }

  expire(nowMs: number): void {
    this.#payments.expire(nowMs)
    this.#commands.expire(nowMs)
  }
}
