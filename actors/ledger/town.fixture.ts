import { encodeBatch, encodeCommand, encodePayments, encodeTransit, joinBodies } from './frameBuilder.ts'
import { bodyViews, type FrameInput } from './frameInput.ts'
import { numberOf, serialFirst, walletKinds } from './ids.ts'
import { betweenRound } from './money.ts'
import { fenOf, headOf, uuidAt, type Wallet } from './paper.fixture.ts'
import {
  batchFlags,
  type CommandOp,
  frameKinds,
  keyAlgorithms,
  linkTypes,
  principalRoles,
  rechargeSteps,
  senders,
  signers,
} from './records.ts'
import { type Answer, type Completion, type FrameResult, Shard } from './shard.fixture.ts'
import { viewWallet, type WalletView } from './views.ts'

type Sender = Partial<
  Pick<
    FrameInput,
    'sender' | 'senderNumber' | 'incarnation' | 'counter' | 'senderClockMs' | 'stampMs' | 'kind' | 'count'
  >
>

export const institution = 1
export const operator = 9
export const otherInstitution = 2
/** 2026-03-02 09:00 in Shanghai, a Monday. */
export const mondayMorningMs = 1_772_413_200_000

export type TownOptions = { shards?: number; walletsMax?: number; idsMax?: number; startMs?: number }
export type OpenOptions = {
  shard?: number
  class?: number
  kyc?: number
  kind?: number
  yuan?: string
  userOf?: string
  institution?: number
}
export type PayOptions = {
  id?: Uint8Array
  digest?: number
  keyVersion?: number
  requestedMs?: number
  token?: number
  payeeNumber?: number
  fen?: number
  device?: number
}

/** A record of a batch as tests write it. */
export type BatchLine = { payer: string; payee: string; fen: number; authorisation?: number; payeeNumber?: number }
export type BatchOptions = {
  id?: Uint8Array
  digest?: number
  institution?: number
  atomic?: boolean
  requestedMs?: number
  token?: number
}

/** Several shards whose frames and transit records are carried by hand, so that a test decides what arrives and when. */
export class Town {
  readonly shards: Shard[]
  readonly wallets = new Map<string, Wallet>()
  nowMs: number
  #serial = 0
  #counter = 0
  #buckets = 0

  constructor({ shards = 2, walletsMax = 256, idsMax = 4_096, startMs = mondayMorningMs }: TownOptions = {}) {
    this.nowMs = startMs
    this.shards = Array.from({ length: shards }, (_, shard) => {
      const hashKey = Uint8Array.from({ length: 16 }, (_, i) => i * 7 + shard)
      const genesis = encodeCommand('genesis', { ...headOf(), shard, shardCount: shards, walletsMax, idsMax, hashKey })
      const principals = [
        [institution, principalRoles.institution],
        [otherInstitution, principalRoles.institution],
        [operator, principalRoles.operator],
      ] as const
      const bodies = principals.map(([number, role]) =>
        encodeCommand('principalPut', { ...headOf(), number, role, active: 1, publicKey: new Uint8Array(32) }),
      )
      const body = joinBodies([genesis, ...bodies])
      return new Shard(
        this.frame(1, body, frameKinds.commands, 1 + bodies.length, { sender: senders.operator, senderNumber: 0 }),
      )
    })
  }

  wait(ms: number): void {
    this.nowMs += ms
  }

  wallet(name: string): Wallet {
    const wallet = this.wallets.get(name)
    if (wallet === undefined) throw new Error(`no wallet of ${name}`)
    return wallet
  }

  id(): Uint8Array {
    this.#serial += 1
    return uuidAt(this.nowMs, this.#serial)
  }

  frame(seq: number, body: Uint8Array, kind: number, count: number, from: Sender = {}): FrameInput {
    this.#counter += 1
    return {
      seq,
      stampMs: this.nowMs,
      kind,
      sender: senders.edge,
      senderNumber: 1,
      incarnation: 1_000,
      counter: this.#counter,
      senderClockMs: this.nowMs,
      count,
      ...from,
      ...bodyViews(body),
    }
  }

  submit(shard: number, body: Uint8Array, kind: number, count: number, from: Sender = {}): FrameResult {
    const target = this.shards[shard]!
    const seq = target.log.at(-1)!.seq + 1
    const result = target.apply(this.frame(seq, body, kind, count, from))
    this.checkMoney()
    return result
  }

  /** One command in a frame of its own. */
  command<K extends CommandOp>(
    shard: number,
    name: K,
    fields: Parameters<typeof encodeCommand<K>>[1],
    from: Sender = {},
  ): Answer & { sagas: number[] } {
    const { answers, sagas } = this.submit(shard, encodeCommand(name, fields), frameKinds.commands, 1, from)
    return { ...answers[0]!, sagas }
  }

  byInstitution(principal = institution): ReturnType<typeof headOf> {
    return headOf({ signer: signers.institution, principal, actor: principal, id: this.id() })
  }

  byOperator(): ReturnType<typeof headOf> {
    return headOf({ signer: signers.operator, principal: operator, actor: operator, id: this.id() })
  }

  byWallet(name: string): ReturnType<typeof headOf> {
    const { number, keyVersion } = this.wallet(name)
    return headOf({ signer: signers.walletKey, keyVersion, actor: number, id: this.id() })
  }

  #bucketIn(shard: number): number {
    this.#buckets += 1
    return shard + this.#buckets * this.shards.length
  }

