import type { Assertion } from '../../actors/log/evidence.ts'
import { sha256 } from '../wire/canonical.ts'
import type { Site } from './site.ts'

export const authenticatorBytesMax = 256
export const clientBytesMax = 512
/** Hash of the host, flags, counter (WebAuthn §6.1). */
const authenticatorBytesMin = 37
const flagsAt = 32
const userPresent = 0x01
const userVerified = 0x04

export type AssertionPart = 'authenticator_data' | 'client_data_json'

/** A passkey's word is not about what it should be about; the message says why. */
export class AssertionError extends Error {
  readonly part: AssertionPart

  constructor(part: AssertionPart, message: string) {
    super(message)
    this.name = 'AssertionError'
    this.part = part
  }
}

/**
 * Holds what a passkey has signed to WebAuthn §7.2: made by a page of ours, for this challenge and nothing else, by a
 * person whom the authenticator has verified. Whether the key has signed it is for whoever holds the key.
 * @throws AssertionError
 */
export function checkAssertion(assertion: Assertion, challenge: Uint8Array, site: Site): void {
  checkClientData(assertion.clientDataJson, challenge, site)
  const { authenticatorData: bytes } = assertion
  const wrong = (message: string): AssertionError => new AssertionError('authenticator_data', message)
  if (bytes.length < authenticatorBytesMin || bytes.length > authenticatorBytesMax) {
    throw wrong(`must have ${authenticatorBytesMin} to ${authenticatorBytesMax} bytes`)
  }
  if (Buffer.compare(bytes.subarray(0, flagsAt), site.rpIdHash) !== 0) throw wrong('was made for another host')
  const flags = bytes[flagsAt]!
  if ((flags & userPresent) === 0) throw wrong('says that nobody was present')
  if ((flags & userVerified) === 0) throw wrong('says that the person was not verified')
}

function checkClientData(json: Uint8Array, challenge: Uint8Array, site: Site): void {
  const wrong = (message: string): AssertionError => new AssertionError('client_data_json', message)
  if (json.length > clientBytesMax) throw wrong(`must have at most ${clientBytesMax} bytes`)
  const members = membersOf(json)
  if (members === undefined) throw wrong('is no JSON object')
  if (members.type !== 'webauthn.get') throw wrong('is not of the type webauthn.get')
  if (members.challenge !== Buffer.from(challenge).toString('base64url')) {
    throw wrong('has another challenge than the SHA-256 of what is signed')
  }
  if (typeof members.origin !== 'string' || !site.origins.has(members.origin)) throw wrong('comes from another origin')
  if (members.crossOrigin === true) throw wrong('comes from a page within another page')
}

function membersOf(json: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** The bytes that the passkey's signature covers. */
export function assertedBytes({ authenticatorData, clientDataJson }: Assertion): Uint8Array {
  return Buffer.concat([authenticatorData, sha256(clientDataJson)])
}
