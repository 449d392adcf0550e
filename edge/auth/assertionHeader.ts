import { parseDictionary, serializeDictionary } from 'structured-headers'
import type { Assertion } from '../../actors/log/evidence.ts'
import { AssertionError, type AssertionPart } from './assertion.ts'

const headerName = 'webauthn-assertion'
const names = { authenticator_data: 'authenticator-data', client_data_json: 'client-data' } as const

/**
 * What a passkey signed for a request: `WebAuthn-Assertion: authenticator-data=:…:, client-data=:…:`, beside the
 * signature of RFC 9421 that it makes.
 * @returns undefined when the request carries none
 * @throws AssertionError
 */
export function assertionOf(headers: Readonly<Record<string, string | undefined>>): Assertion | undefined {
  const header = headers[headerName]
  if (header === undefined) return undefined
  const members = dictionaryIn(header)
  const bytesIn = (part: AssertionPart): Uint8Array => {
    const value = members.get(names[part])?.[0]
    if (!(value instanceof ArrayBuffer)) throw new AssertionError(part, 'is missing, or is no byte sequence')
    return new Uint8Array(value)
  }
  return { authenticatorData: bytesIn('authenticator_data'), clientDataJson: bytesIn('client_data_json') }
}

function dictionaryIn(header: string): ReturnType<typeof parseDictionary> {
  try {
    return parseDictionary(header)
  } catch {
    throw new AssertionError('client_data_json', 'does not stand in a structured field')
  }
}

/** The header of a request that a passkey has signed. */
export function assertionHeader({ authenticatorData, clientDataJson }: Assertion): Record<string, string> {
  const member = (bytes: Uint8Array): [ArrayBuffer, Map<string, string>] => [new Uint8Array(bytes).buffer, new Map()]
  const dictionary = new Map([
    [names.authenticator_data, member(authenticatorData)],
    [names.client_data_json, member(clientDataJson)],
  ])
  return { [headerName]: serializeDictionary(dictionary) }
}
