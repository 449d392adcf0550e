import { dayOfDate, isDate } from './businessTime.ts'

/** Wallet and user numbers fall into this many fixed buckets; a bucket as a whole lives in one shard. */
export const bucketCount = 4_096
/** Serial numbers start here, so that a number always has at least seven digits. */
export const serialFirst = 256
export const numberMax = 9_007_199_254_740_991

/** The bucket of a wallet or user number: its last twelve bits. */
export function bucketOf(number: number): number {
  // A remainder of doubles is a call; this is exact, since the divisor is a power of two.
  return number - Math.floor(number / bucketCount) * bucketCount
}

/** The number of the nth wallet or user issued in a bucket. */
export function numberOf(bucket: number, serial: number): number {
  return serial * bucketCount + bucket
}

export const walletKinds = { personal: 1, merchant: 2 } as const
export type WalletKind = (typeof walletKinds)[keyof typeof walletKinds]

/** W789012 or M456789 as people write it. */
export function walletIdText(number: number, kind: number): string {
  return (kind === walletKinds.merchant ? 'M' : 'W') + number
}

const numberPattern = /^[1-9]\d{0,15}$/

/** Reads W… or M…; undefined when it is neither or too large to be one of ours. */
export function parseWalletId(text: string): { number: number; kind: WalletKind } | undefined {
  const kind = text[0] === 'W' ? walletKinds.personal : text[0] === 'M' ? walletKinds.merchant : undefined
  const number = parseNumber(text.slice(1))
  return kind === undefined || number === undefined ? undefined : { number, kind }
}

export function userIdText(number: number): string {
  return `U${number}`
}

export function parseUserId(text: string): number | undefined {
  return text[0] === 'U' ? parseNumber(text.slice(1)) : undefined
}

function parseNumber(digits: string): number | undefined {
  if (!numberPattern.test(digits)) return undefined
  const number = Number(digits)
  return number <= numberMax ? number : undefined
}

/**
 * Command ids are 16 bytes. Two classes exist: a UUIDv7 (RFC 9562) in lower case, and a dated id such as P20231001001:
 * one capital letter, a date, up to 15 digits. The high nibble of byte 6 tells them apart (7 or 13), and both
 * can be written out again.
 */
export const idClasses = { malformed: 0, uuid: 1, dated: 2 } as const

export function idClass(bytes: Uint8Array, at: number): number {
  const nibble = bytes[at + 6]! >>> 4
  return nibble === 7 ? idClasses.uuid : nibble === 13 ? idClasses.dated : idClasses.malformed
}

/** The moment a UUIDv7 says it was made, in Unix milliseconds. */
export function uuidTimeMs(bytes: Uint8Array, at: number): number {
  const high = bytes[at]! * 0x1000000 + bytes[at + 1]! * 0x10000 + bytes[at + 2]! * 0x100 + bytes[at + 3]!
  return high * 0x10000 + bytes[at + 4]! * 0x100 + bytes[at + 5]!
}

/** The date of a dated id as a day number. */
export function datedIdDay(bytes: Uint8Array, at: number): number {
  const date = bytes[at]! * 0x1000000 + bytes[at + 1]! * 0x10000 + bytes[at + 2]! * 0x100 + bytes[at + 3]!
  return dayOfDate(Math.floor(date / 10_000), Math.floor(date / 100) % 100, date % 100)
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const datedPattern = /^([A-Z])(\d{4})(\d{2})(\d{2})(\d{1,15})$/

/** The 16 bytes of a command id, or undefined when the text is of neither class. */
export function parseCommandId(text: string): Uint8Array | undefined {
  if (uuidPattern.test(text)) return uuidBytes(text)
  const dated = datedPattern.exec(text)
  if (dated === null) return undefined
  const [, letter, year, month, date, serial] = dated as unknown as [string, string, string, string, string, string]
  if (!isDate(Number(year), Number(month), Number(date))) return undefined
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Number(year + month + date))
  bytes[4] = serial.length
  bytes[5] = letter.charCodeAt(0)
  bytes[6] = 0xd0
  view.setBigUint64(8, BigInt(serial))
  return bytes
}

/** Ids of payments that no command asked for by itself: of a batch's record, or made by the ledger. */
const derivedPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[8e][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The bytes of any id that a payment may have, for who looks for it; undefined when the text is none. */
export function parsePaymentId(text: string): Uint8Array | undefined {
  return parseCommandId(text) ?? (derivedPattern.test(text) ? uuidBytes(text) : undefined)
}

function uuidBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16)
  for (let i = 0, at = 0; i < 16; i++, at += 2) {
    if (text.charCodeAt(at) === hyphen) at += 1
    bytes[i] = hexDigit(text.charCodeAt(at)) * 16 + hexDigit(text.charCodeAt(at + 1))
  }
  return bytes
}

const hyphen = 0x2d

/** Value of a hex digit in lower case by its character code. */
function hexDigit(code: number): number {
  return code <= 0x39 ? code - 0x30 : code - 0x57
}

/** The text that `parseCommandId` reads back into the same bytes. */
export function commandIdText(bytes: Uint8Array, at = 0): string {
  if (idClass(bytes, at) === idClasses.dated) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, 16)
    const digits = String(view.getBigUint64(8)).padStart(bytes[at + 4]!, '0')
    return String.fromCharCode(bytes[at + 5]!) + String(view.getUint32(0)).padStart(8, '0') + digits
  }
  let hex = ''
  for (let i = 0; i < 16; i++) hex += bytes[at + i]!.toString(16).padStart(2, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
