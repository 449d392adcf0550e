import type { LeaseStore } from './lease.ts'

/** A key-value bucket in memory: each change is a compare-and-set, and revisions count over all keys. */
export function memoryLeases(): LeaseStore {
  const entries = new Map<string, { revision: number; value: Uint8Array | undefined }>()
  let revision = 0
  const put = (key: string, value: Uint8Array | undefined): number => {
    entries.set(key, { revision: ++revision, value })
    return revision
  }
  return {
    get: async (key) => {
      const entry = entries.get(key)
      return entry?.value && { revision: entry.revision, value: entry.value }
    },
    create: async (key, value) => (entries.get(key)?.value === undefined ? put(key, value) : undefined),
    update: async (key, value, expected) => (entries.get(key)?.revision === expected ? put(key, value) : undefined),
    delete: async (key, expected) => {
      if (entries.get(key)?.revision === expected) put(key, undefined)
    },
  }
}
