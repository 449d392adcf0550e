import { noNumber } from '../../actors/ledger/numberedRows.ts'
import { keyAlgorithms } from '../../actors/ledger/records.ts'
import { refusalOf } from '../../actors/ledger/refusals.ts'
import type { Assertion, Evidence } from '../../actors/log/evidence.ts'
import { AssertionError, assertedBytes, checkAssertion } from '../auth/assertion.ts'
import type { RateLimits } from '../auth/rateLimits.ts'
import type { Site } from '../auth/site.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { PaymentOutcome } from '../gateway/paymentTracker.ts'
import type { WalletKey } from '../gateway/walletKeys.ts'
import { Failure } from './failure.ts'
import type { Journal } from './journal.ts'
import { orderNoIn } from './orderNo.ts'
import type { Origin } from './origin.ts'

/** A payment as its payer signed it: form checked, signature not yet. */
export type SignedPayment = {
  readonly payer: number
  /** Personal or merchant, as the payer's id was written. */
  readonly payerKind: number
  readonly payee: number
  readonly amountFen: number
  readonly id: Uint8Array
  readonly requestedMs: number
  /** The merchant's number of the order that is paid. */
  readonly order?: string | undefined
  /** The bytes that were signed, and their SHA-256. */
  readonly canonical: Uint8Array
  readonly digest: Uint8Array
  readonly signature: Uint8Array
  /** What a passkey signed in place of the canonical bytes. */
  readonly assertion?: Assertion | undefined
}

/** Checks a signature of a wallet's key. */
export type VerifySignature = (key: WalletKey, message: Uint8Array, signature: Uint8Array) => Promise<boolean>

export type PaymentResult =
  | PaymentOutcome
  /** No wallet with this number has a key that made this signature: which of the two it is is not told. */
  | { readonly kind: 'not-signed' }
  /** The id is past what the ledger remembers, and the journal that remembers longer does not answer now. */
  | { readonly kind: 'journal-away' }

/** What an unknown payer's signature is checked against, so that it takes as long as a known one's. The curve's base point. */
export const decoyKey: WalletKey = {
  algorithm: 1,
  key: Buffer.from('036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296', 'hex'),
  keyVersion: 0,
  kind: 0,
}

function signedBytes({ assertion, canonical }: SignedPayment): Uint8Array {
  return assertion === undefined ? canonical : assertedBytes(assertion)
}

/** A passkey signs through an authenticator, which vouches that its person was verified; another key must not say so. */
function fitsKey({ assertion }: SignedPayment, { algorithm }: WalletKey): boolean {
  return (algorithm === keyAlgorithms.webauthnP256) === (assertion !== undefined)
}

/** Takes signed payments to the ledger and brings back what became of them. */
export class PaymentDesk {
  readonly #gateway: Gateway
  readonly #verify: VerifySignature
  readonly #journal: Journal
  readonly #limits: RateLimits
  readonly #site: Site

  constructor(gateway: Gateway, verify: VerifySignature, journal: Journal, limits: RateLimits, site: Site) {
    this.#gateway = gateway
    this.#verify = verify
    this.#journal = journal
    this.#limits = limits
    this.#site = site
  }

  /**
   * @throws ShardUnavailable when the payer's key is not known here and cannot be asked for; Failure `rate-limited`, or
   * `not-signed` when a passkey was asked for something else than this payment
   */
  async pay(payment: SignedPayment, origin: Origin): Promise<PaymentResult> {
    if (payment.assertion !== undefined) this.#checkAssertion(payment.assertion, payment.digest)
    const first = await this.#once(payment, origin)
    if (first.kind !== 'final') return first
    if (first.refusal === 'key-not-current') {
      // The key was replaced after we had read it: the newer one decides, under the same id in a new frame.
      this.#gateway.walletKeys.drop(payment.payer)
      const second = await this.#once(payment, origin)
      return second.kind === 'final' && second.refusal === 'key-not-current' ? { kind: 'not-signed' } : second
    }
    if (first.refusal === 'id-seen' || first.refusal === 'id-expired') return this.#fromJournal(payment, first)
    return first
  }

  async #once(payment: SignedPayment, origin: Origin): Promise<PaymentResult> {
    const found = this.#gateway.walletKeys.get(payment.payer)
    const key = found instanceof Promise ? await found : found
    const valid = await this.#verify(key ?? decoyKey, signedBytes(payment), payment.signature)
    if (key === undefined || key.kind !== payment.payerKind) return { kind: 'not-signed' }
    if (!valid || !fitsKey(payment, key)) return this.#notSigned(payment, key, origin)
    return this.#submit(payment, key, origin)
  }

  /** A signature that fails under a key we have held for long may be good under a newer one. */
  async #notSigned(payment: SignedPayment, key: WalletKey, origin: Origin): Promise<PaymentResult> {
    const newest = await this.#gateway.walletKeys.again(payment.payer, key)
    if (newest === undefined || newest.keyVersion === key.keyVersion) return { kind: 'not-signed' }
    const valid = await this.#verify(newest, signedBytes(payment), payment.signature)
    return valid && fitsKey(payment, newest) ? this.#submit(payment, newest, origin) : { kind: 'not-signed' }
  }

  #checkAssertion(assertion: Assertion, digest: Uint8Array): void {
    try {
      checkAssertion(assertion, digest, this.#site)
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error
      throw new Failure('not-signed', { fields: [{ field: `webauthn.${error.part}`, message: error.message }] })
    }
  }

  async #submit(payment: SignedPayment, key: WalletKey, origin: Origin): Promise<PaymentOutcome> {
    const admission = this.#limits.wallet(payment.payer)
    if (!admission.admitted) throw new Failure('rate-limited', { retryAfterS: admission.retryAfterS })
    const { payer, payee, amountFen, id, requestedMs, digest, signature, assertion } = payment
    const evidence: Evidence = { digest, signature, assertion, algorithm: key.algorithm, ...origin }
    const order = payment.order === undefined ? undefined : await this.#orderNumber(payee, payment.order)
    const { keyVersion } = key
    return this.#gateway.pay({ payer, payee, amountFen, id, requestedMs, keyVersion, evidence, order })
  }

  /**
   * What other shards call the order. One that its shard does not know goes to the ledger all the same: the payment may
   * have been made when it was known, and then is answered as it was.
   */
  async #orderNumber(payee: number, order: string): Promise<number> {
    const { result } = await this.#gateway.ask(payee, { type: 'order', wallet: payee, orderNo: orderNoIn(order) })
    return result?.order ?? noNumber
  }

  /** The ledger will not run this id any more; what it once came to stands in the journal. */
  async #fromJournal(payment: SignedPayment, refused: PaymentOutcome): Promise<PaymentResult> {
    const found = await this.#journal.payment(payment.payer, payment.id)
    if (found.kind === 'away') return { kind: 'journal-away' }
    if (found.kind === 'none') return refused
    const { record } = found
    const same = Buffer.compare(record.digest, payment.digest.subarray(0, record.digest.length)) === 0
    if (!same) return { kind: 'final', refusal: 'id-reused', executed: record.executed }
    if (!record.complete) return { kind: 'pending', executed: record.executed }
    return { kind: 'final', refusal: refusalOf(record.code), executed: record.executed }
  }
}
