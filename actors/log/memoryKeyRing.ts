import { randomBytes as systemRandomBytes } from 'node:crypto'
import { aeadKey, keyBytes } from './aead.ts'
import type { Kek, KeyPurpose, KeyRing } from './keyRing.ts'
import { KeySet } from './keySet.ts'

export type MemoryKeyRingOptions = {
  readonly nowMs?: () => number
  /** A simulation gives its seeded source here, so that the same seed makes the same bytes. */
  readonly randomBytes?: (length: number) => Uint8Array
}

/** A ring that lives and dies with its process: for simulations and tests. Its keys open nothing afterwards. */
export function memoryKeyRing(purposes: readonly KeyPurpose[], options: MemoryKeyRingOptions = {}): KeyRing {
  const { nowMs = Date.now, randomBytes = systemRandomBytes } = options
  const keys = new KeySet([])
  let lastId = 0
  const rotate = (purpose: KeyPurpose): Kek => {
    const kek: Kek = {
      id: ++lastId,
      purpose,
      version: keys.newestVersion(purpose) + 1,
      createdMs: nowMs(),
      key: aeadKey(randomBytes(keyBytes)),
    }
    keys.add(kek)
    return kek
  }
  for (const purpose of purposes) rotate(purpose)
  return {
    rotate,
    current: (purpose) => keys.current(purpose),
    byId: (id) => keys.byId(id),
    refresh: () => false,
    list: () => keys.list(),
  }
}
