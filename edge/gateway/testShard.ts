import { encodeCommand, joinBodies } from '../../actors/ledger/frameBuilder.ts'
import { frameKinds, principalRoles, signers } from '../../actors/ledger/records.ts'
import { viewBatch, viewCommand, viewWallet } from '../../actors/ledger/views.ts'
import { encodeFrameAnswer } from '../../actors/log/answers.ts'
import { encodeBatchAnswer } from '../../actors/log/batchAnswers.ts'
import type { Evidence } from '../../actors/log/evidence.ts'
import { decodeJson, encodeJson } from '../../actors/log/jsonBytes.ts'
import type { KeyPurpose } from '../../actors/log/keyRing.ts'
import { memoryKeyRing } from '../../actors/log/memoryKeyRing.ts'
import { type AppendFate, MemoryLog } from '../../actors/log/memoryLog.ts'
import type { Query } from '../../actors/log/queries.ts'
import { Replica } from '../../actors/log/replica.ts'
import { createOpener, createSealer } from '../../actors/log/sealing.ts'
import { commandSubject } from '../../actors/log/subjects.ts'
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

const nobody = { signer: signers.system, keyVersion: 0, actor: 0, digestHigh: 0, digestLow: 0, token: 0, principal: 0 }

/**
 * One shard in this thread: the real ledger behind the real frames and a log in memory. What happens to appends and to
 * the answers of the leader is told by the test.
 */
export class TestShard {
  readonly log: MemoryLog
  readonly replica: Replica
  readonly gateway: Gateway
  readonly faults: string[] = []
  fateOfAppend: () => AppendFate = () => 'store'
  answersSent: () => number = () => 1
  connected = true
  wallClockMs = (): number => Date.now()
  leading = true
  #counter = 0
  readonly #sealer

  constructor(options: { deadlineMs?: number; waitingMax?: number } = {}) {
    const ring = memoryKeyRing(keys)
    this.#sealer = createSealer(ring, 0)
    this.log = new MemoryLog({
      fateOf: (subject) => (subject.includes('.edge.') ? this.fateOfAppend() : 'store'),
      defer: (work) => setTimeout(work, 1),
    })
    this.replica = new Replica(0, createOpener(ring, { shard: 0 }))
    this.gateway = new Gateway({
      region: 'a',
      edgeId: '1',
      shardCount: 1,
      incarnation: 7,
      sealerFor: () => createSealer(ring, 0),
      deadlineMs: options.deadlineMs ?? 5_000,
      waitingMax: options.waitingMax ?? 1_000,
      ports: {
        nowMs: () => this.wallClockMs(),
        monotonicMs: () => performance.now(),
        random: () => 0.5,
        after: (delayMs, work) => {
          const timer = setTimeout(work, delayMs)
          return () => clearTimeout(timer)
        },
        append: (_shard, subject, frame, timeoutMs) => this.log.append(subject, frame, { timeoutMs }),
        request: (shard, query) => this.#answerQuery(shard, query),
        connected: () => this.connected,
        onFault: (what) => this.faults.push(what),
      },
    })
    this.log.follow(1, (entry) => this.#apply(entry))
  }

  #apply(entry: Parameters<Replica['apply']>[0]): void {
    const applied = this.replica.apply(entry)
    if (applied instanceof Promise) throw new Error('this log opens frames at once')
    if (!entry.subject.includes('.edge.')) return
    const { logTimeMs } = this.replica.ledger.state
    const { frame, out } = applied
    const answer =
      out.batch === '' ? encodeFrameAnswer(0, frame, logTimeMs, out) : encodeBatchAnswer(0, 1, frame, logTimeMs, out)
    for (let n = this.answersSent(); n > 0; n--) setTimeout(() => this.gateway.onAnswer(answer), 1)
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
    const fields = { kind: frameKinds.commands, epoch: 0, count, incarnation: 1, counter: ++this.#counter, clockMs }
    await this.log.append(commandSubject('a', 0, sender), this.#sealer.seal(fields, body))
  }

  /** Begins the log, opens `walletCount` wallets with a balance of 1,000.00 each and returns their numbers. */
  async begin(walletCount: number): Promise<number[]> {
    const id = new Uint8Array(16)
    const fixed = { shard: 0, shardCount: 1, walletsMax: 64, idsMax: 1_024, hashKey: new Uint8Array(16) }
    const genesis = encodeCommand('genesis', { ...nobody, id, ...fixed })
    const publicKey = new Uint8Array(32)
    const principal = { number: 1, role: principalRoles.institution, active: 1, publicKey }
    await this.#offer(
      { kind: 'op' },
      joinBodies([genesis, encodeCommand('principalPut', { ...nobody, id, ...principal })]),
      2,
    )
    this.gateway.start()
    const wallets: number[] = []
    for (let n = 0; n < walletCount; n++) wallets.push(await this.#openFunded(n))
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
    const step = { ...nobody, signer: signers.connector, id: recharge, wallet, step: 3, reason: 0 }
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
