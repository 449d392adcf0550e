import { z } from '@hono/zod-openapi'
import { keyAlgorithms } from '../../actors/ledger/records.ts'
import { compressedPoint, KeyError } from '../auth/signatureAlgorithms.ts'

/** Names of signature algorithms as the API writes them. SM2 has its number in the records and comes later. */
export const algorithmNames = { 'ecdsa-p256': keyAlgorithms.ecdsaP256 } as const

export const keyAlgorithmField = z
  .enum(Object.keys(algorithmNames) as ['ecdsa-p256'])
  .default('ecdsa-p256')
  .openapi({ description: 'Algorithm of the key' })

/** A public key on P-256, read into 33 compressed bytes. */
export const publicKeyField = z
  .string()
  .max(1_024)
  .transform((text, context) => {
    try {
      return compressedPoint(text)
    } catch (error) {
      if (!(error instanceof KeyError)) throw error
      context.issues.push({ code: 'custom', message: error.message, input: text })
      return z.NEVER
    }
  })
  .openapi({
    type: 'string',
    description: 'Point on P-256: hex of 33 bytes compressed or 65 bytes uncompressed (SEC 1 §2.3), or PEM',
    example: '036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296',
  })
