import { encodeCommand, encodePayments, joinBodies } from '../ledger/frameBuilder.ts'
import { numberOf, serialFirst, walletKinds } from '../ledger/ids.ts'
import { headOf, uuidAt } from '../ledger/paper.fixture.ts'
import { type CommandOp, frameKinds, keyAlgorithms, linkTypes, rechargeSteps, signers } from '../ledger/records.ts'
import { viewWallet } from '../ledger/views.ts'
import { createBlobs } from '../log/blobs.ts'
import { folderSnapshots } from '../log/folderSnapshots.ts'
import { type KeyRing, regionPurposes } from '../log/keyRing.ts'
import { memoryKeyRing } from '../log/memoryKeyRing.ts'
import { MemoryLog } from '../log/memoryLog.ts'
import { createLogger } from '../log/process.ts'
import { Replica } from '../log/replica.ts'
import { createOpener, createSealer, type Sealer } from '../log/sealing.ts'
import type { Follower, ShardLog } from '../log/shardLog.ts'
import type { SnapshotStore } from '../log/snapshotStore.ts'
import { type CommandSender, commandSubject } from '../log/subjects.ts'
import { ensureGenesis, type GenesisPlan } from './genesis.ts'
import { ManualTimers } from './manualTimers.fixture.ts'
import { type RunnerOptions, ShardRunner } from './shardRunner.ts'

export const region = 'a'
const appendTimeoutMs = 5_000
const edge: CommandSender = { kind: 'edge', id: '1' }
const operator: CommandSender = { kind: 'op' }

/** What a leader published, and which worker it belonged to. */
export type Said = { worker: string; subject: string; message: Uint8Array }
export type Resident = { number: number; shard: number; link: number }
export type HostTownOptions = {
  /** The logs of the region's shards; two in memory when not given. */
  logs?: readonly ShardLog[]
  ring?: KeyRing
  /** Where snapshots are kept. */
  folder: string
  /** Told of each message as it is published. */
  onSaid?: (subject: string, message: Uint8Array) => void
}

/**
 * The shards of a region with their logs, and any number of workers in this thread. The test is the edge and the
 * connector: it appends their frames, and reads the logs with replicas of its own. Time passes when the test says so.
 */
export class HostTown {
  readonly logs: readonly ShardLog[]
  readonly ring: KeyRing
  readonly timers = new ManualTimers()
  readonly snapshots: SnapshotStore
  readonly refusedSnapshots: Error[] = []
  readonly said: Said[] = []
  readonly errors: Error[] = []
  /** What the test itself reads from the logs. */
  readonly observers: Replica[]
  readonly #following: Follower[] = []
  readonly #results = new Map<string, { code: number; value: number }>()
  readonly #runners: ShardRunner[] = []
  readonly #sealers: Sealer[]
  readonly #onSaid: (subject: string, message: Uint8Array) => void
  #counter = 0
  #serial = 0
  #buckets = 0
  #workers = 0

  constructor({ logs, ring, folder, onSaid = () => undefined }: HostTownOptions) {
    this.#onSaid = onSaid
    this.logs = logs ?? [0, 1].map((shard) => new MemoryLog({ name: `shard ${shard}`, nowMs: () => this.timers.nowMs }))
    this.ring = ring ?? memoryKeyRing(regionPurposes(this.logs.length))
    this.#sealers = this.logs.map((_, shard) => createSealer(this.ring, shard))
    this.observers = this.logs.map((_, shard) => new Replica(shard, createOpener(this.ring, { shard })))
    const onRefused = (error: Error): unknown => this.refusedSnapshots.push(error)
    this.snapshots = folderSnapshots(folder, createBlobs(this.ring), { onRefused })
  }

  get genesis(): GenesisPlan {
    const institution = { number: 1, role: 'institution', publicKey: new Uint8Array(32) } as const
    const operators = [1, 8, 9].map((number) => ({ number, role: 'operator', publicKey: new Uint8Array(32) }) as const)
    const principals = [institution, ...operators]
    return { region, shardCount: this.logs.length, walletsMax: 256, idsMax: 4_096, principals }
  }

