import type { Submitted } from '../../edge/gateway/submission.ts'
import type { PaymentResult, SignedPayment } from '../../edge/routes/paymentDesk.ts'
import { requestDigest } from '../../edge/routes/requestDigest.ts'
import { canonicalPayment } from '../../edge/wire/canonical.ts'
import type { CommandFields } from '../ledger/frameBuilder.ts'
import { commandIdText, type WalletKind, walletIdText, walletKinds } from '../ledger/ids.ts'
import { type CommandOp, keyAlgorithms, keyCauses, linkTypes, signers } from '../ledger/records.ts'
import { refusalOf, refusalTable } from '../ledger/refusals.ts'
import type { SagaView } from '../ledger/views.ts'
import { sealAccount } from '../log/accountSealing.ts'
import type { Answer, Request } from './auditor/requestBook.ts'
import { Banking } from './banking.ts'
import { BatchPayer } from './batchPayer.ts'
import { Client } from './client.ts'
import { Disputer } from './disputer.ts'
import { type Errand, placeOf } from './errand.ts'
import { Holder } from './holder.ts'
import { Mandater } from './mandater.ts'
import type { Prng } from './prng.ts'
import { type Hands, Shopper, type ShownOrder } from './shopper.ts'
import { simulatedEvidence, simulatedOrigin } from './simEvidence.ts'
import { simulatedId } from './simIds.ts'
import { sha256, simulatedKey, simulatedSignature } from './simKeys.ts'
import type { World } from './world.ts'

export type Wallet = {
  readonly number: number
  readonly shard: number
  readonly link: number
  readonly kind: WalletKind
}
type Answered = Extract<Submitted, { kind: 'answered' }>
type Own<K extends CommandOp> = Omit<
  CommandFields<K>,
  'id' | 'actor' | 'signer' | 'keyVersion' | 'principal' | 'token' | 'digestHigh' | 'digestLow'
>
type By = { readonly signer: number; readonly keyVersion: number; readonly actor: number; readonly principal: number }

const bankOpeningFen = 10_000_000
const linkLimitFen = 5_000_000
/** What is put into a wallet first, and how many things a person has under way at once. */
const richFen = 500_000
const errandsAtOnceMax = 6
const againMsMin = 100
const againMsMax = 900
/** Refusals of the moment: the same request may be taken later. */
const ofTheMoment = new Set(['id-early', 'timestamp-early', 'ids-exhausted', 'key-not-current', 'frame-repeated'])
const tooOld = new Set(['id-expired', 'id-seen'])
const institution = (): By => ({ signer: signers.institution, keyVersion: 0, actor: 1, principal: 1 })

/** One of the people who use the region: patient, forgetful, and asking again under the same id until there is a last word. */
export class Person {
  readonly accountNo: string
  readonly openingFen = bankOpeningFen
  readonly #world: World
  readonly #name: string
  readonly #prng: Prng
  readonly #client: Client
  readonly #banking: Banking
  readonly #batches: BatchPayer
  readonly #shopper: Shopper
  readonly #holder: Holder
  readonly #disputer: Disputer
  readonly #mandater: Mandater
  readonly #errands: Errand[] = []
  #wallet: Wallet | undefined
  #keyVersion = 1
  #rotating = false
  #settled = false

