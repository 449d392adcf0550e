import { readFileSync } from 'node:fs'
import type { RegionFacts } from '../../deploy/runningRegion.ts'
import {
  ApiProblem,
  type Client,
  createClient,
  newId,
  newWalletKey,
  nodeExchange,
  OutcomeUnknown,
  principalSigner,
  signPayment,
  type WalletKey,
  walletSigner,
} from '../../edge/client/node.ts'
import { fenOf, yuanText } from './amounts.ts'
import type { History, Movement, Read } from './history.ts'

export type Customer = {
  walletId: string
  key: WalletKey
  shard: number
  accountNo: string
  authToken: string
}

/** Tries of one request, and how long all of them may take. */
type Patience = { triesMax: number; timeoutMs: number; pauseMinMs: number; pauseMaxMs: number }
/** While things fail: soon unknown, so that many outcomes are, and must be found out later. */
const hasty: Patience = { triesMax: 3, timeoutMs: 3_000, pauseMinMs: 50, pauseMaxMs: 300 }
const atOnce: Patience = { triesMax: 1, timeoutMs: 1_000, pauseMinMs: 0, pauseMaxMs: 0 }
/** Before and after the faults. */
const patient: Patience = { triesMax: 40, timeoutMs: 10_000, pauseMinMs: 50, pauseMaxMs: 1_000 }

const connectionsMax = 64
const bankBalance = '100000.00'
const linkLimit = '50000.00'
const customersMax = 64
const pendingPauseMs = 100
const settleWithinMs = 60_000
const entriesPerPage = 500

/** What it takes to send a movement again, the same in every byte. */
type Request = { path: string; body: Record<string, unknown>; by: number | undefined }

export type Haste = 'hasty' | 'at-once' | 'patient'

/**
 * Customers of a region with wallets in every shard. Whatever they ask and are told goes into the history, and every
 * request can be sent again under its id.
 */
export class Customers {
  readonly history: History
  readonly customers: Customer[] = []
  readonly #clients: Record<Haste, Client>
  readonly #requests = new Map<string, Request>()
  readonly #facts: RegionFacts

  constructor(facts: RegionFacts, history: History) {
    this.#facts = facts
    this.history = history
    const exchange = nodeExchange(facts.edgeUrl, readFileSync(facts.caFile), connectionsMax)
    const clientWith = (patience: Patience): Client => createClient(facts.edgeUrl, exchange, patience)
    this.#clients = { hasty: clientWith(hasty), 'at-once': clientWith(atOnce), patient: clientWith(patient) }
  }

  /** Opens wallets until each shard has `perShard`, and recharges each. */
  async open(perShard: number, fen: number): Promise<void> {
    const { shardCount } = this.#facts
    const missing = new Map(Array.from({ length: shardCount }, (_, shard) => [shard, perShard]))
    for (let opened = 0; missing.size > 0; opened++) {
      if (opened === customersMax)
        throw new Error(`${opened} wallets were opened, and shards ${[...missing.keys()]} got none`)
      const customer = await this.#openOne()
      const left = missing.get(customer.shard)
      if (left === undefined) continue
      this.customers.push(customer)
      if (left === 1) missing.delete(customer.shard)
      else missing.set(customer.shard, left - 1)
    }
    const recharges = await Promise.all(
      this.customers.map((_, wallet) => this.move('recharge', wallet, fen, 'patient')),
    )
    const failed = recharges.find(({ outcome }) => outcome !== 'ok')
    if (failed !== undefined)
      throw new Error(`a customer got no money to begin with: ${failed.answer ?? failed.outcome}`)
  }