  /** Opens a user (unless `userOf` names one), a wallet and a linked account, and puts money in. */
  open(name: string, o: OpenOptions = {}): Wallet {
    const shard = o.userOf === undefined ? (o.shard ?? 0) : this.wallet(o.userOf).shard
    const by = (): ReturnType<typeof headOf> => this.byInstitution(o.institution)
    const user =
      o.userOf === undefined
        ? this.command(shard, 'userOpen', { ...by(), bucket: this.#bucketIn(shard), kyc: o.kyc ?? 1 }).value
        : this.wallet(o.userOf).user
    const key = Uint8Array.from({ length: 33 }, (_, i) => (i === 0 ? 2 : i))
    const opened = this.command(shard, 'walletOpen', {
      ...by(),
      user,
      class: o.class ?? 1,
      kind: o.kind ?? walletKinds.personal,
      algorithm: keyAlgorithms.ecdsaP256,
      key,
    })
    if (opened.refusal !== 'accepted') throw new Error(`${name}: ${opened.refusal}`)
    const wallet = { name, number: opened.value, user, shard, keyVersion: 1, link: 0 }
    this.wallets.set(name, wallet)
    wallet.link = this.link(name, `account of ${name}`)
    if (o.yuan !== undefined) this.fund(name, o.yuan)
    return wallet
  }

  link(name: string, account: string, limitYuan = '90000000000000.00'): number {
    const masked = new TextEncoder().encode(account.slice(0, 32))
    return this.command(this.wallet(name).shard, 'linkOpen', {
      ...this.byWallet(name),
      wallet: this.wallet(name).number,
      limit: fenOf(limitYuan),
      fingerprint: new TextEncoder().encode(account.slice(-8)),
      type: linkTypes.bank,
      masked,
      maskedLength: masked.length,
      sealed: Uint8Array.of(1, 2, 3),
      sealedLength: 3,
    }).value
  }

  /** A recharge that goes well from end to end. */
  fund(name: string, yuan: string): void {
    const { id } = this.recharge(name, yuan)
    const settled = this.rechargeStep(name, id, rechargeSteps.settled)
    if (settled.refusal !== 'accepted') throw new Error(`${name} could not be given ${yuan}: ${settled.refusal}`)
  }

  recharge(name: string, yuan: string, link = this.wallet(name).link): { id: Uint8Array; answer: Answer } {
    const head = this.byWallet(name)
    const { number, shard } = this.wallet(name)
    const request = {
      ...head,
      wallet: number,
      amount: fenOf(yuan),
      link,
      tokenLength: 0,
      sealedToken: new Uint8Array(),
    }
    return { id: head.id, answer: this.command(shard, 'rechargeRequest', request) }
  }

  rechargeStep(name: string, id: Uint8Array, step: number, reason = 0): Answer {
    const { number, shard } = this.wallet(name)
    const head = headOf({ signer: signers.connector, actor: number, id })
    return this.command(shard, 'rechargeStep', { ...head, wallet: number, step, reason }, { sender: senders.connector })
  }

  redeem(name: string, yuan: string, link = this.wallet(name).link): { id: Uint8Array; answer: Answer } {
    const head = this.byWallet(name)
    const { number, shard } = this.wallet(name)
    const answer = this.command(shard, 'redemptionRequest', { ...head, wallet: number, amount: fenOf(yuan), link })
    return { id: head.id, answer }
  }

  redemptionStep(name: string, id: Uint8Array, step: number, reason = 0): Answer {
    const { number, shard } = this.wallet(name)
    const head = headOf({ signer: signers.connector, actor: number, id })
    const from = { sender: senders.connector }
    return this.command(shard, 'redemptionStep', { ...head, wallet: number, step, reason }, from)
  }

  payment(payer: string, payee: string, yuan: string, o: PayOptions = {}): Parameters<typeof encodePayments>[0][0] {
    const from = this.wallet(payer)
    return {
      keyVersion: o.keyVersion ?? from.keyVersion,
      payer: from.number,
      payee: o.payeeNumber ?? this.wallet(payee).number,
      amount: o.fen ?? fenOf(yuan),
      id: o.id ?? this.id(),
      digestHigh: o.digest ?? 7,
      digestLow: 11,
      requestedMs: o.requestedMs ?? this.nowMs,
      token: o.token ?? 1,
      device: o.device ?? 0,
    }
  }

  pay(payer: string, payee: string, yuan: string, o: PayOptions = {}, from: Sender = {}): Answer {
    const body = encodePayments([this.payment(payer, payee, yuan, o)])
    return this.submit(this.wallet(payer).shard, body, frameKinds.payments, 1, from).answers[0]!
  }

  /** Payments in one frame, answered in its order. */
  batch(shard: number, payments: readonly ReturnType<Town['payment']>[], from: Sender = {}): Answer[] {
    return this.submit(shard, encodePayments(payments), frameKinds.payments, payments.length, from).answers
  }

  /** The part of an institution's batch that one shard carries out. */
  payBatch(shard: number, lines: readonly BatchLine[], o: BatchOptions = {}, from: Sender = {}): FrameResult {
    const header = {
      id: o.id ?? this.id(),
      digestHigh: o.digest ?? 7,
      digestLow: 11,
      institution: o.institution ?? institution,
      flags: o.atomic === true ? batchFlags.atomic : 0,
      requestedMs: o.requestedMs ?? this.nowMs,
      token: o.token ?? 1,
    }
    const records = lines.map((line, index) => ({
      payer: this.wallet(line.payer).number,
      payee: line.payeeNumber ?? this.wallet(line.payee).number,
      amount: line.fen,
      authorisation: line.authorisation ?? 77,
      index,
    }))
    return this.submit(shard, encodeBatch(header, records), frameKinds.batch, lines.length, from)
  }

  view(name: string): WalletView {
    const { shard, number } = this.wallet(name)
    return viewWallet(this.shards[shard]!.ledger.state, number)!
  }

  /** Puts transit records `first` to `first + count - 1` of a lane into the destination's log, as a host would. */
  carry(source: number, destination: number, first?: number, count?: number, from: Sender = {}): FrameResult {
    const { state } = this.shards[source]!.ledger
    const lane = state.lanes[destination]!
    const at = first ?? this.shards[destination]!.ledger.state.received[source]!
    const carried = count ?? lane.next - at
    const body = encodeTransit(source, state.incarnation, lane, at, carried)
    const sender = { sender: senders.shard, senderNumber: source, incarnation: 2_000 + source, ...from }
    return this.submit(destination, body, frameKinds.transit, carried, sender)
  }

  /** Carries everything until no shard owes another anything. Returns whom the shards told of an end. */
  settle(): Completion[] {
    const completions: Completion[] = []
    for (let round = 0; this.inTransit() > 0 || round === 0; round++) {
      if (round > 100) throw new Error('what is in transit does not arrive')
      for (const [source, { ledger }] of this.shards.entries()) {
        for (const [destination, lane] of ledger.state.lanes.entries()) {
          const received = this.shards[destination]!.ledger.state.received[source]!
          if (lane.next > received) completions.push(...this.carry(source, destination).completions)
        }
      }
    }
    return completions
  }

  balance(name: string): number {
    const { shard, number } = this.wallet(name)
    const { state } = this.shards[shard]!.ledger
    return state.accounts.balance(state.walletRows.row(number))
  }

  inTransit(): number {
    return this.shards.reduce((sum, { ledger: { state } }, shard) => {
      const owed = state.lanes.map((lane, peer) => lane.next - this.shards[peer]!.ledger.state.received[shard]!)
      return sum + owed.reduce((all, records) => all + records, 0)
    }, 0)
  }

  /** Σ wallets + in transit + in redemption = Σ issued, and every running sum equals its recount. */
  checkMoney(): void {
    let sum = 0
    for (const { ledger } of this.shards) {
      const { state } = ledger
      state.audit()
      const { books, accounts, wallets } = state
      for (let row = 0; row < wallets.count; row++) sum += accounts.balance(row)
      sum += books.held
      for (const fen of books.redeeming) sum += fen
      for (const fen of books.issuance) sum += fen
      for (const [peer, { ledger: other }] of this.shards.entries()) {
        sum += betweenRound(books.transitOut[peer]!, other.state.books.transitIn[state.genesis.shard]!)
      }
    }
    if (sum !== 0) throw new Error(`the town's money is off by ${sum} fen`)
  }

  /** A wallet number of a shard that nobody has. */
  strangerIn(shard: number): number {
    return numberOf(shard + this.shards.length * 1_000, serialFirst + 99)
  }
}
