import type { Section } from '../ledger/columns.ts'
import type { Replica } from '../log/replica.ts'
import type { SnapshotStore } from '../log/snapshotStore.ts'

/**
 * Saves the state of a replica as it is now. The rows in use are copied in one go, a few milliseconds; sealing and
 * storing work from the copy while the shard goes on.
 */
export async function saveSnapshot(
  store: SnapshotStore,
  region: string,
  replica: Replica,
  createdMs: number,
): Promise<void> {
  const { shard, seq, chain } = replica
  const { state } = replica.ledger
  const digest = state.digestText()
  const sections = copySections(state.sections())
  await store.save({ region, shard, epoch: 0, seq, chain, digest, createdMs, sections })
}

/** One buffer for all: many small copies would cost more than the bytes. */
function copySections(sections: readonly Section[]): Section[] {
  const whole = new Uint8Array(sections.reduce((sum, section) => sum + section.bytes.length, 0))
  let at = 0
  return sections.map(({ name, bytes }) => {
    const copy = whole.subarray(at, at + bytes.length)
    copy.set(bytes)
    at += bytes.length
    return { name, bytes: copy }
  })
}
