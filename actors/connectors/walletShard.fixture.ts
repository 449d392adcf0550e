import { effectOf } from '../host/effectMessage.ts'
import { encodeCommand, joinBodies, systemHead } from '../ledger/frameBuilder.ts'
import { commandIdText } from '../ledger/ids.ts'
import { type CommandOp, frameKinds, principalRoles, signers } from '../ledger/records.ts'
import { findSagaView, type SagaView, viewWallet } from '../ledger/views.ts'
import { sealAccount, sealBankToken } from '../log/accountSealing.ts'
import { type Blobs, createBlobs } from '../log/blobs.ts'
import type { Effect } from '../log/effects.ts'
import type { KeyRing } from '../log/keyRing.ts'
import { memoryKeyRing } from '../log/memoryKeyRing.ts'
import { type AppendFate, MemoryLog } from '../log/memoryLog.ts'
import { Replica } from '../log/replica.ts'
import { createOpener, createSealer, type Sealer } from '../log/sealing.ts'
import { commandSubject } from '../log/subjects.ts'
import type { TestAccount } from './sandbox/sandboxRequests.fixture.ts'

/** A saga that was begun: by wallet and id it can be asked for. */
export type BegunSaga = { wallet: number; id: Uint8Array }

/**
 * One wallet shard in this thread: the real ledger behind sealed frames and a log in memory, and what its host would
 * publish. Appends may be lost, or their acknowledgements; effects are shown again for as long as their sagas are open.
 */
export class WalletShard {
  readonly ring: KeyRing = memoryKeyRing(['shard/0', 'evidence/1', 'effect'])
  readonly blobs: Blobs = createBlobs(this.ring)
  readonly log: MemoryLog
  readonly #sealer: Sealer = createSealer(this.ring, 0)
  readonly #replica = new Replica(0, createOpener(this.ring, { shard: 0 }))
  readonly #listeners = new Set<(effect: Effect) => void>()
  readonly #results = new Map<number, { code: number; value: number }>()
  #counter = 0
  #serial = 0
  fateOfAppend: () => AppendFate = () => 'store'

  constructor() {
    this.log = new MemoryLog({
      fateOf: (subject) => (subject.includes('.connector.') ? this.fateOfAppend() : 'store'),
      defer: (work) => setImmediate(work),
    })
    this.log.follow(1, (entry) => {
      const applied = this.#replica.apply(entry)
      if (applied instanceof Promise) throw new Error('this log opens frames at once')
      if (entry.subject.endsWith('.op')) {
        this.#results.set(entry.seq, { code: applied.out.code[0]!, value: applied.out.value[0]! })
      }
      for (const row of applied.out.sagas) this.#show(row)
    })
  }

  /** Writes the genesis and an institution. */
  async begin(): Promise<void> {
    const hashKey = new Uint8Array(16)
    const fixed = { shard: 0, shardCount: 1, walletsMax: 256, idsMax: 4_096, hashKey }
    const publicKey = new Uint8Array(32)
    const institution = { number: 1, role: principalRoles.institution, active: 1, publicKey }
    const bodies = [
      encodeCommand('genesis', { ...systemHead, ...fixed }),
      encodeCommand('principalPut', { ...systemHead, ...institution }),
    ]
    await this.#append(bodies)
  }

  /** Opens a user with one wallet whose linked account is this one, and returns wallet and link. */
  async openWallet({ accountNo }: TestAccount): Promise<{ wallet: number; link: number }> {
    const by = { ...systemHead, signer: signers.institution, principal: 1, actor: 1 }
    const user = await this.#execute('userOpen', { ...by, id: this.newId(), bucket: 0, kyc: 1 })
    const key = new Uint8Array(33).fill(2)
    const open = { ...by, id: this.newId(), user, class: 1, kind: 1, algorithm: 1, key }
    const wallet = await this.#execute('walletOpen', open)
    const sealed = sealAccount(this.blobs, wallet, accountNo)
    const masked = new TextEncoder().encode(`******${accountNo.slice(-4)}`)
    const link = await this.#execute('linkOpen', {
      ...by,
      id: this.newId(),
      wallet,
      limit: 1_000_000_000,
      fingerprint: new TextEncoder().encode(accountNo.slice(-8)),
      type: 1,
      sealedLength: sealed.length,
      maskedLength: masked.length,
      masked,
      sealed,
    })
    return { wallet, link }
  }

  /** A command id made now: UUIDv7. */
  newId(): Uint8Array {
    const id = new Uint8Array(16)
    const view = new DataView(id.buffer)
    const nowMs = Date.now()
    view.setUint32(0, Math.floor(nowMs / 0x10000))
    view.setUint16(4, nowMs % 0x10000)
    view.setUint32(12, ++this.#serial)
    id[6] = 0x70
    id[8] = 0x80
    return id
  }

  async recharge(
    wallet: number,
    link: number,
    amount: number,
    authToken: string,
    id = this.newId(),
  ): Promise<BegunSaga> {
    const sealedToken = sealBankToken(this.blobs, wallet, commandIdText(id), authToken)
    const own = { ...systemHead, signer: signers.walletKey, keyVersion: 1, actor: wallet, id }
    const request = { ...own, wallet, amount, link, tokenLength: sealedToken.length, sealedToken }
    await this.#execute('rechargeRequest', request)
    return { wallet, id }
  }

  async redeem(wallet: number, link: number, amount: number): Promise<BegunSaga> {
    const id = this.newId()
    const own = { ...systemHead, signer: signers.walletKey, keyVersion: 1, actor: wallet, id }
    await this.#execute('redemptionRequest', { ...own, wallet, amount, link })
    return { wallet, id }
  }

  async #execute(op: CommandOp, fields: object): Promise<number> {
    const { code, value } = await this.#append([encodeCommand(op, fields as never)])
    if (code !== 0) throw new Error(`${op} was refused with code ${code}`)
    return value
  }

  /** Appends by the operator's subject, whose commands the ledger takes like an edge's; the follower applies at once. */
  async #append(bodies: readonly Uint8Array[]): Promise<{ code: number; value: number }> {
    const counter = ++this.#counter
    const fields = { kind: frameKinds.commands, epoch: 0, count: bodies.length, incarnation: 1, counter }
    const frame = this.#sealer.seal({ ...fields, clockMs: Date.now() }, joinBodies(bodies))
    const appended = await this.log.append(commandSubject('a', 0, { kind: 'op' }), frame)
    if (appended.kind !== 'appended') throw new Error('the log did not take the frame')
    while (!this.#results.has(appended.seq)) await new Promise((resolve) => setImmediate(resolve))
    return this.#results.get(appended.seq)!
  }

  /** Hears effects as a connector does. */
  subscribe(listener: (effect: Effect) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Shows every open saga again, as a host does every other second. */
  showOpen(): number {
    const open = [...this.#replica.ledger.state.openSagas]
    for (const row of open) this.#show(row)
    return open.length
  }

  #show(row: number): void {
    const { state } = this.#replica.ledger
    if (!state.openSagas.has(row)) return
    const effect = effectOf(state, row)
    for (const listener of this.#listeners) listener(effect)
  }

  saga({ wallet, id }: BegunSaga): SagaView {
    return findSagaView(this.#replica.ledger.state, wallet, id)!
  }

  balance(wallet: number): number {
    return viewWallet(this.#replica.ledger.state, wallet)!.balance
  }

  pendingIn(wallet: number): number {
    return viewWallet(this.#replica.ledger.state, wallet)!.pendingIn
  }

  /** Sum of all wallets, in fen. */
  walletsFen(): bigint {
    return BigInt(this.#replica.ledger.state.books.wallets)
  }
}