  async #openOne(): Promise<Customer> {
    const client = this.#clients.patient
    const institution = principalSigner('institution:1', readFileSync(this.#facts.institutionKeyFile, 'utf8'))
    const user = await client.call(institution, 'POST', '/v1/users', { kyc_level: 3, request_id: newId() })
    const key = newWalletKey()
    const opening = { user_id: user.body.user_id, class: 3, kind: 'personal', public_key: key.publicKeyHex }
    const opened = await client.call(institution, 'POST', '/v1/wallets', { ...opening, request_id: newId() })
    const walletId = String(opened.body.wallet_id)
    const { accountNo, authToken } = await this.#openAccount()
    const link = { account_type: 'bank', account_no: accountNo, balance_limit: linkLimit, request_id: newId() }
    const signer = walletSigner(walletId, key)
    await client.call(signer, 'POST', `/v1/wallets/${walletId}/linked-accounts`, link)
    const { body } = await client.call(signer, 'GET', `/v1/wallets/${walletId}`)
    return { walletId, key, accountNo, authToken, shard: (body.as_of as { shard: number }).shard }
  }

  async #openAccount(): Promise<{ accountNo: string; authToken: string }> {
    const response = await fetch(`${this.#facts.bankUrl}/account-batches`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ accounts: [{ kind: 'bank', balance: bankBalance }] }),
      signal: AbortSignal.timeout(10_000),
    })
    if (!response.ok) throw new Error(`the sandbox bank opened no account: ${response.status}`)
    const { accounts } = (await response.json()) as { accounts: [{ account_no: string; auth_token: string }] }
    return { accountNo: accounts[0].account_no, authToken: accounts[0].auth_token }
  }

  async pay(payer: number, payee: number, fen: number, haste: Haste): Promise<Movement> {
    const [from, to] = [this.customers[payer]!, this.customers[payee]!]
    const id = newId()
    const body = signPayment(
      {
        payment_id: id,
        payer_wallet: from.walletId,
        payee_wallet: to.walletId,
        amount: yuanText(fen),
        currency: 'CNY-DC',
        timestamp: new Date().toISOString(),
      },
      from.key,
    )
    this.#requests.set(id, { path: '/v1/payments', body, by: undefined })
    const movement = this.history.begin<Movement>({ kind: 'payment', id, payer, payee, fen })
    await this.ask(movement, haste)
    return movement
  }

  async move(kind: 'recharge' | 'redemption', wallet: number, fen: number, haste: Haste): Promise<Movement> {
    const { walletId, accountNo, authToken } = this.customers[wallet]!
    const id = newId()
    const body = { tx_id: id, wallet_id: walletId, account_no: accountNo, amount: yuanText(fen) }
    const request = kind === 'recharge' ? { ...body, auth_token: authToken } : body
    this.#requests.set(id, { path: `/v1/${kind}s`, body: request, by: wallet })
    const movement = this.history.begin<Movement>({ kind, id, wallet, fen })
    await this.ask(movement, haste)
    return movement
  }

  /** Asks for a movement under its id; what comes of it goes into the history. */
  async ask(movement: Movement, haste: Haste): Promise<void> {
    const outcome = await this.#answerOf(movement.id, haste)
    if (outcome.kind === 'unknown') return this.history.end(movement, 'unknown')
    movement.answer = outcome.answer
    if (movement.kind === 'payment' && outcome.place !== undefined) movement.executed = outcome.place
    this.history.end(movement, outcome.kind)
  }

  async #answerOf(id: string, haste: Haste): Promise<Answered> {
    const { path, body, by } = this.#requests.get(id)!
    const customer = by === undefined ? undefined : this.customers[by]!
    const signer = customer && walletSigner(customer.walletId, customer.key)
    try {
      const { status, raw, body: answer } = await this.#clients[haste].call(signer, 'POST', path, body)
      if (status === 202) return { kind: 'unknown' }
      return answered('ok', Buffer.from(raw).toString(), answer)
    } catch (error) {
      if (error instanceof OutcomeUnknown) return { kind: 'unknown' }
      if (!(error instanceof ApiProblem)) throw error
      // Busy, away, or worse: nothing that is said of a movement in such words is its end.
      if (error.status === 429 || error.status >= 500) return { kind: 'unknown' }
      return answered('refused', JSON.stringify(error.problem), error.problem)
    }
  }

  /** Asks for everything that nobody answered, until each has its outcome or time is up. */
  async settle(): Promise<void> {
    const deadlineMs = performance.now() + settleWithinMs
    const open = this.history.movements().filter(({ outcome }) => outcome === 'unknown')
    await Promise.all(
      open.map(async (movement) => {
        while (movement.outcome === 'unknown' && performance.now() < deadlineMs) {
          await this.ask(movement, 'patient')
          if (movement.outcome === 'unknown') await new Promise((resolve) => setTimeout(resolve, pendingPauseMs))
        }
      }),
    )
  }

  /** Asks once more for each movement whose answer binds, under the same id. */
  async askAgain(): Promise<{ id: string; answer: string }[]> {
    const repeats: { id: string; answer: string }[] = []
    const binding = this.history.movements().filter(({ outcome, answer }) => outcome === 'ok' || isBinding(answer))
    await inParallel(binding, async ({ id }) => {
      const again = await this.#answerOf(id, 'patient')
      repeats.push({ id, answer: again.kind === 'unknown' ? 'no answer' : again.answer })
    })
    return repeats
  }

  async read(wallet: number, haste: Haste): Promise<Read> {
    const { walletId, key } = this.customers[wallet]!
    const read = this.history.begin<Read>({ kind: 'read', wallet })
    try {
      const { body } = await this.#clients[haste].call(walletSigner(walletId, key), 'GET', `/v1/wallets/${walletId}`)
      const { shard, seq } = body.as_of as { shard: number; seq: number }
      read.seen = { balanceFen: fenOf(String(body.balance)), at: { shard, seq } }
      this.history.end(read, 'ok')
    } catch (error) {
      if (!(error instanceof OutcomeUnknown) && !(error instanceof ApiProblem)) throw error
      this.history.end(read, 'unknown')
    }
    return read
  }

  /** The journal's list of a wallet, and how far it has followed. @throws ApiProblem, OutcomeUnknown */
  async entries(
    wallet: number,
    haste: Haste,
  ): Promise<{ entries: { id: string; fen: number }[]; followedSeq: number }> {
    const { walletId, key } = this.customers[wallet]!
    const entries: { id: string; fen: number }[] = []
    let followedSeq = 0
    for (let cursor = ''; ; ) {
      const path = `/v1/wallets/${walletId}/entries?limit=${entriesPerPage}${cursor && `&cursor=${cursor}`}`
      const { body } = await this.#clients[haste].call(walletSigner(walletId, key), 'GET', path)
      const page = body.entries as { id: string; amount: string }[]
      entries.push(...page.map(({ id, amount }) => ({ id, fen: fenOf(amount) })))
      followedSeq ||= (body.followed as { seq: number }).seq
      if (body.next_cursor === null) return { entries, followedSeq }
      cursor = String(body.next_cursor)
    }
  }
}

type Answered =
  | { kind: 'unknown' }
  | { kind: 'ok' | 'refused'; answer: string; place: { shard: number; seq: number } | undefined }

function answered(kind: 'ok' | 'refused', answer: string, body: Record<string, unknown>): Answered {
  const position = body.position as { shard: number; seq: number } | undefined
  return { kind, answer, place: position && { shard: position.shard, seq: position.seq } }
}

/** A refusal that says where it was judged is final under its id; another may turn out otherwise next time. */
const isBinding = (answer: string | undefined): boolean => answer?.includes('"position":') ?? false

const width = 16

export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!)
  }
  await Promise.all(Array.from({ length: width }, lane))
}
