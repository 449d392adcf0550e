import { z } from '@hono/zod-openapi'
import { fenMax } from '../../actors/ledger/money.ts'
import type { AsOf } from '../../actors/log/queries.ts'

const yuanPattern = /^(0|[1-9]\d{0,13})(?:\.(\d{1,2}))?$/

/** Fen as people write yuan: "100.50". */
export function yuanText(fen: number): string {
  const cents = fen % 100
  return `${(fen - cents) / 100}.${String(cents).padStart(2, '0')}`
}

/** The same of what may be below zero. */
export function signedYuanText(fen: number): string {
  return fen < 0 ? `-${yuanText(-fen)}` : yuanText(fen)
}

/** The largest number of fen stands for no limit. */
export function limitText(fen: number): string | null {
  return fen === fenMax ? null : yuanText(fen)
}

export function timeText(ms: number): string {
  return new Date(ms).toISOString()
}

/** Fen of an amount above zero with at most two decimals; undefined for anything else. */
export function amountFen(value: unknown): number | undefined {
  const fen = fenOf(value)
  return fen !== undefined && fen > 0 ? fen : undefined
}

function fenOf(value: unknown): number | undefined {
  const match = yuanPattern.exec(typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '')
  if (match === null) return undefined
  const [, yuan = '', cents = ''] = match
  const fen = Number(yuan + cents.padEnd(2, '0'))
  return fen <= fenMax ? fen : undefined
}

const amountShape = {
  type: ['string', 'number'] as ('string' | 'number')[],
  description: 'Yuan: a decimal string, or a JSON number with at most two decimals (judged on the source text)',
  example: '100.50',
}

/** An amount of a request, in fen once it is read. */
export const amountField = z
  .unknown()
  .transform((value, context) => {
    const fen = amountFen(value)
    if (fen !== undefined) return fen
    context.issues.push({
      code: 'custom',
      message: 'must be an amount above zero with at most two decimals',
      input: value,
    })
    return z.NEVER
  })
  .openapi(amountShape)

/** As null in JSON; Protobuf has no null. */
const noLimit = 'none'

/** A limit: an amount, zero, or null or "none" for none. */
export const limitField = z
  .unknown()
  .transform((value, context) => {
    const fen = value === null || value === noLimit ? fenMax : fenOf(value)
    if (fen !== undefined) return fen
    context.issues.push({
      code: 'custom',
      message: 'must be an amount with at most two decimals, or "none"',
      input: value,
    })
    return z.NEVER
  })
  .openapi({
    ...amountShape,
    type: ['string', 'number', 'null'] as ('string' | 'number' | 'null')[],
    description: 'Yuan as in other amounts, or "none" or null for no limit',
  })

export const walletIdField = z
  .string()
  .regex(/^[WM][1-9]\d{0,15}$/, 'must be a wallet id: W or M and a number')
  .openapi({ example: 'W1048576' })
export const userIdField = z
  .string()
  .regex(/^U[1-9]\d{0,15}$/, 'must be a user id: U and a number')
  .openapi({ example: 'U1048576' })
export const commandIdField = z.string().max(64).openapi({
  description: 'A UUIDv7 in lower case, or a capital letter, a date and up to 15 digits; the same on every try',
  example: '019aa3b4-5c00-7000-8000-000000000001',
})
/** Of a payment whose payee names it: a dated id could be the payer's own next one. */
export const uuidField = z.string().max(64).openapi({
  description: 'A UUIDv7 in lower case, no dated id; the same on every try',
  example: '019aa3b4-5c00-7000-8000-000000000001',
})
export const requestIdField = commandIdField
  .optional()
  .openapi({ description: 'May stand here instead of in the Idempotency-Key header' })
export const timeField = z.string().openapi({ description: 'RFC 3339, UTC', example: '2026-11-24T08:00:00.000Z' })

/** Links are numbered in 32 bits. */
export const linkIdMax = 0xffff_ffff

/** A count in a path or query: its digits and nothing else, not "1e2" or "0x10". */
export const countField = (max: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,15}$/, `must be a whole number from 1 to ${max}`)
    .transform(Number)
    .refine((value) => value <= max, `must be a whole number from 1 to ${max}`)
    .openapi({ type: 'integer', minimum: 1, maximum: max } as never)

export const statusUrlField = z.string().optional().openapi({ description: 'With 202: where to ask' })

/** Where and when in a shard's log an answer holds. */
export const asOfSchema = z
  .object({
    shard: z.int(),
    seq: z.int(),
    time: timeField,
    age_ms: z.int().optional().openapi({
      description:
        'There when a region answers that does not own the shard: milliseconds since its copy last heard from the owner. What happened since may be missing; ?fresh=true asks the owner.',
    }),
  })
  .openapi('AsOf', { description: "Position in the shard's log up to which the answer holds" })
export const positionSchema = z
  .object({ shard: z.int(), seq: z.int(), index: z.int() })
  .openapi('Position', { description: "Where in its shard's log the request was executed" })

export function asOfBody({ shard, seq, timeMs, ageMs }: AsOf) {
  const place = { shard, seq, time: timeText(timeMs) }
  return ageMs === undefined ? place : { ...place, age_ms: ageMs }
}
