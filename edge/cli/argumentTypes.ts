import { InvalidArgumentError } from 'commander'
import {
  idClass,
  idClasses,
  parseCommandId,
  parsePaymentId,
  parseUserId,
  parseWalletId,
} from '../../actors/ledger/ids.ts'
import { amountFen, limitField, limitText, linkIdMax, yuanText } from '../routes/fields.ts'
import type { SignerName } from './session.ts'

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/

/** Each of these reads one argument or ends the command with a sentence that says what it should have been. */
export function walletIdArgument(text: string): string {
  if (parseWalletId(text) === undefined) throw new InvalidArgumentError('It must be a wallet id: W or M and a number.')
  return text
}

export function userIdArgument(text: string): string {
  if (parseUserId(text) === undefined) throw new InvalidArgumentError('It must be a user id: U and a number.')
  return text
}

export function commandIdArgument(text: string): string {
  if (parseCommandId(text) === undefined) {
    throw new InvalidArgumentError('It must be a UUIDv7 in lower case, or an id such as P20231001001.')
  }
  return text
}

/** The id of something that is looked for: also one that a batch or the ledger gave it. */
export function paymentIdArgument(text: string): string {
  if (parsePaymentId(text) === undefined) {
    throw new InvalidArgumentError('It must be a UUID in lower case as answers show it, or an id such as P20231001001.')
  }
  return text
}

/** The id of a payment that its payee names. */
export function uuidArgument(text: string): string {
  const id = parseCommandId(text)
  if (id === undefined || idClass(id, 0) !== idClasses.uuid) {
    throw new InvalidArgumentError('It must be a UUIDv7 in lower case.')
  }
  return text
}

/** Yuan above zero, as the canonical text with two decimals. */
export function amountArgument(text: string): string {
  const fen = amountFen(text)
  if (fen === undefined) {
    throw new InvalidArgumentError('It must be an amount in yuan above zero with at most two decimals, such as 100.50.')
  }
  return yuanText(fen)
}

/** Yuan, zero included, or `none` as null. */
export function limitArgument(text: string): string | null {
  const read = limitField.safeParse(text === 'none' ? null : text)
  if (!read.success) throw new InvalidArgumentError('It must be an amount in yuan with at most two decimals, or none.')
  return limitText(read.data)
}

export function signerArgument(text: string): SignerName {
  const known = ['wallet', 'institution', 'operator'].includes(text) || /^user:[1-9]\d?$/.test(text)
  if (!known) throw new InvalidArgumentError('It must be wallet, institution, operator, or user:N.')
  return text as SignerName
}

export function wholeArgument(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d{1,15}$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
    }
    return value
  }
}

/** Where an edge is: nothing but TLS, and every path below it is the API's. */
export function urlArgument(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' && url.href === `${url.origin}/`) return url.origin
  throw new InvalidArgumentError('It must be an address such as https://127.0.0.1:8443, without a path.')
}

export const linkIdArgument = wholeArgument(1, linkIdMax)

export function timeArgument(text: string): string {
  if (!timePattern.test(text) || Number.isNaN(Date.parse(text))) {
    throw new InvalidArgumentError('It must be an RFC 3339 time such as 2026-11-24T12:00:00Z.')
  }
  return text
}
