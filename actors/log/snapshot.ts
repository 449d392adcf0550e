import type { Section } from '../ledger/columns.ts'

/** Raised when the layout of sections or pieces changes; an older program refuses a newer format. */
export const snapshotFormatVersion = 1

/** What one shard's state was after it had applied a committed entry. */
export type SnapshotContents = {
  readonly region: string
  readonly shard: number
  readonly epoch: number
  /** The last entry that is in the state. */
  readonly seq: number
  readonly chain: Uint8Array
  /** The state's own digest, as its owner writes it. */
  readonly digest: string
  readonly createdMs: number
  readonly sections: readonly SnapshotSection[]
}

/** One named piece of what is to be stored, in parts that follow one another. */
export type SnapshotSection = { readonly name: string; readonly parts: readonly Uint8Array[] }

/** Sections as they were opened, to be stored again. */
export function inOnePart(sections: readonly Section[]): SnapshotSection[] {
  return sections.map(({ name, bytes }) => ({ name, parts: [bytes] }))
}

export function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0)
}

export type SnapshotManifest = Omit<SnapshotContents, 'sections'> & {
  readonly formatVersion: number
  readonly sections: readonly { readonly name: string; readonly bytes: number }[]
}

/** A snapshot that was opened and is whole. Every section begins on a boundary of 8 bytes. */
export type Snapshot = {
  readonly manifest: SnapshotManifest
  readonly sections: readonly Section[]
}

export type SnapshotProblem = 'damaged' | 'version'

/** A snapshot that can't be used; the message names it. */
export class SnapshotError extends Error {
  readonly problem: SnapshotProblem

  constructor(problem: SnapshotProblem, name: string, what: string, options?: ErrorOptions) {
    super(`snapshot ${name}: ${what}`, options)
    this.name = 'SnapshotError'
    this.problem = problem
  }
}

/** Sections lie one behind the other, each on a boundary of 8 bytes, so that columns can be viewed in place. */
export function placeSections(sections: readonly { readonly bytes: number }[]): { offsets: number[]; total: number } {
  let total = 0
  const offsets = sections.map(({ bytes }) => {
    const offset = total
    total += Math.ceil(bytes / 8) * 8
    return offset
  })
  return { offsets, total }
}