  /** Writes what every log begins with, and begins to read. */
  async begin(): Promise<void> {
    for (const [shard, log] of this.logs.entries()) {
      const clock = { nowMs: this.timers.nowMs, incarnation: 1 }
      await ensureGenesis(this.genesis, shard, log, this.#sealers[shard]!, clock)
    }
    this.observe()
    await this.until('the logs have begun', () => this.observers.every((observer) => observer.started))
  }

  /** Reads the logs from their beginning. */
  observe(): void {
    for (const [shard, log] of this.logs.entries()) {
      const observer = this.observers[shard]!
      const follower = log.follow(1, async (entry) => {
        const { out } = await observer.apply(entry)
        this.#results.set(`${shard}/${entry.seq}`, { code: out.code[0]!, value: out.value[0]! })
      })
      this.#following.push(follower)
      void follower.failed.then((error) => this.errors.push(error))
    }
  }

  /** What a runner of this worker is made of; each worker is an incarnation of its own. */
  runnerOptions(shard: number, worker: string): RunnerOptions {
    return {
      region,
      shard,
      workerId: worker,
      incarnation: 100 + ++this.#workers,
      log: this.logs[shard]!,
      opener: createOpener(this.ring, { shard }),
      sealerFor: (to) => createSealer(this.ring, to),
      snapshots: this.snapshots,
      snapshotEveryMs: 60_000,
      logger: createLogger('test', 'silent'),
      ports: {
        nowMs: () => this.timers.nowMs,
        monotonicMs: () => this.timers.nowMs,
        random: () => 0.5,
        after: (delayMs, work) => this.timers.after(delayMs, work),
        publish: (subject, message) => this.#deliver({ worker, subject, message }),
        append: (to, subject, frame, timeoutMs) => this.logs[to]!.append(subject, frame, { timeoutMs }),
        onError: (error) => this.errors.push(error as Error),
      },
    }
  }

  #deliver(said: Said): void {
    this.said.push(said)
    this.#onSaid(said.subject, said.message)
    if (!said.subject.startsWith('mark.')) return
    for (const runner of this.#runners) queueMicrotask(() => runner.leader?.onMark(said.message))
  }

  /** Starts a runner and waits until it leads. */
  async lead(shard: number, worker: string, changes: Partial<RunnerOptions> = {}): Promise<ShardRunner> {
    const runner = new ShardRunner({ ...this.runnerOptions(shard, worker), ...changes })
    this.#runners.push(runner)
    let failure: Error | undefined
    runner.start().catch((error: Error) => {
      failure = error
    })
    await this.until(`${worker} leads shard ${shard}`, () => runner.leading || failure !== undefined)
    if (failure !== undefined) throw failure
    return runner
  }

  /** Lets time pass until something holds. @throws Error when it does not come to hold. */
  async until(what: string, holds: () => boolean): Promise<void> {
    for (let round = 0; round < 4_000; round++) {
      if (holds()) return
      this.timers.advance(10)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    throw new Error(`it did not come to this: ${what}${this.errors.map((error) => `; ${error.message}`).join('')}`)
  }

  id(): Uint8Array {
    return uuidAt(Date.now(), ++this.#serial)
  }

  /** Appends a frame of anybody's and returns its place in the log. */
  async append(shard: number, from: CommandSender, kind: number, bodies: readonly Uint8Array[]): Promise<number> {
    const fields = { kind, epoch: 0, count: bodies.length, incarnation: 1, counter: 1_000 + ++this.#counter }
    const frame = this.#sealers[shard]!.seal({ ...fields, clockMs: this.timers.nowMs }, joinBodies(bodies))
    const subject = commandSubject(region, shard, from)
    for (let tries = 1; ; tries++) {
      const outcome = await this.logs[shard]!.append(subject, frame, { timeoutMs: appendTimeoutMs })
      if (outcome.kind === 'appended') return outcome.seq
      // A server that is being started again takes nothing yet, and says so.
      if (outcome.kind !== 'not-sent' || tries === 100) throw new Error(`the log took no frame: ${outcome.kind}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  async command<K extends CommandOp>(
    shard: number,
    op: K,
    fields: Parameters<typeof encodeCommand<K>>[1],
    from = operator,
    text?: Uint8Array,
  ): Promise<number> {
    const seq = await this.append(shard, from, frameKinds.commands, [encodeCommand(op, fields, text)])
    const place = `${shard}/${seq}`
    await this.until(`${op} is applied`, () => this.#results.has(place))
    const { code, value } = this.#results.get(place)!
    if (code !== 0) throw new Error(`${op} was refused with code ${code}`)
    return value
  }

  /** A user with a wallet and a linked account. */
  async open(shard: number, kind: number = walletKinds.personal): Promise<Resident> {
    const by = (): ReturnType<typeof headOf> =>
      headOf({ signer: signers.institution, principal: 1, actor: 1, id: this.id() })
    const bucket = shard + this.logs.length * ++this.#buckets
    const user = await this.command(shard, 'userOpen', { ...by(), bucket, kyc: 1 })
    const key = new Uint8Array(33).fill(2)
    const opening = { ...by(), user, class: 1, kind, algorithm: keyAlgorithms.ecdsaP256, key }
    const number = await this.command(shard, 'walletOpen', opening)
    const account = { masked: Uint8Array.of(42), maskedLength: 1, sealed: Uint8Array.of(1), sealedLength: 1 }
    const link = await this.command(shard, 'linkOpen', {
      ...by(),
      wallet: number,
      limit: 100_000_000,
      fingerprint: new Uint8Array(new Float64Array([number]).buffer),
      type: linkTypes.bank,
      ...account,
    })
    return { number, shard, link }
  }

  /** Begins a recharge; what it owes the bank stays open until `settle`. */
  async recharge({ number, shard, link }: Resident, fen: number): Promise<Uint8Array> {
    const id = this.id()
    const head = headOf({ signer: signers.walletKey, keyVersion: 1, actor: number, id })
    const request = { ...head, wallet: number, amount: fen, link, tokenLength: 0, sealedToken: new Uint8Array() }
    await this.command(shard, 'rechargeRequest', request)
    return id
  }

  async settle({ number, shard }: Resident, id: Uint8Array): Promise<void> {
    const head = headOf({ signer: signers.connector, actor: number, id })
    const step = { ...head, wallet: number, step: rechargeSteps.settled, reason: 0 }
    await this.command(shard, 'rechargeStep', step, { kind: 'connector', id: '1' })
  }

  async fund(resident: Resident, fen: number): Promise<void> {
    await this.settle(resident, await this.recharge(resident, fen))
  }

  payment(payer: Resident, payee: { number: number }, fen: number, token: number, id = this.id()): Uint8Array {
    const record = { keyVersion: 1, payer: payer.number, payee: payee.number, amount: fen, id, token }
    return encodePayments([{ ...record, digestHigh: 7, digestLow: 11, requestedMs: this.timers.nowMs }])
  }

  /** One frame of an edge with these payments. */
  pay(shard: number, payments: readonly Uint8Array[]): Promise<number> {
    return this.append(shard, edge, frameKinds.payments, payments)
  }

  /** A number of that shard which no wallet has. */
  stranger(shard: number): { number: number } {
    return { number: numberOf(shard + this.logs.length * 1_000, serialFirst + 99) }
  }

  balance({ number, shard }: Resident): number {
    return viewWallet(this.observers[shard]!.ledger.state, number)!.balance
  }

  /** Transit records that were sent and not taken in yet. */
  inTransit(): number {
    return this.observers.reduce((sum, { ledger: { state } }, shard) => {
      const owed = state.lanes.map((lane, peer) => lane.next - this.observers[peer]!.ledger.state.received[shard]!)
      return sum + owed.reduce((all, records) => all + records, 0)
    }, 0)
  }

  /** Payments are applied where they were sent, and nothing is on its way. */
  quiet(seqs: Readonly<Record<number, number>>): boolean {
    const applied = Object.entries(seqs).every(([shard, seq]) => this.observers[Number(shard)]!.seq >= seq)
    return applied && this.inTransit() === 0
  }

  async end(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.stop()))
    await Promise.all(this.#following.map((follower) => follower.stop()))
  }
}
