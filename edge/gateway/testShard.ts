import { encodeCommand, joinBodies, systemHead } from '../../actors/ledger/frameBuilder.ts'
import { frameKinds, principalRoles, signers } from '../../actors/ledger/records.ts'
import { viewBatch, viewCommand, viewWallet } from '../../actors/ledger/views.ts'
import { encodeFrameAnswer } from '../../actors/log/answers.ts'
import { encodeBatchAnswer } from '../../actors/log/batchAnswers.ts'
import type { Evidence } from '../../actors/log/evidence.ts'
import { decodeFrame } from '../../actors/log/frame.ts'
import { decodeJson, encodeJson } from '../../actors/log/jsonBytes.ts'
import type { KeyPurpose } from '../../actors/log/keyRing.ts'
import { memoryKeyRing } from '../../actors/log/memoryKeyRing.ts'
import { type AppendFate, MemoryLog } from '../../actors/log/memoryLog.ts'
import { OwnerTable } from '../../actors/log/ownerDirectory.ts'
import { firstOwnerRecord, type OwnerRecord, positionOf } from '../../actors/log/ownerRecord.ts'
import type { Query } from '../../actors/log/queries.ts'
import { Replica } from '../../actors/log/replica.ts'
import { createOpener, createSealer } from '../../actors/log/sealing.ts'
import type { Follower, LogEntry } from '../../actors/log/shardLog.ts'
import { commandSubject, parseSubject } from '../../actors/log/subjects.ts'
import { Gateway } from './gateway.ts'
import { ShardUnavailable } from './ports.ts'

const keys: KeyPurpose[] = ['shard/0', 'evidence/1']

export const testEvidence = (digestByte: number): Evidence => ({
  digest: new Uint8Array(32).fill(digestByte),
  signature: new Uint8Array(70),
  ip: new Uint8Array(16),
  device: new Uint8Array(16),
  latitude: Number.NaN,
  longitude: Number.NaN,
  algorithm: 1,
})

/** A command id made now: UUIDv7 of the present moment with a number of one's own at its end. */
export function testId(serial: number, madeMs = Date.now()): Uint8Array {
  const id = new Uint8Array(16)
  const view = new DataView(id.buffer)
  view.setUint32(0, Math.floor(madeMs / 0x10000))
  view.setUint16(4, madeMs % 0x10000)
  view.setUint32(12, serial)
  id[6] = 0x70
  id[8] = 0x80
  return id
}

type TwoLogs = Readonly<Record<'a' | 'b', MemoryLog>>

/**
 * One shard in this thread: the real ledger behind the real frames, and a log in memory in each of two regions, of
 * which the first owns the shard until it is moved. What happens to appends and to the answers of the leader is told by
 * the test.
 */
export class TestShard {
  readonly logs: TwoLogs
  readonly replica: Replica
  readonly gateway: Gateway
  /** What the edge knows of the owner. */
  readonly owners = new OwnerTable()
  /** Who owns the shard, whether the edge knows it yet or not. */
  record: OwnerRecord = firstOwnerRecord('a', 'sync')
  readonly faults: string[] = []
  fateOfAppend: () => AppendFate = () => 'store'
  answersSent: () => number = () => 1
  deliver = (answer: () => void): void => void setTimeout(answer, 1)
  connected = true
  /** Nothing that is offered arrives, and nobody says so before the sender's own patience ends. */
  linkSilent = false
  wallClockMs = (): number => Date.now()
  leading = true
  #counter = 0
  #offered = 0
  readonly #edges: Gateway[] = []
  #follower: Follower
  readonly #ring = memoryKeyRing(keys)
  readonly #sealer
  readonly #deadlineMs: number
  readonly #waitingMax: number

