import type { AeadKey } from './aead.ts'

/** What a key-encryption key may wrap data keys for. Keys of one purpose never open what another sealed. */
export type KeyPurpose =
  | `shard/${number}`
  | 'snapshot'
  | 'effect'
  | 'postgres/balance'
  | 'postgres/personal'
  | 'webhook'
  | `evidence/${number}`
  | 'pay-link'
  | 'console'

const purposePattern =
  /^(shard\/\d{1,5}|snapshot|effect|postgres\/balance|postgres\/personal|webhook|evidence\/\d{1,9}|pay-link|console)$/

export function isKeyPurpose(text: unknown): text is KeyPurpose {
  return typeof text === 'string' && purposePattern.test(text)
}

/** A key-encryption key. `key` can be used but does not show its bytes. */
export type Kek = {
  /** Number that sealed bytes carry; never used again for another key. */
  readonly id: number
  readonly purpose: KeyPurpose
  /** Counts from 1 within the purpose. */
  readonly version: number
  readonly createdMs: number
  readonly key: AeadKey
}

/** A key as people may see it. */
export type KekInfo = Omit<Kek, 'key'> & { readonly current: boolean }

export interface KeyRing {
  /**
   * The newest key of a purpose, to seal new data with.
   * @throws KeyRingError when the ring has no key for it.
   */
  current(purpose: KeyPurpose): Kek
  /** Any key that was ever made, or undefined. An id that is not known makes the ring look at its store again. */
  byId(id: number): Kek | undefined
  /** Makes a new key for a purpose, the first or the next. What older keys sealed stays readable. */
  rotate(purpose: KeyPurpose): Kek
  /** Reads the store again when it has changed; true when it had. */
  refresh(): boolean
  list(): KekInfo[]
}

export type KeyRingProblem = 'missing' | 'exists' | 'damaged' | 'root-key' | 'permissions' | 'purpose'

export class KeyRingError extends Error {
  readonly problem: KeyRingProblem

  constructor(problem: KeyRingProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'KeyRingError'
    this.problem = problem
  }
}

/** The purposes that a region with these shards and institutions needs from the start. */
export function regionPurposes(shardCount: number, institutionCount = 1): KeyPurpose[] {
  return [
    ...Array.from({ length: shardCount }, (_, shard): KeyPurpose => `shard/${shard}`),
    'snapshot',
    'effect',
    'postgres/balance',
    'postgres/personal',
    'webhook',
    ...Array.from({ length: institutionCount }, (_, index): KeyPurpose => `evidence/${index + 1}`),
    'pay-link',
    'console',
  ]
}
