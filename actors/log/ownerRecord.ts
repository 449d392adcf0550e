import { z } from 'zod'

const regionLetter = z.string().regex(/^[a-z]$/)
const sequence = z.number().int().min(0)

/**
 * A stretch of a shard's logical log: these sequences of one region's stream, and of them only the frames that carry
 * this epoch. The newest segment is open; a closed one whose `last` is `first` - 1 holds nothing.
 */
const ownerSegment = z.strictObject({
  epoch: sequence,
  region: regionLetter,
  first: z.number().int().min(1),
  last: sequence.optional(),
})

const ownerRecord = z
  .strictObject({
    epoch: sequence,
    owner: regionLetter,
    /**
     * `alone`: the installation has one region. `sync`: a frame is committed once the other region vouches for it.
     * `solo`: the owner commits by itself, as long as its lease at the witness runs.
     */
    mode: z.enum(['alone', 'sync', 'solo']),
    segments: z.array(ownerSegment).min(1),
    /** Counts renewals of a solo lease: a record that does not change any more is held by nobody. */
    soloBeat: sequence.optional(),
  })
  .refine(isWhole, 'segments must follow one another by epoch, the last of them open and of the owner and its epoch')

export type OwnerSegment = z.infer<typeof ownerSegment>
export type OwnerRecord = z.infer<typeof ownerRecord>
export type OwnerMode = OwnerRecord['mode']

function isWhole({ epoch, owner, segments }: { epoch: number; owner: string; segments: OwnerSegment[] }): boolean {
  const newest = segments.at(-1)!
  const closed = segments.slice(0, -1)
  return (
    newest.epoch === epoch &&
    newest.region === owner &&
    newest.last === undefined &&
    closed.every(({ first, last }) => last !== undefined && last >= first - 1) &&
    segments.every((segment, i) => i === 0 || segment.epoch > segments[i - 1]!.epoch)
  )
}

/** @throws Error that names what is wrong. */
export function parseOwnerRecord(value: unknown): OwnerRecord {
  const parsed = ownerRecord.safeParse(value)
  if (!parsed.success) throw new Error(`owner record is not usable: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}

/** The record of a shard when its data is made. */
export function firstOwnerRecord(owner: string, mode: OwnerMode): OwnerRecord {
  return { epoch: 0, owner, mode, segments: [{ epoch: 0, region: owner, first: 1 }] }
}

/** One entry of the logical log, where it lies. */
export type LogPlace = { readonly segment: OwnerSegment; readonly seq: number }

/**
 * Positions in the logical log count from 1 through all segments without holes, whatever the streams' own sequences
 * are: what was at a position stays there as long as no cut lies below it.
 * @returns undefined beyond the last closed segment when there is no open one, which no whole record has.
 */
export function placeOf(segments: readonly OwnerSegment[], position: number): LogPlace | undefined {
  let before = segments[0]!.first - 1
  for (const segment of segments) {
    const count = segment.last === undefined ? Number.POSITIVE_INFINITY : segment.last - segment.first + 1
    if (position <= before + count) return { segment, seq: segment.first + (position - before - 1) }
    before += count
  }
  return undefined
}

/** Position of a sequence of the segment with this epoch. @throws Error when there is no such segment. */
export function positionOf(segments: readonly OwnerSegment[], epoch: number, seq: number): number {
  let before = segments[0]!.first - 1
  for (const { epoch: own, first, last } of segments) {
    if (own === epoch) return before + (seq - first + 1)
    before += (last ?? first - 1) - first + 1
  }
  throw new Error(`no segment has epoch ${epoch}`)
}

/** True when a state of this epoch and position is one of the log's: its segment is known, and no cut lies below it. */
export function liesWithin(segments: readonly OwnerSegment[], at: { epoch: number; seq: number }): boolean {
  const segment = segments.find(({ epoch }) => epoch === at.epoch)
  if (segment === undefined) return false
  const before = positionOf(segments, segment.epoch, segment.first - 1)
  const end = segment.last === undefined ? Number.POSITIVE_INFINITY : positionOf(segments, segment.epoch, segment.last)
  return at.seq >= before && at.seq <= end
}

/**
 * Up to where the log still holds what was read up to `seq`, the last of it in this epoch: that far, or to the cut that
 * lies below it.
 * @throws Error when the epoch is not known here: the record is an old one, and says nothing of it
 */
export function heldTo(segments: readonly OwnerSegment[], { epoch, seq }: { epoch: number; seq: number }): number {
  const segment = segments.find((one) => one.epoch === epoch)
  if (segment === undefined) throw new Error(`the record of the shard's owners knows nothing of epoch ${epoch}`)
  return segment.last === undefined ? seq : Math.min(seq, positionOf(segments, epoch, segment.last))
}

/** Key of a shard's record, at the witness and in each region's copy. */
export const ownerKey = (shard: number): string => `shard.${shard}`
/** The witness's bucket: the only place where a record is decided. */
export const witnessBucket = 'owners'
/** A region's copy, kept by its workers, for those who only need to know. */
export const ownersBucket = (region: string): string => `owners_${region}`