  constructor(options: { deadlineMs?: number; waitingMax?: number } = {}) {
    this.#deadlineMs = options.deadlineMs ?? 5_000
    this.#waitingMax = options.waitingMax ?? 1_000
    this.#sealer = createSealer(this.#ring, 0)
    this.logs = { a: this.#newLog(), b: this.#newLog() }
    this.replica = new Replica(0, createOpener(this.#ring, { shard: 0 }))
    this.gateway = this.#newGateway(this.owners, 7)
    this.announce()
    this.#follower = this.logs.a.follow(1, (entry) => this.#apply(entry))
  }

  #newLog(): MemoryLog {
    return new MemoryLog({
      fateOf: (subject) => (subject.includes('.edge.') ? this.fateOfAppend() : 'store'),
      defer: (work) => setTimeout(work, 1),
    })
  }

  #newGateway(owners: OwnerTable, incarnation: number): Gateway {
    return new Gateway({
      region: 'a',
      owners,
      edgeId: '1',
      shardCount: 1,
      incarnation,
      sealerFor: () => createSealer(this.#ring, 0),
      deadlineMs: this.#deadlineMs,
      waitingMax: this.#waitingMax,
      ports: {
        nowMs: () => this.wallClockMs(),
        monotonicMs: () => performance.now(),
        random: () => 0.5,
        after: (delayMs, work) => {
          const timer = setTimeout(work, delayMs)
          return () => clearTimeout(timer)
        },
        append: (_shard, subject, frame, timeoutMs) => {
          this.#offered += 1
          if (this.linkSilent)
            return new Promise((resolve) => setTimeout(() => resolve({ kind: 'unknown' }), timeoutMs))
          return this.#logOf(subject).append(subject, frame, { timeoutMs })
        },
        request: (shard, query) => this.#answerQuery(shard, query),
        connected: () => this.connected,
        onFault: (what) => this.faults.push(what),
      },
    })
  }

  #logOf(subject: string): MemoryLog {
    const parsed = parseSubject(subject)
    if (parsed?.kind !== 'command') throw new Error(`${subject} is no log's subject`)
    return this.logs[parsed.region as 'a' | 'b']
  }

  /** The other region becomes the owner, from the position on that has been applied. Edges do not know it yet. */
  move(): void {
    void this.#follower.stop()
    const { epoch, owner, segments } = this.record
    const open = segments.at(-1)!
    const applied = this.replica.seq - positionOf(segments, epoch, open.first) + 1
    const closed = [...segments.slice(0, -1), { ...open, last: open.first + applied - 1 }]
    const next = { epoch: epoch + 1, region: owner === 'a' ? 'b' : 'a' } as const
    const first = this.logs[next.region].last + 1
    this.record = { ...this.record, epoch: next.epoch, owner: next.region, segments: [...closed, { ...next, first }] }
    this.#follower = this.logs[next.region].follow(first, (entry) => this.#apply(entry))
  }

  announce(): void {
    this.owners.take(0, this.record, this.record.epoch)
  }

  /** Resolves once an edge has offered a frame since it was asked last, and what its log took is applied. */
  async settled(): Promise<void> {
    while (this.#offered === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    for (let n = 0; n < 5; n++) await new Promise((resolve) => setTimeout(resolve, 2))
    this.#offered = 0
  }

  /** A second edge, which has heard of no owner. */
  edgeThatKnowsNobody(): { gateway: Gateway; owners: OwnerTable } {
    const owners = new OwnerTable()
    const gateway = this.#newGateway(owners, 8)
    this.#edges.push(gateway)
    gateway.start()
    return { gateway, owners }
  }

  #apply(stored: LogEntry): void {
    const { epoch, segments } = this.record
    // What a dead epoch left behind takes a place in the log and does nothing.
    if (decodeFrame(stored.data).header.epoch !== epoch) return
    const entry = { ...stored, seq: positionOf(segments, epoch, stored.seq), epoch }
    const applied = this.replica.apply(entry)
    if (applied instanceof Promise) throw new Error('this log opens frames at once')
    if (!entry.subject.includes('.edge.')) return
    const { logTimeMs } = this.replica.ledger.state
    const { frame, out } = applied
    const answer =
      out.batch === '' ? encodeFrameAnswer(0, frame, logTimeMs, out) : encodeBatchAnswer(0, 1, frame, logTimeMs, out)
    for (let n = this.answersSent(); n > 0; n--) this.deliver(() => this.#tell(answer))
  }

  #tell(answer: Uint8Array): void {
    for (const edge of [this.gateway, ...this.#edges]) edge.onAnswer(answer)
  }

  #answerQuery(shard: number, message: Uint8Array): Promise<Uint8Array> {
    if (!this.leading) return Promise.reject(new ShardUnavailable(shard, 'no-leader'))
    const query = decodeJson(message) as Query
    const { state } = this.replica.ledger
    const command = (): unknown => {
      if (query.type !== 'command' && query.type !== 'batch') return []
      const found =
        query.type === 'batch'
          ? viewBatch(state, query.institution, query.id)
          : viewCommand(state, query.actor, query.id)
      return found === undefined ? null : { ...found, complete: true }
    }
    const result = query.type === 'wallet' ? (viewWallet(state, query.number) ?? null) : command()
    return Promise.resolve(encodeJson({ ok: true, asOf: { shard, seq: this.replica.seq, timeMs: 0 }, result }))
  }

  async #offer(sender: { kind: 'op' } | { kind: 'connector'; id: string }, body: Uint8Array, count = 1): Promise<void> {
    const clockMs = Date.now()
    const { epoch, owner } = this.record
    const fields = { kind: frameKinds.commands, epoch, count, incarnation: 1, counter: ++this.#counter, clockMs }
    await this.#logOf(commandSubject(owner, 0, sender)).append(
      commandSubject(owner, 0, sender),
      this.#sealer.seal(fields, body),
    )
  }

  /** Begins the log, opens `walletCount` wallets with a balance of 1,000.00 each and returns their numbers. */
  async begin(walletCount: number): Promise<number[]> {
    const fixed = { shard: 0, shardCount: 1, walletsMax: 64, idsMax: 1_024, hashKey: new Uint8Array(16) }
    const genesis = encodeCommand('genesis', { ...systemHead, ...fixed })
    const publicKey = new Uint8Array(32)
    const principal = { number: 1, role: principalRoles.institution, active: 1, publicKey }
    await this.#offer(
      { kind: 'op' },
      joinBodies([genesis, encodeCommand('principalPut', { ...systemHead, ...principal })]),
      2,
    )
    this.gateway.start()
    const wallets: number[] = []
    for (let n = 0; n < walletCount; n++) wallets.push(await this.#openFunded(n))
    this.#offered = 0
    return wallets
  }

  async #openFunded(n: number): Promise<number> {
    const by = { signer: signers.institution, principal: 1, keyVersion: 0, actor: 1 }
    const evidence = testEvidence(n)
    const user = await this.#value('userOpen', { ...by, id: testId(n * 10), bucket: n, kyc: 1 }, evidence)
    const key = new Uint8Array(33).fill(2)
    const open = { ...by, id: testId(n * 10 + 1), user, class: 1, kind: 1, algorithm: 1, key }
    const wallet = await this.#value('walletOpen', open, evidence)
    const masked = new Uint8Array(4)
    const sealed = new Uint8Array(8)
    const account = { limit: 1_000_000, fingerprint: new Uint8Array(8), type: 1, sealedLength: 8, maskedLength: 4 }
    const linkOpen = { ...by, id: testId(n * 10 + 2), wallet, ...account, masked, sealed }
    const link = await this.#value('linkOpen', linkOpen, evidence)
    const recharge = testId(n * 10 + 3)
    const own = { signer: signers.walletKey, principal: 0, keyVersion: 1, actor: wallet }
    const request = {
      ...own,
      id: recharge,
      wallet,
      amount: 100_000,
      link,
      tokenLength: 0,
      sealedToken: new Uint8Array(0),
    }
    await this.#value('rechargeRequest', request, evidence)
    const step = { ...systemHead, signer: signers.connector, id: recharge, wallet, step: 3, reason: 0 }
    await this.#offer({ kind: 'connector', id: '1' }, encodeCommand('rechargeStep', step))
    return wallet
  }

  async #value(op: never, fields: never, evidence: Evidence): Promise<number>
  async #value(op: string, fields: object, evidence: Evidence): Promise<number>
  async #value(op: string, fields: object, evidence: Evidence): Promise<number> {
    const submitted = await this.gateway.command(0, { op: op as 'userOpen', fields: fields as never, evidence })
    if (submitted.kind !== 'answered' || submitted.code !== 0) throw new Error(`${op}: ${JSON.stringify(submitted)}`)
    return submitted.value
  }

  balance(wallet: number): number {
    return viewWallet(this.replica.ledger.state, wallet)!.balance
  }

  close(): void {
    this.gateway.stop()
  }
}
