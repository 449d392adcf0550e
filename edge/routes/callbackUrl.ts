import { z } from '@hono/zod-openapi'
import { badField } from './failure.ts'

const urlMax = 512
/** What the parser of addresses drops or replaces without a word: an address that holds it is not the one that is called. */
const dropped = /[\p{Cc}\p{Cs}\s]/u
const loopbackHosts: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Whether a merchant may be called there: by HTTPS, without credentials in the address. What the name leads to is judged
 * when it is called, by its address.
 * @param loopback a development region calls this machine too, and there without TLS
 */
export function isCallbackUrl(text: string, loopback: boolean): boolean {
  if (dropped.test(text) || !URL.canParse(text)) return false
  const { protocol, username, password, hash, hostname } = new URL(text)
  const plain = loopback && protocol === 'http:' && loopbackHosts.has(hostname)
  return (protocol === 'https:' || plain) && username === '' && password === '' && hash === ''
}

const message = 'must be an https address without credentials, blanks or control characters'

/** What `checkCallbackUrl` may still refuse. */
export const callbackUrlField = z
  .string()
  .max(urlMax)
  .refine((text) => isCallbackUrl(text, true), message)
  .optional()

/** @throws Failure when this region calls nobody there */
export function checkCallbackUrl(url: string | undefined, { loopbackCallbacks }: { loopbackCallbacks: boolean }): void {
  if (url !== undefined && !isCallbackUrl(url, loopbackCallbacks)) throw badField('callback_url', message)
}
