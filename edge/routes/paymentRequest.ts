import { isDate } from '../../actors/ledger/businessTime.ts'
import { parseCommandId, parseWalletId } from '../../actors/ledger/ids.ts'
import type { Assertion } from '../../actors/log/evidence.ts'
import { type AssertionPart, authenticatorBytesMax, clientBytesMax } from '../auth/assertion.ts'
import { canonicalPayment, sha256 } from '../wire/canonical.ts'
import { badField, Failure, shownName } from './failure.ts'
import { amountFen, yuanText } from './fields.ts'
import { isOrderNo, orderNoMessage } from './orderNo.ts'
import type { SignedPayment } from './paymentDesk.ts'

export const currency = 'CNY-DC'
const signaturePattern = /^(?:[0-9a-f]{2}){8,72}$/i
const timePattern =
  /^(\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** A payment as it came in, with the texts that its answer repeats. */
export type PaymentRequest = SignedPayment & {
  readonly paymentId: string
  readonly payerWallet: string
  readonly device: string | undefined
  readonly place: string | undefined
}

/**
 * Reads the members of a payment. It is checked by hand, since this runs for every payment there is.
 * @param members a JSON object or a Protobuf message, read
 * @throws Failure that names the member that is missing or wrong
 */
export function readPayment(members: Readonly<Record<string, unknown>>): PaymentRequest {
  refuseUnknown(members)
  const paymentId = textIn(members, 'payment_id')
  const id = parseCommandId(paymentId)
  if (id === undefined) {
    throw badField('payment_id', 'must be a UUIDv7 in lower case, or a capital letter, a date and 1 to 15 digits')
  }
  const payerWallet = textIn(members, 'payer_wallet')
  const payer = parseWalletId(payerWallet)
  if (payer === undefined) throw badField('payer_wallet', 'must be a wallet id: W or M and a number')
  const payeeWallet = textIn(members, 'payee_wallet')
  const payee = parseWalletId(payeeWallet)
  if (payee === undefined) throw badField('payee_wallet', 'must be a wallet id: W or M and a number')
  if (members.amount === undefined) throw missing('amount')
  const fen = amountFen(members.amount)
  if (fen === undefined) throw badField('amount', 'must be an amount above zero with at most two decimals')
  if (textIn(members, 'currency') !== currency) throw badField('currency', `must be ${currency}`)
  const timestamp = textIn(members, 'timestamp')
  const requestedMs = timeIn(timestamp)
  const hex = textIn(members, 'signature')
  if (!signaturePattern.test(hex)) throw badField('signature', 'must be an ECDSA signature in DER, in hex')
  const order = optionalTextIn(members, 'order')
  if (order !== undefined && !isOrderNo(order)) throw badField('order', orderNoMessage)
  const amount = yuanText(fen)
  const canonical = canonicalPayment({
    payment_id: paymentId,
    payer_wallet: payerWallet,
    payee_wallet: payeeWallet,
    amount,
    currency,
    ...(order === undefined ? {} : { order }),
    timestamp,
  })
  return {
    paymentId,
    payerWallet,
    payer: payer.number,
    payerKind: payer.kind,
    payee: payee.number,
    amountFen: fen,
    id,
    requestedMs,
    order,
    canonical,
    digest: sha256(canonical),
    signature: Buffer.from(hex, 'hex'),
    assertion: members.webauthn === undefined ? undefined : assertionIn(members.webauthn),
    device: optionalTextIn(members, 'device_fingerprint'),
    place: optionalTextIn(members, 'geo_location'),
  }
}

const known: ReadonlySet<string> = new Set([
  'payment_id',
  'payer_wallet',
  'payee_wallet',
  'amount',
  'currency',
  'timestamp',
  'signature',
  'device_fingerprint',
  'geo_location',
  'order',
  'webauthn',
])

/** A payer must not believe that we heeded what the signature does not cover. */
function refuseUnknown(members: Readonly<Record<string, unknown>>): void {
  for (const name in members) {
    if (!known.has(name)) throw badField(shownName(name), 'is not known here')
  }
}

const base64urlPattern = /^[\w-]+$/

/** @param value a JSON object or a Protobuf message, read */
function assertionIn(value: unknown): Assertion {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw badField('webauthn', 'must be an object')
  const members = value as Readonly<Record<string, unknown>>
  for (const name in members) {
    if (name !== 'authenticator_data' && name !== 'client_data_json') {
      throw badField(`webauthn.${shownName(name)}`, 'is not known here')
    }
  }
  const bytesIn = (part: AssertionPart, bytesMax: number): Uint8Array => {
    const text = members[part]
    if (text === undefined || text === '') throw missing(`webauthn.${part}`)
    const fits = typeof text === 'string' && text.length <= Math.ceil((bytesMax * 4) / 3) && base64urlPattern.test(text)
    if (!fits) throw badField(`webauthn.${part}`, `must be at most ${bytesMax} bytes in base64url without padding`)
    return Buffer.from(text, 'base64url')
  }
  return {
    authenticatorData: bytesIn('authenticator_data', authenticatorBytesMax),
    clientDataJson: bytesIn('client_data_json', clientBytesMax),
  }
}

function missing(field: string): Failure {
  return new Failure('field-missing', { fields: [{ field, message: 'is missing' }] })
}

function textIn(members: Readonly<Record<string, unknown>>, field: string): string {
  const value = members[field]
  if (value === undefined || value === '') throw missing(field)
  if (typeof value !== 'string') throw badField(field, 'must be a string')
  return value
}

function optionalTextIn(members: Readonly<Record<string, unknown>>, field: string): string | undefined {
  const value = members[field]
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string' || value.length > 512)
    throw badField(field, 'must be a string of at most 512 characters')
  return value
}

/** Unix milliseconds of an RFC 3339 time. */
export function timeIn(text: string, field = 'timestamp'): number {
  const match = timePattern.exec(text)
  const ms = match === null ? Number.NaN : Date.parse(text)
  if (match === null || Number.isNaN(ms) || !isDate(Number(match[1]), Number(match[2]), Number(match[3]))) {
    throw badField(field, 'must be an RFC 3339 time such as 2026-11-24T12:00:00Z')
  }
  return ms
}