  constructor(world: World, index: number) {
    this.#world = world
    this.#name = `person ${index}`
    this.accountNo = `62258800000${10_000 + index}`
    this.#prng = world.prng.fork(this.#name)
    this.#client = new Client(world, world.prng.fork(`client ${index}`))
    this.#batches = new BatchPayer(world, this.#client, world.prng.fork(`batches ${index}`))
    const hands = this.#hands()
    this.#banking = new Banking(world, this.#client, hands, this.#bankToken)
    this.#shopper = new Shopper(world, world.prng.fork(`shopper ${index}`), hands)
    this.#holder = new Holder(world, world.prng.fork(`holder ${index}`), hands)
    this.#disputer = new Disputer(world, world.prng.fork(`disputer ${index}`), hands)
    this.#mandater = new Mandater(world, world.prng.fork(`mandater ${index}`), hands)
    const customer = { accountNo: this.accountNo, kind: 'bank' as const, debitLimitFen: linkLimitFen }
    const { books } = world.far
    books.atBank(() => books.bank.addCustomer(customer, this.#bankToken, bankOpeningFen, books.nowMs()))
  }

  #hands(): Hands {
    return {
      newId: () => this.#id(),
      submit: (of, op, fields, told, id) => {
        const shard = (of % 4_096) % this.#world.scenario.shardCount
        return this.#submit(shard, op, fields as never, this.#byKey(this.#wallet!.number), id, told)
      },
      ask: async (number, query) => (await this.#client.ask((edge) => edge.gateway.ask(number, query)))?.result,
      pay: (order, fen) => this.#do(this.#payment(order.merchant, fen, this.#id(), order)),
      move: (op, fields, request, id) => this.#do(this.#move(op, fields, request, id)),
    }
  }

  get wallet(): Wallet | undefined {
    return this.#wallet
  }

  get #bankToken(): string {
    return `token of ${this.#name}`
  }

  /** Opens a wallet, fills it, and goes about for a first day. */
  async live(others: readonly Person[]): Promise<void> {
    const { scenario } = this.#world
    await this.#open()
    await this.#saga('recharge', richFen)
    if (scenario.days > 1 && this.#wallet!.kind === walletKinds.merchant) await this.#orderPayouts()
    this.#settled = true
    await this.goAbout(others)
  }

  /** Goes about until it is told that the day is over. */
  async goAbout(others: readonly Person[]): Promise<void> {
    const { scenario } = this.#world
    const underWay = new Set<Promise<void>>()
    while (!this.#world.calmed) {
      await this.#client.sleep(this.#prng.between(1, 2 * scenario.thinkMs))
      if (underWay.size >= errandsAtOnceMax) continue
      const errand = this.#act(others).finally(() => underWay.delete(errand))
      underWay.add(errand)
    }
    await Promise.all(underWay)
  }

  /** Whether the person has a wallet with money in it. */
  get settled(): boolean {
    return this.#settled
  }

  async #act(others: readonly Person[]): Promise<void> {
    const u = this.#prng.unit()
    const own = this.#prng.chance(0.05)
    const payees = others.flatMap(({ wallet }) =>
      wallet === undefined || (wallet === this.#wallet) !== own ? [] : [wallet],
    )
    if (u < 0.22 && payees.length > 0) await this.#pay(this.#prng.pick(payees))
    else if (u < 0.28) await this.#mandater.act(this.#wallet!.number, payees)
    else if (u < 0.47) await this.#goShopping(payees)
    else if (u < 0.53) await this.#holder.act(this.#wallet!.number, payees)
    else if (u < 0.56) await this.#disputer.act(this.#wallet!.number)
    else if (u < 0.6 && payees.length > 0) await this.#payBatch(payees)
    else if (u < 0.72) await this.#saga('recharge', this.#amount())
    else if (u < 0.82) await this.#saga('redemption', this.#amount())
    else if (u < 0.94) await this.#askAgain()
    else if (!this.#rotating) await this.#rotate()
  }

  async #goShopping(payees: readonly Wallet[]): Promise<void> {
    const { number, kind } = this.#wallet!
    const sells = kind === walletKinds.merchant && this.#prng.chance(0.5)
    if (!sells) await this.#shopper.buy(number)
    else if (this.#prng.chance(0.4)) await this.#shopper.refund(number)
    else if (this.#prng.chance(0.15)) await this.#shopper.close(number)
    else await this.#shopper.sell(number, this.#prng.between(1, 30_000), payees)
  }

  /** Has its bank paid once a day, at any minute of it. */
  async #orderPayouts(): Promise<void> {
    const { number: wallet, shard, link } = this.#wallet!
    const { auditor, chronicle } = this.#world
    const prng = this.#world.prng.fork(`payouts of ${this.#name}`)
    const terms = {
      floorFen: prng.between(0, 100_000),
      reserveFen: prng.between(0, 200_000),
      minute: prng.between(0, 1_439),
    }
    auditor.payouts.asked(wallet, terms, auditor.wallets.balances.get(wallet) ?? 0)
    const { floorFen: floor, reserveFen: reserve, minute } = terms
    const fields = { wallet, floor, reserve, minute, link, active: 1 }
    const { executed } = await this.#command(shard, 'payoutRulePut', fields, this.#byKey(wallet))
    auditor.payouts.accepted(wallet, executed.timeMs)
    chronicle.tell('answered.payout-rule.accepted', `${wallet} ${reserve} ${minute}`)
  }

  #amount(): number {
    return this.#prng.between(1, this.#prng.chance(0.2) ? 900_000 : 60_000)
  }

  async #open(): Promise<void> {
    const { scenario, blobs } = this.#world
    const bucket = this.#prng.between(0, 4_095)
    const shard = bucket % scenario.shardCount
    const { value: user } = await this.#command(shard, 'userOpen', { bucket, kyc: 1 }, institution)
    const kind = this.#prng.chance(0.4) ? walletKinds.merchant : walletKinds.personal
    const opening = { user, class: 3, kind, algorithm: keyAlgorithms.ecdsaP256 }
    const key = simulatedKey(this.#name, 1)
    const { value: number } = await this.#command(shard, 'walletOpen', { ...opening, key }, institution)
    const masked = Buffer.from('622588******0000')
    const sealed = sealAccount(blobs, number, this.accountNo)
    const account = { masked, maskedLength: masked.length, sealed, sealedLength: sealed.length, type: linkTypes.bank }
    const fingerprint = sha256(Buffer.from(this.accountNo)).subarray(0, 8)
    const link = { wallet: number, limit: linkLimitFen, fingerprint, ...account }
    const { value } = await this.#command(shard, 'linkOpen', link, this.#byKey(number))
    this.#wallet = { number, shard, link: value, kind }
  }

  /** Signed by the key that is current when it is sent. */
  #byKey(wallet: number): () => By {
    return () => ({ signer: signers.walletKey, keyVersion: this.#keyVersion, actor: wallet, principal: 0 })
  }

  /** A command that must be taken in the end. */
  async #command<K extends CommandOp>(shard: number, op: K, fields: Own<K>, by: () => By): Promise<Answered> {
    const answered = await this.#submit(shard, op, fields, by, this.#id())
    if (answered.code !== 0) this.#world.chronicle.violation(`${op} was refused: ${refusalOf(answered.code)}`)
    return answered
  }

  async #submit<K extends CommandOp>(
    shard: number,
    op: K,
    fields: Own<K>,
    by: () => By,
    id: Uint8Array,
    told: Readonly<Record<string, string | number>> = {},
  ): Promise<Answered> {
    const digest = requestDigest(op, { id: commandIdText(id), ...told })
    const evidence = simulatedEvidence(digest)
    for (;;) {
      const request = { op, fields: { ...by(), ...fields, id } as never, evidence }
      const submitted = await this.#client.ask((edge) => edge.gateway.command(shard, request))
      if (submitted?.kind === 'answered' && !ofTheMoment.has(refusalOf(submitted.code))) return submitted
      await this.#pauseBeforeTrying()
    }
  }

  #pauseBeforeTrying(): Promise<void> {
    return this.#client.sleep(this.#prng.between(againMsMin, againMsMax))
  }

