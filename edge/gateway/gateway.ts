import { type CommandFields, encodeCommand } from '../../actors/ledger/frameBuilder.ts'
import type { CommandOp } from '../../actors/ledger/records.ts'
import { decodeAnswer } from '../../actors/log/answers.ts'
import type { Evidence } from '../../actors/log/evidence.ts'
import { loneOwner, type OwnerDirectory } from '../../actors/log/ownerDirectory.ts'
import { defaultPlacement, type Placement, shardOf } from '../../actors/log/placement.ts'
import type { Query } from '../../actors/log/queries.ts'
import type { Sealer } from '../../actors/log/sealing.ts'
import { type BatchId, type BatchOutcome, BatchTracker } from './batchTracker.ts'
import { Departures } from './departures.ts'
import { digestWord } from './frameBodies.ts'
import { type PaymentOutcome, PaymentTracker } from './paymentTracker.ts'
import type { GatewayPorts } from './ports.ts'
import { PrincipalKeys } from './principalKeys.ts'
import { ShardGate } from './shardGate.ts'
import { type Read, type ReadFrom, ShardQueries } from './shardQueries.ts'
import type { CommandSubmission, PaymentSubmission, ShardPart, Submitted } from './submission.ts'
import { newTokens } from './tokens.ts'
import { WalletKeys } from './walletKeys.ts'

/** How long a caller waits for the end of a payment or command before it is told to ask again. */
export const requestDeadlineMs = 8_000
const sweepEveryMs = 50
const waitingPerShardMax = 20_000
const framesInFlightMaxDefault = 1
const drainPollMs = 20

export type GatewayOptions = {
  /** Where this edge stands. */
  readonly region: string
  /** Who owns which shard; without it this region owns all. */
  readonly owners?: OwnerDirectory
  readonly edgeId: string
  readonly shardCount: number
  readonly incarnation: number
  readonly sealerFor: (shard: number) => Sealer
  readonly ports: GatewayPorts
  readonly waitingMax?: number
  readonly framesInFlightMax?: number
  readonly deadlineMs?: number
  /** Numbers for requests; a simulation gives its own. */
  readonly nextToken?: () => number
}

/** What the edge decides of a command; its number and digest words are the gateway's. */
export type CommandRequest<K extends CommandOp> = {
  readonly op: K
  readonly fields: Omit<CommandFields<K>, 'token' | 'digestHigh' | 'digestLow'>
  readonly evidence: Evidence
  /** What follows a record that says how long it is. */
  readonly text?: Uint8Array
}

