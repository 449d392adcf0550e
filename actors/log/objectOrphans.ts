import type { JetStreamManager } from '@nats-io/jetstream'

/** Longer than any save takes: younger chunks may belong to one that is under way in another process. */
const orphanAgeMsMin = 10 * 60_000

/**
 * Removes chunks that no entry of the bucket points to: what a save leaves that dies half way.
 * @param nowMs the time that chunks are judged by
 */
export async function removeOrphanChunks(
  manager: JetStreamManager,
  region: string,
  nowMs: number = Date.now(),
): Promise<number> {
  const bucket = `snap_${region}`
  const stream = `OBJ_${bucket}`
  const { state } = await manager.streams.info(stream, { subjects_filter: `$O.${bucket}.>` })
  const subjects = Object.keys(state.subjects ?? {})
  const owned = new Set<string>()
  for (const subject of subjects.filter((name) => name.startsWith(`$O.${bucket}.M.`))) {
    const message = await manager.streams.getMessage(stream, { last_by_subj: subject })
    if (message !== null) owned.add(`$O.${bucket}.C.${message.json<{ nuid: string }>().nuid}`)
  }
  let removed = 0
  for (const subject of subjects) {
    if (!subject.startsWith(`$O.${bucket}.C.`) || owned.has(subject)) continue
    const last = await manager.streams.getMessage(stream, { last_by_subj: subject })
    if (last === null || nowMs - last.time.getTime() < orphanAgeMsMin) continue
    await manager.streams.purge(stream, { filter: subject })
    removed++
  }
  return removed
}
