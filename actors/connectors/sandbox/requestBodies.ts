import { z } from 'zod'
import { parseYuan } from '../yuan.ts'

/** What both far sides read: ids and amounts as they stand on the wire. */
export const txId = z.string().regex(/^[A-Za-z0-9._-]{1,80}$/, 'letters, digits, ".", "_" and "-", at most 80')

/** Yuan with two decimals, above zero; becomes fen. */
export const amount = z.string().transform((text, context) => {
  const fen = parseYuan(text)
  if (fen !== undefined && fen > 0) return fen
  context.addIssue('an amount is yuan above zero with exactly two decimals, such as "100.50"')
  return z.NEVER
})

/** As `amount`, but zero is one too. */
export const amountOrZero = z.string().transform((text, context) => {
  const fen = parseYuan(text)
  if (fen !== undefined) return fen
  context.addIssue('a balance is yuan with exactly two decimals, such as "0.00"')
  return z.NEVER
})

export const institution = z.number().int().min(1).max(65_535)
export const bankCode = z.string().regex(/^[A-Z0-9]{3,11}$/, 'a bank code is 3 to 11 capital letters and digits')

const wholeText = z.string().regex(/^\d{1,15}$/, 'a whole number')

export const statementQuery = z.object({
  after: wholeText.default('0').transform(Number),
  limit: wholeText
    .default('500')
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= 5_000, 'from 1 to 5000'),
})