  #id(): Uint8Array {
    return simulatedId(this.#prng, this.#world.outside.clock.nowMs())
  }

  /** Does an errand; now and then two edges are asked for the same at once, and now and then it is done again later. */
  async #do(errand: Errand): Promise<void> {
    this.#errands.push(errand)
    const twice = this.#prng.chance(0.15)
    await Promise.all(Array.from({ length: twice ? 2 : 1 }, () => this.#once(errand)))
  }

  async #once({ request, run }: Errand): Promise<void> {
    const { auditor, chronicle } = this.#world
    auditor.asked(request)
    const answer = await run()
    chronicle.tell(`answered.${request.kind}.${answer.outcome}`, `${request.wallet}/${request.id} ${answer.place}`)
    auditor.answered(request, answer)
  }

  async #askAgain(): Promise<void> {
    if (this.#errands.length === 0) return
    const errand = this.#prng.pick(this.#errands)
    const { kind, id, to, fen } = errand.request
    if (kind !== 'payment' || this.#prng.chance(0.6)) return this.#once(errand)
    // The same id for another amount: nothing may come of it.
    return this.#once(this.#payment(to, fen + 1, Buffer.from(id.replaceAll('-', ''), 'hex')))
  }

  #payBatch(payees: readonly Wallet[]): Promise<void> {
    const id = this.#id()
    const evidence = simulatedEvidence(sha256(id))
    return this.#batches.pay(
      this.#wallet!.number,
      payees.map(({ number }) => number),
      id,
      evidence,
    )
  }

  async #pay(payee: Wallet): Promise<void> {
    const [fen, id] = [this.#amount(), this.#id()]
    this.#disputer.paid({ payer: this.#wallet!.number, payee: payee.number, id, fen })
    return this.#do(this.#payment(payee.number, fen, id))
  }

  #payment(payee: number, fen: number, id: Uint8Array, shown?: ShownOrder): Errand {
    const { number: payer, kind } = this.#wallet!
    const requestedMs = this.#world.outside.clock.nowMs()
    const canonical = canonicalPayment({
      payment_id: commandIdText(id),
      payer_wallet: walletIdText(payer, kind),
      payee_wallet: walletIdText(payee, walletKinds.personal),
      amount: `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`,
      currency: 'CNY',
      timestamp: new Date(requestedMs).toISOString(),
      ...(shown === undefined ? {} : { order: shown.orderNo }),
    })
    const order = shown?.orderNo
    const unsigned = { payer, payerKind: kind, payee, amountFen: fen, id, requestedMs, canonical, order }
    const body = Buffer.from(canonical).toString()
    const named = shown && { key: `${shown.merchant}/${shown.orderNo}`, fen: shown.fen, expiresMs: shown.expiresMs }
    const of = { wallet: payer, to: payee, fen, id: commandIdText(id), body }
    const request: Request = { kind: 'payment', ...of, ...(named && { order: named }) }
    return { request, run: () => this.#payUntilLastWord({ ...unsigned, digest: sha256(canonical) }) }
  }

  async #payUntilLastWord(payment: Omit<SignedPayment, 'signature'>): Promise<Answer> {
    for (;;) {
      const signature = simulatedSignature(simulatedKey(this.#name, this.#keyVersion), payment.canonical)
      const result = await this.#client.ask((edge) => edge.desk.pay({ ...payment, signature }, simulatedOrigin))
      const answer = result === undefined ? undefined : this.#lastWord(result)
      if (answer !== undefined) return answer
      await this.#pauseBeforeTrying()
    }
  }

  /** Money that moves by a command: asked for until there is a last word. */
  #move(op: CommandOp, fields: object, request: Request, id: Uint8Array): Errand {
    const evidence = simulatedEvidence(requestDigest(op, { id: request.id, body: request.body }))
    const run = async (): Promise<Answer> => {
      for (;;) {
        const all = { ...this.#byKey(request.wallet)(), ...fields, id } as never
        const outcome = await this.#client.ask((edge) =>
          edge.gateway.payByCommand(request.wallet, id, { op, fields: all, evidence }),
        )
        const answer = outcome === undefined ? undefined : this.#lastWord(outcome)
        if (answer !== undefined) return tooOld.has(answer.outcome) ? { outcome: 'forgotten', place: '' } : answer
        await this.#pauseBeforeTrying()
      }
    }
    return { request, run }
  }

  #lastWord(result: PaymentResult): Answer | undefined {
    if (result.kind === 'journal-away') return { outcome: 'forgotten', place: '' }
    if (result.kind !== 'final' || ofTheMoment.has(result.refusal)) return undefined
    const { refusal, executed } = result
    const outcome = refusal === 'accepted' ? 'done' : refusal
    return {
      outcome: this.#world.mistakes.heard(outcome),
      place: refusalTable[refusal].remembered ? placeOf(executed) : '',
    }
  }

  #saga(kind: SagaView['kind'], fen: number): Promise<void> {
    const { number, link } = this.#wallet!
    return this.#do(this.#banking.saga(kind, fen, number, link))
  }

  async #rotate(): Promise<void> {
    const { number, shard } = this.#wallet!
    this.#rotating = true
    const version = this.#keyVersion + 1
    const key = simulatedKey(this.#name, version)
    const change = { wallet: number, cause: keyCauses.rotate, algorithm: keyAlgorithms.ecdsaP256, key }
    await this.#command(shard, 'walletKey', change, this.#byKey(number))
    this.#keyVersion = version
    this.#rotating = false
  }
}
