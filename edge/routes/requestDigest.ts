import { createHash } from 'node:crypto'

/**
 * SHA-256 over what a command asks for, one `name=value` a line in the order given, after the line that names it. A
 * repetition under the same id is known by it: signatures, clocks and nonces differ between tries and are no part of it.
 */
export function requestDigest(
  command: string,
  fields: Readonly<Record<string, string | number | boolean>>,
): Uint8Array {
  const lines = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return new Uint8Array(
    createHash('sha256')
      .update([`jiaozi/v1/${command}`, ...lines].join('\n'))
      .digest(),
  )
}
