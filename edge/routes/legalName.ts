import { z } from '@hono/zod-openapi'
import type { Blobs } from '../../actors/log/blobs.ts'
import { legalNames, type NamedBy } from '../../actors/log/personalTexts.ts'
import { maskedName } from './maskedName.ts'

/** Characters of a name; in UTF-8, sealed, it still fits its place behind the record. */
const charactersMax = 64

/** A name as the papers have it. What cannot be seen in print has no place in one. */
export const legalNameField = z
  .string()
  .max(4 * charactersMax)
  .regex(/^[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}\p{P}\p{Zs}]*$/u, 'must be a name: letters, digits, spaces, punctuation')
  .transform((name) => name.normalize('NFC').trim())
  .refine((name) => Array.from(name).length <= charactersMax, `must have at most ${charactersMax} characters`)
  .openapi({
    type: 'string',
    description: 'As in the papers; kept sealed, shown masked to who is about to pay',
    example: '张小明',
  })

/** Seals legal names for the log and opens what came of it, to show it masked and no other way. */
export type NameVault = {
  seal(by: NamedBy, legalName: string): Uint8Array
  /** @throws SealError when it was sealed for another command */
  masked(by: NamedBy, sealed: Uint8Array): string
}

export function nameVault(blobs: Blobs): NameVault {
  const names = legalNames(blobs)
  return {
    seal: (by, legalName) => names.seal(by, legalName),
    masked: (by, sealed) => maskedName(names.open(by, sealed)),
  }
}
