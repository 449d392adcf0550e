import { ECDH } from 'node:crypto'
import { verifyRegistrationResponse } from '@simplewebauthn/server'
import {
  COSEALG,
  cose,
  decodeAttestationObject,
  decodeCredentialPublicKey,
  isoBase64URL,
  parseAuthenticatorData,
} from '@simplewebauthn/server/helpers'
import { sha256 } from '../wire/canonical.ts'
import type { Site } from './site.ts'

/** What a browser hands out when it has made a passkey, both in base64url. */
export type PasskeyRegistration = { readonly attestation_object: string; readonly client_data_json: string }

/** The passkey is not one that this API takes; the message says why. */
export class RegistrationError extends Error {}

const domain = 'jiaozi-passkey-v1\n'

/**
 * What a passkey must be made for. It names the request, so that a registration that somebody has seen is good for
 * nothing else.
 * @param subject the wallet whose key it becomes, or the user for whom a wallet is opened with it
 */
export function registrationChallenge(subject: string, requestId: string): Uint8Array {
  return sha256(new TextEncoder().encode(domain + JSON.stringify({ request_id: requestId, subject })))
}

/**
 * The public key of a passkey that was made for `challenge` by a person whom the authenticator has verified. What kind of
 * authenticator it is is not asked: a statement about that is refused, since nobody here would check it.
 * @returns the compressed point
 * @throws RegistrationError
 */
export async function registeredKey(
  { attestation_object, client_data_json }: PasskeyRegistration,
  challenge: Uint8Array,
  site: Site,
): Promise<Uint8Array> {
  const { id, key } = partsOf(attestation_object)
  const response = { attestationObject: attestation_object, clientDataJSON: client_data_json }
  const verified = await verifyRegistrationResponse({
    response: { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response },
    expectedChallenge: Buffer.from(challenge).toString('base64url'),
    expectedOrigin: [...site.origins],
    expectedRPID: site.rpId,
    requireUserVerification: true,
    supportedAlgorithmIDs: [COSEALG.ES256],
  }).catch((error: unknown) => {
    throw new RegistrationError(error instanceof Error ? error.message : 'it cannot be verified')
  })
  if (!verified.verified) throw new RegistrationError('it cannot be verified')
  return compressed(key)
}

/** Looked at first, since the library would follow what some statements about authenticators point to. */
function partsOf(attestationObject: string): { id: string; key: cose.COSEPublicKeyEC2 } {
  try {
    const attestation = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject))
    if (attestation.get('fmt') !== 'none') throw new RegistrationError('the attestation must be "none"')
    const { credentialID, credentialPublicKey } = parseAuthenticatorData(attestation.get('authData'))
    if (credentialID === undefined || credentialPublicKey === undefined) throw new RegistrationError('it has no key')
    const key = decodeCredentialPublicKey(credentialPublicKey) as cose.COSEPublicKeyEC2
    return { id: isoBase64URL.fromBuffer(credentialID), key }
  } catch (error) {
    if (error instanceof RegistrationError) throw error
    throw new RegistrationError('the attestation cannot be read')
  }
}

function compressed(key: cose.COSEPublicKeyEC2): Uint8Array {
  const [x, y] = [key.get(cose.COSEKEYS.x), key.get(cose.COSEKEYS.y)]
  if (x?.length !== 32 || y?.length !== 32) throw new RegistrationError('the key is not on the curve P-256')
  try {
    const point = Buffer.concat([Buffer.of(4), x, y])
    return new Uint8Array(ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'compressed') as Buffer)
  } catch {
    throw new RegistrationError('the key is not on the curve P-256')
  }
}
