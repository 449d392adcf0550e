import { chainStart, nextChain } from '../log/chain.ts'
import { messageOf } from '../log/process.ts'
import { tagOf } from '../log/replica.ts'
import type { Opener } from '../log/sealing.ts'
import type { LogEntry, ShardLog } from '../log/shardLog.ts'
import { frameText } from './frameText.ts'

/** A place of the log of which somebody else noted the chain: a snapshot, a segment, the database. */
export type KnownChain = { readonly who: string; readonly seq: number; readonly chain: Uint8Array }

export type LogFindings = {
  readonly first: number
  readonly last: number
  readonly frames: number
  readonly records: number
  /** The chain behind the last entry, hex. */
  readonly chain: string
  /** Places whose chain was compared. */
  readonly compared: number
  readonly faults: readonly string[]
}

const faultsMax = 20

/**
 * Reads a shard's log from its first entry to its end of now: that no sequence is missing, that every frame opens with the
 * region's keys and holds what it announces, and that the chain is the one that snapshots and database noted.
 */
export async function checkLog(log: ShardLog, opener: Opener, known: readonly KnownChain[]): Promise<LogFindings> {
  const { first, last } = await log.bounds()
  const faults: string[] = []
  const noted = Map.groupBy(known, ({ seq }) => seq)
  let [frames, records, compared] = [0, 0, 0]
  // A log whose beginning is gone proves nothing by its chain.
  let chain: Uint8Array | undefined = first === 1 ? chainStart : undefined
  await readEntries(log, first, last, async ({ seq, data }) => {
    frames++
    try {
      const opened = await opener.openMaybe(data)
      frameText(opened)
      records += opened.header.count
    } catch (error) {
      faults.push(`sequence ${seq}: ${messageOf(error)}`)
    }
    if (chain === undefined) return
    chain = nextChain(chain, tagOf(data))
    for (const { who, chain: theirs } of noted.get(seq) ?? []) {
      compared++
      if (Buffer.compare(chain, theirs) !== 0) faults.push(`sequence ${seq}: ${who} has another chain`)
    }
  })
  for (const { who, seq } of known) if (seq > last) faults.push(`${who} knows sequence ${seq}, the log ends at ${last}`)
  const text = chain === undefined ? '' : Buffer.from(chain).toString('hex')
  return { first, last, frames, records, chain: text, compared, faults: faults.slice(0, faultsMax) }
}

/** Hands out the entries from `first` to `last`, one after the other. */
export async function readEntries(
  log: ShardLog,
  first: number,
  last: number,
  onEntry: (entry: LogEntry) => void | Promise<void>,
): Promise<void> {
  if (last < first) return
  const done = Promise.withResolvers<void>()
  const follower = log.follow(first, async (entry) => {
    if (entry.seq > last) return
    await onEntry(entry)
    if (entry.seq === last) done.resolve()
  })
  void follower.failed.then(done.reject)
  try {
    await done.promise
  } finally {
    await follower.stop()
  }
}
