import { type OwnerRecord, type OwnerSegment, positionOf } from '../../log/ownerRecord.ts'

/** The changes that are made to a shard's record at the witness. There are no others. */

/** The same again: only its revision moves on, and with it every request dies that still asks for a change of the old. */
export function touched(record: OwnerRecord): OwnerRecord {
  if (record.mode !== 'solo') return record
  return { ...record, soloBeat: (record.soloBeat ?? 0) + 1 }
}

export function inSolo(record: OwnerRecord): OwnerRecord {
  return { ...record, mode: 'solo', soloBeat: (record.soloBeat ?? 0) + 1 }
}

export function inSync(record: OwnerRecord): OwnerRecord {
  const { soloBeat: _, ...rest } = record
  return { ...rest, mode: 'sync' }
}

/** The standby goes on alone behind `cut`, in its own stream from `first` on. */
export function takenOver(record: OwnerRecord, region: string, cut: number, first: number): OwnerRecord {
  return { ...succeeded(record, region, cut, first), mode: 'solo', soloBeat: 1 }
}

/** The owner, which has paused at `cut`, hands over to a standby that has it all. */
export function handedOver(record: OwnerRecord, region: string, cut: number, first: number): OwnerRecord {
  return { ...succeeded(record, region, cut, first), mode: 'sync' }
}

/** `cut` is a position of the logical log, `first` a sequence of the new owner's stream. */
function succeeded(record: OwnerRecord, region: string, cut: number, first: number): Omit<OwnerRecord, 'mode'> {
  const epoch = record.epoch + 1
  const open = openSegment(record)
  const closed: OwnerSegment = { ...open, last: sequenceAt(record, cut) }
  const afterOwn = record.segments.reduce((after, s) => (s.region === region ? (s.last ?? 0) + 1 : after), 1)
  const opened: OwnerSegment = { epoch, region, first: Math.max(first, afterOwn) }
  return { epoch, owner: region, segments: [...record.segments.slice(0, -1), closed, opened] }
}

export function openSegment({ segments }: OwnerRecord): OwnerSegment {
  return segments.at(-1)!
}

/** Position up to which the log can't change any more, whoever owns it: the end of its closed segments. */
export function basePosition({ segments }: OwnerRecord): number {
  const { epoch, first } = segments.at(-1)!
  return positionOf(segments, epoch, first - 1)
}

/** Sequence in the owner's stream of a position that is not below the base. */
export function sequenceAt(record: OwnerRecord, position: number): number {
  return openSegment(record).first - 1 + position - basePosition(record)
}

/** Position of a sequence of the owner's stream; one before the open segment counts as its beginning. */
export function positionAt(record: OwnerRecord, seq: number): number {
  const { epoch, first } = openSegment(record)
  return positionOf(record.segments, epoch, Math.max(seq, first - 1))
}

/** True when what was read up to `position` while `epoch` was the newest is still what the log holds there. */
export function stillHolds({ segments }: OwnerRecord, epoch: number, position: number): boolean {
  const segment = segments.find((one) => one.epoch === epoch)
  if (segment === undefined) return false
  return segment.last === undefined || position <= positionOf(segments, epoch, segment.last)
}
