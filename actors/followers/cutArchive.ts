import { heldTo, type OwnerSegment } from '../log/ownerRecord.ts'
import type { SegmentStore } from '../log/segmentStore.ts'

/** Where an archive ends: its last entry, and the log's chain behind it. */
export type ArchiveEnd = { readonly epoch: number; readonly seq: number; readonly chain: Uint8Array }

/**
 * Takes out of a shard's archive what a cut of its log has voided, the newest first, so that it is a whole log wherever
 * this ends half way.
 * @param owners segments of the log
 * @returns undefined when nothing is archived
 * @throws SegmentError when the last segment is damaged
 */
export async function cutArchive(
  shard: number,
  store: SegmentStore,
  owners: readonly OwnerSegment[],
): Promise<ArchiveEnd | undefined> {
  for (const info of (await store.list(shard)).toSorted((a, b) => b.last - a.last)) {
    const { startChain, entries, endChain } = await store.read(info)
    const held = entries.filter(({ epoch = 0, seq }) => heldTo(owners, { epoch, seq }) === seq)
    const last = held.at(-1)
    const whole = held.length === entries.length
    const chain = whole || last === undefined ? endChain : (await store.save(shard, startChain, held)).endChain
    if (!whole) await store.remove(info)
    if (last !== undefined) return { epoch: last.epoch ?? 0, seq: last.seq, chain }
  }
  return undefined
}
