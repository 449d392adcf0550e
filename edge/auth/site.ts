import { sha256 } from '../wire/canonical.ts'

/** Where people meet this edge: pages and QR codes name it, and passkeys are bound to its host. */
export type Site = {
  /** Without a slash at the end: https://pay.example. */
  readonly url: string
  readonly rpId: string
  readonly rpIdHash: Uint8Array
  /** Pages of these origins may ask for a passkey. */
  readonly origins: ReadonlySet<string>
}

/** @param moreOrigins of pages elsewhere under the same host */
export function siteOf(publicUrl: string, moreOrigins: readonly string[] = []): Site {
  const { origin, hostname } = new URL(publicUrl)
  const rpIdHash = sha256(new TextEncoder().encode(hostname))
  return { url: origin, rpId: hostname, rpIdHash, origins: new Set([origin, ...moreOrigins]) }
}
