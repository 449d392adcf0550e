import type { Section } from '../ledger/columns.ts'
import type { Replica } from './replica.ts'
import type { SnapshotContents, SnapshotSection } from './snapshot.ts'

/** Gives so many bytes to copy a state into; they hold anything. */
export type RoomFor = (bytes: number) => Uint8Array

/**
 * A replica's state as it is now, ready for a store. The rows in use are copied in one go, a few milliseconds; sealing
 * and storing work from the copy while the replica goes on. What is owed to other shards never changes once it is
 * written, so that it is not copied, however much of it is kept.
 */
export function snapshotOf(
  region: string,
  replica: Replica,
  createdMs: number,
  roomFor: RoomFor = (bytes) => new Uint8Array(bytes),
): SnapshotContents {
  const { shard, epoch, seq, chain } = replica
  const { state } = replica.ledger
  const digest = state.digestText()
  const sections = [...copySections(state.columnSections(), roomFor), ...state.laneSections()]
  return { region, shard, epoch, seq, chain, digest, createdMs, sections }
}

/** One buffer for all: many small copies would cost more than the bytes. */
function copySections(sections: readonly Section[], roomFor: RoomFor): SnapshotSection[] {
  const whole = roomFor(sections.reduce((sum, section) => sum + section.bytes.length, 0))
  let at = 0
  return sections.map(({ name, bytes }) => {
    const copy = whole.subarray(at, at + bytes.length)
    copy.set(bytes)
    at += bytes.length
    return { name, parts: [copy] }
  })
}
