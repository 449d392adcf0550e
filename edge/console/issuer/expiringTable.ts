import { createHash, randomBytes } from 'node:crypto'

const secretBytes = 32

/**
 * What stands behind an opaque secret that a browser holds. The secret itself is not kept, only its hash; who guesses
 * one guesses 256 bits. Bounded: the oldest entry goes when there are too many.
 */
export class ExpiringTable<T extends { readonly expiresMs: number }> {
  readonly #entries = new Map<string, T>()
  readonly #countMax: number

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  /** @returns the secret */
  add(entry: T, nowMs: number): string {
    this.#forget(nowMs)
    const secret = randomBytes(secretBytes).toString('base64url')
    this.#entries.set(keyOf(secret), entry)
    return secret
  }

  find(secret: string, nowMs: number): T | undefined {
    const key = keyOf(secret)
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.expiresMs > nowMs) return entry
    this.#entries.delete(key)
    return undefined
  }

  /** @returns what stood there */
  remove(secret: string, nowMs: number): T | undefined {
    const entry = this.find(secret, nowMs)
    this.#entries.delete(keyOf(secret))
    return entry
  }

  #forget(nowMs: number): void {
    for (const [key, { expiresMs }] of this.#entries) if (expiresMs <= nowMs) this.#entries.delete(key)
    for (const key of this.#entries.keys()) {
      if (this.#entries.size < this.#countMax) return
      this.#entries.delete(key)
    }
  }
}

const keyOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')
