import { z } from '@hono/zod-openapi'
import { commandIdText } from '../../actors/ledger/ids.ts'
import { keyAlgorithms } from '../../actors/ledger/records.ts'
import { RegistrationError, registeredKey, registrationChallenge } from '../auth/passkeyRegistration.ts'
import { compressedPoint, KeyError } from '../auth/signatureAlgorithms.ts'
import type { Site } from '../auth/site.ts'
import { badField, Failure } from './failure.ts'

/** Names of signature algorithms as the API writes them. SM2 has its number in the records and comes later. */
const algorithmNames = {
  'ecdsa-p256': keyAlgorithms.ecdsaP256,
  'webauthn-p256': keyAlgorithms.webauthnP256,
} as const

const keyAlgorithmField = z
  .enum(Object.keys(algorithmNames) as ['ecdsa-p256', 'webauthn-p256'])
  .default('ecdsa-p256')
  .openapi({ description: 'Algorithm of the key; webauthn-p256 is a passkey, which comes in `passkey`' })

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

const base64urlField = (bytesMax: number) =>
  z
    .string()
    .max(Math.ceil((bytesMax * 4) / 3))
    .regex(/^[\w-]+$/, 'must be base64url without padding')

const passkeyField = z
  .strictObject({ attestation_object: base64urlField(4_096), client_data_json: base64urlField(1_024) })
  .openapi('PasskeyRegistration', {
    description:
      'What navigator.credentials.create() gave, for the challenge SHA-256 of the line jiaozi-passkey-v1, a line feed and {"request_id":…,"subject":…}; the subject is the wallet, or the user for whom one is opened. Attestation "none", user verified.',
  })

/** The members of a request that give a wallet its key: a public key, or a passkey that was just made. */
export const walletKeyFields = {
  public_key: publicKeyField.optional(),
  algorithm: keyAlgorithmField,
  passkey: passkeyField.optional(),
}

type WalletKeyMembers = z.infer<z.ZodObject<typeof walletKeyFields>>
export type GivenKey = { readonly algorithm: number; readonly key: Uint8Array }

/**
 * The key that a request gives.
 * @param subject whom a passkey must have been made for
 * @throws Failure that names what is missing, superfluous or wrong
 */
export async function givenKey(
  members: WalletKeyMembers,
  subject: string,
  id: Uint8Array,
  site: Site,
): Promise<GivenKey> {
  const { public_key, passkey } = members
  const algorithm = algorithmNames[members.algorithm]
  const [wanted, other] =
    algorithm === keyAlgorithms.webauthnP256
      ? (['passkey', 'public_key'] as const)
      : (['public_key', 'passkey'] as const)
  if (members[other] !== undefined) throw badField(other, `does not go with the algorithm ${members.algorithm}`)
  if (public_key !== undefined) return { algorithm, key: public_key }
  if (passkey === undefined) {
    throw new Failure('field-missing', { fields: [{ field: wanted, message: 'is missing' }] })
  }
  try {
    return { algorithm, key: await registeredKey(passkey, registrationChallenge(subject, commandIdText(id)), site) }
  } catch (error) {
    if (error instanceof RegistrationError) throw badField('passkey', error.message)
    throw error
  }
}