/** The edge's side of the region's shards: sends records into their logs, hears what came of them, reads their memory. */
export class Gateway {
  readonly placement: Placement
  readonly queries: ShardQueries
  readonly walletKeys: WalletKeys
  readonly principals: PrincipalKeys
  readonly gates: readonly ShardGate[]
  readonly #o: GatewayOptions
  readonly #owners: OwnerDirectory
  readonly #ports: GatewayPorts
  readonly #tracker: PaymentTracker
  readonly #batches: BatchTracker
  readonly #nextToken: () => number
  readonly #departures = new Departures(() => {
    for (const gate of this.gates) gate.reconsider()
  })
  readonly #deadlineMs: number
  #cancelSweep: (() => void) | undefined
  #stopListening: (() => void) | undefined
  #draining = false

  constructor(options: GatewayOptions) {
    const { shardCount, ports } = options
    this.#o = options
    this.#owners = options.owners ?? loneOwner(options.region)
    this.#ports = ports
    this.#deadlineMs = options.deadlineMs ?? requestDeadlineMs
    this.placement = defaultPlacement(shardCount)
    this.queries = new ShardQueries(ports, options.region, this.#owners)
    this.#nextToken = options.nextToken ?? newTokens()
    this.walletKeys = new WalletKeys(this.queries, this.placement, ports.monotonicMs)
    this.principals = new PrincipalKeys(this.queries, ports)
    this.gates = Array.from({ length: shardCount }, (_, shard) => this.#gate(shard))
    this.#tracker = new PaymentTracker(ports, this.queries, this.#nextToken)
    this.#batches = new BatchTracker(ports, this.queries, this.#nextToken)
  }

  #gate(shard: number): ShardGate {
    const { edgeId, incarnation, sealerFor, ports } = this.#o
    return new ShardGate({
      owners: this.#owners,
      edgeId,
      shard,
      incarnation,
      sealer: sealerFor(shard),
      ports,
      waitingMax: this.#o.waitingMax ?? waitingPerShardMax,
      framesInFlightMax: this.#o.framesInFlightMax ?? framesInFlightMaxDefault,
      departures: this.#departures,
    })
  }

  start(): void {
    this.#stopListening = this.#owners.listen((shard) => this.gates[shard]?.ownerChanged())
    this.principals.start()
    const sweep = (): void => {
      this.#cancelSweep = this.#ports.after(sweepEveryMs, sweep)
      const now = this.#ports.monotonicMs()
      for (const gate of this.gates) gate.expire(now)
      this.#tracker.sweep(now)
      this.#batches.sweep(now)
    }
    sweep()
  }

  get shardCount(): number {
    return this.gates.length
  }

  get waiting(): number {
    return this.#tracker.size + this.#batches.size + this.gates.reduce((sum, gate) => sum + gate.waiting, 0)
  }

  shardOf(number: number): number {
    return shardOf(this.placement, number)
  }

  /** Sends one payment and waits for its end: the credit in the payee's shard, or its refusal, or the deadline. */
  pay(payment: PaymentSubmission): Promise<PaymentOutcome> {
    if (this.#draining) return Promise.resolve({ kind: 'not-sent', why: 'draining' })
    const gate = this.gates[this.shardOf(payment.payer)]!
    return this.#tracker.pay(gate, payment, this.#ports.monotonicMs() + this.#deadlineMs)
  }

  /** Sends a payment that goes into the log as a command, and waits for its end likewise. */
  payByCommand<K extends CommandOp>(
    payer: number,
    id: Uint8Array,
    request: CommandRequest<K>,
  ): Promise<PaymentOutcome> {
    if (this.#draining) return Promise.resolve({ kind: 'not-sent', why: 'draining' })
    const gate = this.gates[this.shardOf(payer)]!
    const deadlineMs = this.#ports.monotonicMs() + this.#deadlineMs
    const submission = submissionOf(request)
    return this.#tracker.follow(gate, { payer, id }, deadlineMs, (token) =>
      gate.submitByCommand(token, submission, deadlineMs),
    )
  }

  /**
   * Sends an institution's batch to the shards that carry it out, and waits for the end of all its payments. The first
   * part is its home's, which takes the id for this body: no other shard hears of the batch until it has, so that another
   * body under the same id moves nothing anywhere.
   * @returns by part; those that were not sent since the home did not take the batch are unknown
   */
  async payBatch(batch: BatchId, [home, ...others]: readonly ShardPart[]): Promise<BatchOutcome[]> {
    if (this.#draining) return [home, ...others].map(() => ({ kind: 'not-sent', why: 'draining' }))
    const deadlineMs = this.#ports.monotonicMs() + this.#deadlineMs
    const pay = ({ shard, submission }: ShardPart, onTaken: () => void): Promise<BatchOutcome> =>
      this.#batches.pay(this.gates[shard]!, batch, submission, deadlineMs, onTaken)
    let rest = Promise.resolve(others.map((): BatchOutcome => ({ kind: 'unknown' })))
    const first = await pay(home!, () => {
      rest = Promise.all(others.map((part) => pay(part, () => undefined)))
    })
    return [first, ...(await rest)]
  }

  /** Sends one rare command to a shard and waits for its answer or the deadline. */
  command<K extends CommandOp>(shard: number, request: CommandRequest<K>): Promise<Submitted> {
    if (this.#draining) return Promise.resolve({ kind: 'not-sent', why: 'draining' })
    const deadlineMs = this.#ports.monotonicMs() + this.#deadlineMs
    return this.gates[shard]!.submitCommand(this.#nextToken(), submissionOf(request), deadlineMs)
  }

  /** Sends one command to every shard, under one id: what is missing in one of them is made good by sending it again. */
  commandEverywhere<K extends CommandOp>(request: CommandRequest<K>): Promise<Submitted[]> {
    return Promise.all(this.gates.map(({ shard }) => this.command(shard, request)))
  }

  /** Asks the shard of a wallet or user number. @throws ShardUnavailable */
  ask<Q extends Query>(number: number, query: Q, from?: ReadFrom): Promise<Read<Q['type']>> {
    return this.queries.ask(this.shardOf(number), query, from)
  }

  /** A message on this edge's answer subject. */
  onAnswer(message: Uint8Array): void {
    const answer = decodeAnswer(message)
    if (answer.kind === 'completions') this.#tracker.onCompletions(answer)
    else if (answer.kind === 'frame') this.gates[answer.shard]?.onAnswer(answer)
    else if (answer.kind === 'batchProgress') this.#batches.onProgress(answer)
    else {
      this.#batches.onAnswer(answer)
      this.gates[answer.shard]?.onBatchAnswer(answer)
    }
  }

  /** Takes no more requests and waits for those that are on their way, each no longer than its own deadline. */
  async drain(): Promise<void> {
    this.#draining = true
    while (this.waiting > 0) await new Promise<void>((resolve) => this.#ports.after(drainPollMs, resolve))
    this.stop()
  }

  stop(): void {
    this.#cancelSweep?.()
    this.#stopListening?.()
    this.principals.stop()
  }
}

/** A command whose bytes are made once it has a number. */
function submissionOf<K extends CommandOp>({ op, fields, evidence, text }: CommandRequest<K>): CommandSubmission {
  const digestHigh = digestWord(evidence.digest, 0)
  const digestLow = digestWord(evidence.digest, 4)
  const encode = (token: number): Uint8Array =>
    encodeCommand(op, { ...fields, token, digestHigh, digestLow } as unknown as CommandFields<K>, text)
  return { encode, evidence }
}
