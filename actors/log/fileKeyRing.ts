import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type AeadKey, aeadKey, keyBytes } from './aead.ts'
import { isCode, replaceFile } from './durableFile.ts'
import { withFileLock } from './fileLock.ts'
import {
  isKeyPurpose,
  type Kek,
  type KekInfo,
  type KeyPurpose,
  type KeyRing,
  KeyRingError,
  regionPurposes,
} from './keyRing.ts'
import { KeySet } from './keySet.ts'
import { newRecord, type RingContents, readRing, ringFormatVersion, unwrapRecord } from './ringFile.ts'
import { passphraseVariable, readRootKey, rootKeyFile } from './rootKey.ts'

export const ringFileName = 'ring.json'
const lockFileName = 'ring.lock'
const lockTimeoutMs = 5_000
const lookAgainMs = 5_000

export type FileKeyRingOptions = {
  /** Goes into the root key; taken from JIAOZI_ROOT_PASSPHRASE unless given. */
  readonly passphrase?: string
  readonly nowMs?: () => number
}

export type CreateKeyRingOptions = FileKeyRingOptions & {
  readonly shardCount: number
  readonly institutionCount?: number
}

export function hasKeyRing(dir: string): boolean {
  return existsSync(join(dir, ringFileName))
}

/**
 * Makes a folder (mode 0700) with a new root key and a ring that has a first key for every purpose of a region.
 * @throws KeyRingError when there is one already: overwriting a root key would lose everything sealed under it.
 */
export function createKeyRing(dir: string, options: CreateKeyRingOptions): KeyRing {
  const { shardCount, institutionCount, nowMs = Date.now, passphrase = process.env[passphraseVariable] } = options
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  chmodSync(dir, 0o700)
  withFileLock(join(dir, lockFileName), lockTimeoutMs, () => {
    if (hasKeyRing(dir)) throw new KeyRingError('exists', `there is a key ring in ${dir} already`)
    // A root key that is there already may open a ring that is only mislaid: it is used, never overwritten.
    if (!existsSync(join(dir, rootKeyFile))) replaceFile(join(dir, rootKeyFile), randomBytes(keyBytes))
    const root = aeadKey(readRootKey(dir, passphrase))
    const keys = regionPurposes(shardCount, institutionCount).map((purpose, index) =>
      newRecord(root, index + 1, purpose, 1, nowMs()),
    )
    writeRing(dir, { formatVersion: ringFormatVersion, passphrase: Boolean(passphrase), keys })
  })
  return openKeyRing(dir, options)
}

/**
 * Opens the ring of a folder. A process that runs long sees keys that others add: it looks again every 5 s when used,
 * and at once when it meets an id that it does not know.
 * @throws KeyRingError when the ring is missing or damaged, or the root key is another one.
 */
export function openKeyRing(dir: string, options: FileKeyRingOptions = {}): KeyRing {
  return new FileKeyRing(dir, options)
}

class FileKeyRing implements KeyRing {
  readonly #dir: string
  readonly #file: string
  readonly #root: AeadKey
  readonly #nowMs: () => number
  #keys: KeySet
  #seen: string
  #lookedMs: number

  constructor(dir: string, options: FileKeyRingOptions) {
    const { passphrase = process.env[passphraseVariable], nowMs = Date.now } = options
    this.#dir = dir
    this.#file = join(dir, ringFileName)
    this.#nowMs = nowMs
    this.#seen = this.#stamp()
    const contents = readRing(this.#file)
    if (contents.passphrase && !passphrase) {
      throw new KeyRingError('root-key', `key ring ${this.#file} needs a passphrase: set ${passphraseVariable}`)
    }
    this.#root = aeadKey(readRootKey(dir, contents.passphrase ? passphrase : undefined))
    this.#keys = this.#unwrapAll(contents)
    this.#lookedMs = performance.now()
  }

  current(purpose: KeyPurpose): Kek {
    if (performance.now() - this.#lookedMs > lookAgainMs) this.refresh()
    return this.#keys.current(purpose)
  }

  byId(id: number): Kek | undefined {
    const key = this.#keys.byId(id)
    return key === undefined && this.refresh() ? this.#keys.byId(id) : key
  }

  refresh(): boolean {
    this.#lookedMs = performance.now()
    const seen = this.#stamp()
    if (seen === this.#seen) return false
    this.#keys = this.#unwrapAll(readRing(this.#file))
    this.#seen = seen
    return true
  }

  rotate(purpose: KeyPurpose): Kek {
    if (!isKeyPurpose(purpose)) throw new KeyRingError('purpose', `"${purpose}" is not a purpose of a key`)
    return withFileLock(join(this.#dir, lockFileName), lockTimeoutMs, () => {
      const contents = readRing(this.#file)
      const id = Math.max(0, ...contents.keys.map((key) => key.id)) + 1
      const versions = contents.keys.filter((key) => key.purpose === purpose).map((key) => key.version)
      const record = newRecord(this.#root, id, purpose, Math.max(0, ...versions) + 1, this.#nowMs())
      writeRing(this.#dir, { ...contents, keys: [...contents.keys, record] })
      this.refresh()
      return this.#keys.current(purpose)
    })
  }

  list(): KekInfo[] {
    this.refresh()
    return this.#keys.list()
  }

  /** Changes whenever the file is replaced: it then has another inode. */
  #stamp(): string {
    try {
      const { ino, mtimeMs, size } = statSync(this.#file)
      return `${ino}:${mtimeMs}:${size}`
    } catch (error) {
      if (isCode(error, 'ENOENT')) throw new KeyRingError('missing', `there is no key ring in ${this.#dir}`)
      throw error
    }
  }

  /** Keys that are held already are kept, so that a reading ring unwraps only what is new. */
  #unwrapAll(contents: RingContents): KeySet {
    const held = this.#keys as KeySet | undefined
    return new KeySet(
      contents.keys.map((record) => {
        const known = held?.byId(record.id)
        return known?.version === record.version ? known : unwrapRecord(this.#root, record, this.#file)
      }),
    )
  }
}

function writeRing(dir: string, contents: RingContents): void {
  replaceFile(join(dir, ringFileName), Buffer.from(`${JSON.stringify(contents, null, 2)}\n`))
}
