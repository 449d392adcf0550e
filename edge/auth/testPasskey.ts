import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import type { Assertion } from '../../actors/log/evidence.ts'
import type { RequestSigner } from '../client/requests.ts'
import { canonicalPayment, type PaymentText, sha256 } from '../wire/canonical.ts'
import { assertedBytes } from './assertion.ts'
import { assertionHeader } from './assertionHeader.ts'
import { type PasskeyRegistration, registrationChallenge } from './passkeyRegistration.ts'
import { type Site, siteOf } from './site.ts'

/** What an authenticator or a page may do otherwise than it should. */
export type Making = {
  readonly site?: Site
  readonly type?: string
  readonly crossOrigin?: boolean
  /** By default: present, verified, and with a key where one is made. */
  readonly flags?: number
  readonly format?: string
}

const present = 0x01
const verified = 0x04
const withKey = 0x40
const text = new TextEncoder()

/** A passkey in software: what browser and authenticator do together, byte for byte as WebAuthn says. */
export class TestPasskey {
  readonly #site: Site
  readonly #id = randomBytes(16)
  readonly #privateKey: KeyObject
  readonly #point: { x: Buffer; y: Buffer }

  constructor(site: Site = siteOf('https://edge.test')) {
    this.#site = site
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { x, y } = publicKey.export({ format: 'jwk' })
    this.#privateKey = privateKey
    this.#point = { x: Buffer.from(x!, 'base64url'), y: Buffer.from(y!, 'base64url') }
  }

  /** As `navigator.credentials.create()`. */
  register(subject: string, requestId: string, making: Making = {}): PasskeyRegistration {
    const { type = 'webauthn.create', flags = present | verified | withKey, format = 'none' } = making
    const { x, y } = this.#point
    const id = Buffer.concat([Buffer.alloc(16), Buffer.of(0, this.#id.length), this.#id])
    // COSE: kty EC2, alg ES256, crv P-256, x, y.
    const key = Buffer.concat([Buffer.from('a5010203262001215820', 'hex'), x, Buffer.from('225820', 'hex'), y])
    const authData = Buffer.concat([this.#authenticatorData(flags, making), id, key])
    const attestation = Buffer.concat([
      Buffer.of(0xa3),
      cborText('fmt'),
      cborText(format),
      cborText('attStmt'),
      Buffer.of(0xa0),
      cborText('authData'),
      Buffer.of(0x58, authData.length),
      authData,
    ])
    const clientData = this.#clientData(type, registrationChallenge(subject, requestId), making)
    return {
      attestation_object: attestation.toString('base64url'),
      client_data_json: Buffer.from(clientData).toString('base64url'),
    }
  }

  /** As `navigator.credentials.get()`. */
  assert(challenge: Uint8Array, making: Making = {}): Assertion & { readonly signature: Uint8Array } {
    const { type = 'webauthn.get', flags = present | verified } = making
    const assertion = {
      authenticatorData: this.#authenticatorData(flags, making),
      clientDataJson: this.#clientData(type, challenge, making),
    }
    const signature = sign('sha256', assertedBytes(assertion), { key: this.#privateKey, dsaEncoding: 'der' })
    return { ...assertion, signature }
  }

  /** The body of a payment. */
  pay(payment: PaymentText, making: Making = {}) {
    return { ...payment, ...paymentMembers(this.assert(sha256(canonicalPayment(payment)), making)) }
  }

  /** Signs requests; the assertion of the last one is in `headers`. */
  signer(walletId: string): RequestSigner & { headers(): Record<string, string> } {
    let headers: Record<string, string> = {}
    return {
      keyId: walletId,
      algorithm: 'webauthn-p256',
      sign: (base) => {
        const assertion = this.assert(sha256(base))
        headers = assertionHeader(assertion)
        return assertion.signature
      },
      headers: () => headers,
    }
  }

  #authenticatorData(flags: number, { site = this.#site }: Making): Buffer {
    return Buffer.concat([site.rpIdHash, Buffer.of(flags, 0, 0, 0, 0)])
  }

  #clientData(type: string, challenge: Uint8Array, { site = this.#site, crossOrigin = false }: Making): Uint8Array {
    const [origin] = site.origins
    return text.encode(
      JSON.stringify({ type, challenge: Buffer.from(challenge).toString('base64url'), origin, crossOrigin }),
    )
  }
}

function cborText(value: string): Buffer {
  return Buffer.concat([Buffer.of(0x60 | value.length), Buffer.from(value)])
}

/** How a payment carries an assertion. */
export function paymentMembers(asserted: Assertion & { readonly signature: Uint8Array }) {
  const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
  return {
    signature: Buffer.from(asserted.signature).toString('hex'),
    webauthn: {
      authenticator_data: base64url(asserted.authenticatorData),
      client_data_json: base64url(asserted.clientDataJson),
    },
  }
}
