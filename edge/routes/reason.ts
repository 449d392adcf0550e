import { z } from '@hono/zod-openapi'
import type { Caller } from './caller.ts'
import { Failure } from './failure.ts'

const reasonLengthMax = 200

/** Why somebody does a thing that others will ask about. It goes into the log beside the act. */
export const reasonField = z
  .string()
  .trim()
  .min(1)
  .max(reasonLengthMax)
  .regex(/^\P{Cc}*$/u, 'must be one line of text')
  .optional()
  .openapi({
    description: `Why, in at most ${reasonLengthMax} characters; an operator must say it. It is kept in the log: name no person`,
    example: 'court order 2026-118',
  })

/** @throws Failure when an operator says nothing */
export function reasonOf(caller: Caller, reason: string | undefined): { text?: Uint8Array; reason?: string } {
  if (reason !== undefined) return { text: new TextEncoder().encode(reason), reason }
  if (caller.role !== 'operator') return {}
  throw new Failure('field-missing', { fields: [{ field: 'reason', message: 'an operator must say why' }] })
}
