import type { KeyObject } from 'node:crypto'
import { importWalletKey, verifyEcdsa } from './signatureAlgorithms.ts'
import type { VerifyJob } from './verifyJobs.ts'

const keysMax = 50_000

/** Importing a key costs about half a verification: the keys of wallets that pay often are kept. */
export class SignatureChecker {
  readonly #keys = new Map<string, KeyObject | undefined>()

  /** False too for a key that is none. */
  check({ algorithm, key: point, message, signature }: VerifyJob): boolean {
    const key = this.#keyOf(algorithm, point)
    return key !== undefined && verifyEcdsa(key, message, signature)
  }

  #keyOf(algorithm: number, point: Uint8Array): KeyObject | undefined {
    const name = `${algorithm}.${Buffer.from(point.buffer, point.byteOffset, point.length).toString('latin1')}`
    if (this.#keys.has(name)) return this.#keys.get(name)
    let key: KeyObject | undefined
    try {
      key = importWalletKey(algorithm, point)
    } catch {
      key = undefined
    }
    if (this.#keys.size >= keysMax) this.#keys.delete(this.#keys.keys().next().value!)
    this.#keys.set(name, key)
    return key
  }
}
