import { hash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { type AeadKey, aeadKey, keyBytes, nonceBytes, open, seal, TagMismatch } from './aead.ts'
import { wrapBytes } from './dataKeys.ts'
import { isKeyPurpose, type Kek, type KeyPurpose, KeyRingError } from './keyRing.ts'

export const ringFormatVersion = 1

const ringRecord = z.strictObject({
  id: z.int().min(1).max(0xffff_ffff),
  purpose: z.custom<KeyPurpose>(isKeyPurpose, 'not a purpose of this program'),
  version: z.int().min(1),
  created: z.iso.datetime(),
  /** Nonce ‖ key sealed by the root key ‖ tag, base64. */
  wrapped: z.base64(),
  /** SHA-256 of the fields above: tells a damaged file from a wrong root key. */
  checksum: z.string(),
})

const ringContents = z.strictObject({
  formatVersion: z.literal(ringFormatVersion),
  /** Whether a passphrase goes into the root key. */
  passphrase: z.boolean(),
  keys: z.array(ringRecord),
})

export type RingRecord = z.infer<typeof ringRecord>
export type RingContents = z.infer<typeof ringContents>

/**
 * Reads a ring file and checks it as far as is possible without the root key.
 * @throws KeyRingError
 */
export function readRing(file: string): RingContents {
  const contents = parse(file)
  const ids = new Set<number>()
  for (const record of contents.keys) {
    if (checksumOf(record) !== record.checksum) {
      throw new KeyRingError('damaged', `key ring ${file} is damaged at key ${record.id}: its checksum does not match`)
    }
    if (ids.has(record.id)) throw new KeyRingError('damaged', `key ring ${file} holds key ${record.id} twice`)
    ids.add(record.id)
  }
  return contents
}

function parse(file: string): RingContents {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new KeyRingError('missing', `key ring ${file} cannot be read`, { cause: error })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new KeyRingError('damaged', `key ring ${file} is not JSON`, { cause: error })
  }
  const parsed = ringContents.safeParse(value)
  if (!parsed.success) {
    throw new KeyRingError('damaged', `key ring ${file} is not usable:\n${z.prettifyError(parsed.error)}`)
  }
  return parsed.data
}

/** A new random key for a purpose, sealed by the root key. */
export function newRecord(root: AeadKey, id: number, purpose: KeyPurpose, version: number, nowMs: number): RingRecord {
  const created = new Date(nowMs).toISOString()
  const wrapped = new Uint8Array(wrapBytes)
  const nonce = randomBytes(nonceBytes)
  wrapped.set(nonce)
  const key = randomBytes(keyBytes)
  seal(root, nonce, bindingOf({ id, purpose, version, created }), key, wrapped.subarray(nonceBytes))
  const record = { id, purpose, version, created, wrapped: Buffer.from(wrapped).toString('base64') }
  return { ...record, checksum: checksumOf(record) }
}

/** @throws KeyRingError when the root key is another one. */
export function unwrapRecord(root: AeadKey, record: RingRecord, file: string): Kek {
  const wrapped = Buffer.from(record.wrapped, 'base64')
  if (wrapped.length !== wrapBytes) throw new KeyRingError('damaged', `key ring ${file} is damaged at key ${record.id}`)
  const { id, purpose, version } = record
  try {
    const key = aeadKey(open(root, wrapped.subarray(0, nonceBytes), bindingOf(record), wrapped.subarray(nonceBytes)))
    return { id, purpose, version, createdMs: Date.parse(record.created), key }
  } catch (error) {
    if (!(error instanceof TagMismatch)) throw error
    throw new KeyRingError('root-key', `the root key (with its passphrase, if any) does not open key ring ${file}`)
  }
}

function bindingOf({ id, purpose, version, created }: Omit<RingRecord, 'wrapped' | 'checksum'>): Uint8Array {
  return Buffer.from(`jiaozi key|${id}|${purpose}|${version}|${created}`)
}

function checksumOf(record: Omit<RingRecord, 'checksum'>): string {
  const { id, purpose, version, created, wrapped } = record
  return hash('sha256', [id, purpose, version, created, wrapped].join('|')).slice(0, 16)
}
