import { z } from 'zod'
import type { Effect } from '../log/effects.ts'
import { decodeJson } from '../log/jsonBytes.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'bytes')

const effect = z.object({
  saga: z.enum(['recharge', 'redemption']),
  shard: z.number().int().min(0).max(65_535),
  walletNumber: z.number().int().min(1),
  institution: z.number().int().min(1),
  amountFen: z.string().regex(/^[1-9]\d{0,15}$/),
  txId: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  id: bytes.refine((id) => id.length === 16, '16 bytes'),
  step: z.number().int().min(1).max(6),
  sealedAccount: bytes,
  sealedToken: bytes,
}) satisfies z.ZodType<Effect>

/** Reads an effect as hosts publish it. @throws Error that names what is wrong and shows no content */
export function readEffect(message: Uint8Array): Effect {
  let value: unknown
  try {
    value = decodeJson(message)
  } catch {
    throw new Error('an effect is not JSON')
  }
  const parsed = effect.safeParse(value)
  if (parsed.success) return parsed.data
  throw new Error(`an effect has wrong fields: ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}`)
}
