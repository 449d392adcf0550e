import { hkdfSync, scryptSync } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { keyBytes } from './aead.ts'
import { KeyRingError } from './keyRing.ts'

export const rootKeyFile = 'root.key'
export const passphraseVariable = 'JIAOZI_ROOT_PASSPHRASE'

/** Cost of one guess at the passphrase: about 100 ms and 64 MiB (RFC 7914). */
const scryptCost = { N: 2 ** 16, r: 8, p: 1, maxmem: 128 * 1024 * 1024 }

/**
 * The key above all keys, for development: the file's 32 bytes, or, with a passphrase, what scrypt makes of both.
 * In production a hardware module takes the place of this file.
 * @throws KeyRingError when the file is missing, has another size, or can be read by others.
 */
export function readRootKey(dir: string, passphrase: string | undefined): Uint8Array {
  const file = join(dir, rootKeyFile)
  const mode = statOrMissing(file).mode
  if ((mode & 0o077) !== 0) {
    throw new KeyRingError('permissions', `root key ${file} can be read by others; set its mode to 0600`)
  }
  const secret = readFileSync(file)
  if (secret.length !== keyBytes) {
    throw new KeyRingError('damaged', `root key ${file} has ${secret.length} bytes, not ${keyBytes}`)
  }
  const input = passphrase ? scryptSync(passphrase.normalize('NFKC'), secret, keyBytes, scryptCost) : secret
  return new Uint8Array(hkdfSync('sha256', input, '', 'jiaozi root key v1', keyBytes))
}

function statOrMissing(file: string): { mode: number } {
  try {
    return statSync(file)
  } catch (error) {
    throw new KeyRingError('missing', `root key ${file} cannot be read`, { cause: error })
  }
}
