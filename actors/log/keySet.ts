import { type Kek, type KekInfo, type KeyPurpose, KeyRingError } from './keyRing.ts'

/** The keys of a ring once they are unwrapped, found by id and by purpose. */
export class KeySet {
  readonly #byId = new Map<number, Kek>()
  readonly #newest = new Map<KeyPurpose, Kek>()

  constructor(keys: Iterable<Kek>) {
    for (const key of keys) this.add(key)
  }

  add(key: Kek): void {
    this.#byId.set(key.id, key)
    const newest = this.#newest.get(key.purpose)
    if (newest === undefined || key.version > newest.version) this.#newest.set(key.purpose, key)
  }

  byId(id: number): Kek | undefined {
    return this.#byId.get(id)
  }

  current(purpose: KeyPurpose): Kek {
    const key = this.#newest.get(purpose)
    if (key === undefined) throw new KeyRingError('purpose', `the key ring has no key for "${purpose}"`)
    return key
  }

  newestVersion(purpose: KeyPurpose): number {
    return this.#newest.get(purpose)?.version ?? 0
  }

  list(): KekInfo[] {
    return [...this.#byId.values()]
      .toSorted((a, b) => a.id - b.id)
      .map(({ id, purpose, version, createdMs }) => ({
        id,
        purpose,
        version,
        createdMs,
        current: this.#newest.get(purpose)?.id === id,
      }))
  }
}
