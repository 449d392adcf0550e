import { newId, sign9421, signPayment, type WalletKey, walletSigner } from '../../edge/client/node.ts'
import type { RequestSigner } from '../../edge/client/requests.ts'
import { seededRandom } from '../demo/transfers.ts'
import { type Profile, payrollRecords, type RequestKind } from './profiles.ts'

export type Payer = {
  readonly walletId: string
  readonly key: WalletKey
  /** That owns the wallet's shard. Needed where payments go between regions. */
  readonly region?: string
}

/** One request, signed: nothing is left to do but to send these bytes. */
export type PreparedRequest = {
  readonly kind: RequestKind
  readonly dueMs: number
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The status that the final answer must have. */
  readonly status: number
}

export type Preparation = {
  readonly profile: Profile
  /** At least two; the first is the hot one. Each must be of a class that has a limit for one payment. */
  readonly wallets: readonly Payer[]
  /** The wallets' own, which signs their payrolls; needed when the profile has any. */
  readonly institution?: RequestSigner
  readonly edgeUrl: string
  /** When the run begins: ids and signatures carry the time at which they are due. */
  readonly startsAtMs: number
  readonly seed: number
}

const currency = 'CNY-DC'
const amount = '0.01'
/** More than a wallet of class II, III or IV may pay at once. */
const amountOverLimit = '50000.01'
const refusedStatus = 422
/** How far back a repeated payment lies at most. */
const repeatOfLast = 50
/** Number under which the institution keeps an employer's authorisation. */
const authorisation = 1

/** Makes the requests of a run one after the other, each from its place in the schedule. */
export function requestMaker(preparation: Preparation): (dueMs: number) => PreparedRequest {
  const { profile, wallets, institution, edgeUrl, startsAtMs, seed } = preparation
  if (wallets.length < 2) throw new Error('a load needs at least two wallets')
  if (profile.betweenRegions && new Set(wallets.map(({ region }) => region)).size < 2) {
    throw new Error(
      'payments between regions need wallets of both: move shards to the other region, or open more wallets',
    )
  }
  const random = seededRandom(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const kinds = Object.entries(profile.mix) as [RequestKind, number][]
  const paid: PreparedRequest[] = []

  const anyPayer = (): number => (below(100) < profile.hotPayerPercent ? 0 : below(wallets.length))
  const mayPay = (payer: number, payee: number): boolean =>
    profile.betweenRegions ? wallets[payer]!.region !== wallets[payee]!.region : payer !== payee
  const payeeOf = (payer: number, wanted = below(wallets.length)): number => {
    let payee = wanted
    while (!mayPay(payer, payee)) payee = below(wallets.length)
    return payee
  }

  const payment = (kind: 'pay' | 'refused', dueMs: number): PreparedRequest => {
    const payer = anyPayer()
    const payee = payeeOf(payer, below(100) < profile.hotPayeePercent ? 0 : below(wallets.length))
    const atMs = Math.floor(startsAtMs + dueMs)
    const text = {
      payment_id: newId(atMs),
      payer_wallet: wallets[payer]!.walletId,
      payee_wallet: wallets[payee]!.walletId,
      amount: kind === 'refused' ? amountOverLimit : amount,
      currency,
      timestamp: new Date(atMs).toISOString(),
    }
    return {
      kind,
      dueMs,
      method: 'POST',
      path: '/v1/payments',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(signPayment(text, wallets[payer]!.key)),
      status: kind === 'refused' ? refusedStatus : 200,
    }
  }

  const payroll = (dueMs: number): PreparedRequest => {
    if (institution === undefined) throw new Error('a payroll is signed by an institution, and none is given')
    const employer = anyPayer()
    const atMs = Math.floor(startsAtMs + dueMs)
    const header = { batch_id: newId(atMs), requested_at: new Date(atMs).toISOString(), atomic: false }
    const payer_wallet = wallets[employer]!.walletId
    const records = Array.from({ length: payrollRecords }, () => {
      return { payer_wallet, payee_wallet: wallets[payeeOf(employer)]!.walletId, amount, authorisation }
    })
    const body = [header, ...records].map((line) => `${JSON.stringify(line)}\n`).join('')
    const path = '/v1/payment-batches'
    const plain = { 'content-type': 'application/x-ndjson' }
    const signed = sign9421(institution, 'POST', new URL(path, edgeUrl), Buffer.from(body), startsAtMs + dueMs)
    return { kind: 'payroll', dueMs, method: 'POST', path, headers: { ...plain, ...signed }, body, status: 200 }
  }

  const balance = (dueMs: number): PreparedRequest => {
    const { walletId, key } = wallets[below(wallets.length)]!
    const path = `/v1/wallets/${walletId}`
    const plain = { accept: 'application/json' }
    const signer = walletSigner(walletId, key)
    const signed = sign9421(signer, 'GET', new URL(path, edgeUrl), new Uint8Array(0), startsAtMs + dueMs)
    return { kind: 'balance', dueMs, method: 'GET', path, headers: { ...plain, ...signed }, body: '', status: 200 }
  }

  return (dueMs) => {
    const kind = kindAt(kinds, below(100))
    if (kind === 'balance') return balance(dueMs)
    if (kind === 'payroll') return payroll(dueMs)
    if (kind === 'repeat' && paid.length > 0) return { ...paid[below(paid.length)]!, kind, dueMs }
    const made = payment(kind === 'refused' ? 'refused' : 'pay', dueMs)
    if (made.kind === 'pay') paid.push(made)
    if (paid.length > repeatOfLast) paid.shift()
    return made
  }
}

function kindAt(kinds: readonly [RequestKind, number][], percent: number): RequestKind {
  let below = 0
  for (const [kind, parts] of kinds) {
    below += parts
    if (percent < below) return kind
  }
  throw new Error('the parts of a mix must add up to 100')
}

/** A request as the bytes of HTTP/1.1. */
export function requestBytes({ method, path, headers, body }: PreparedRequest, host: string): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${host}`]
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
  if (body !== '') lines.push(`content-length: ${Buffer.byteLength(body)}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'utf8')
}
