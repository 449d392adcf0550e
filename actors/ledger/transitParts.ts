import type { FrameInput } from './frameInput.ts'
import { transitGroup, transitHeader, transitRecord } from './records.ts'

const H = transitHeader.at
const G = transitGroup.at

/** Whether a frame's body is made of whole parts, which together hold the records that it announces. */
export function isTransit(frame: Pick<FrameInput, 'u32' | 'f64' | 'bodyBytes' | 'count'>): boolean {
  let at = 0
  let records = 0
  while (at < frame.bodyBytes) {
    if (at + transitHeader.size > frame.bodyBytes) return false
    const first = frame.f64[(at + H.first) >>> 3]!
    // A number that counts nothing would make the watermark count nothing from then on.
    if (!Number.isSafeInteger(first) || first < 0) return false
    if (groupsOf(frame, at) === 0 || recordsOf(frame, at) === 0) return false
    records += recordsOf(frame, at)
    at = partEnd(frame, at)
  }
  return at === frame.bodyBytes && records === frame.count
}

type Words = Pick<FrameInput, 'u32'>

const groupsOf = ({ u32 }: Words, at: number): number => u32[(at + H.groups) >>> 2]!

/** How many records the part has that begins at byte `at`. */
export const recordsOf = ({ u32 }: Words, at: number): number => u32[(at + H.records) >>> 2]!

/** Where the records of the part stand that begins at byte `at`. */
export function recordsAt(frame: Words, at: number): number {
  return at + transitHeader.size + groupsOf(frame, at) * transitGroup.size
}

/** Where the part ends that begins at byte `at`: there the next one begins. */
export function partEnd(frame: Words, at: number): number {
  return recordsAt(frame, at) + recordsOf(frame, at) * transitRecord.size
}

/** Each record of a transit frame for who reads frames without applying them: where it, its group and its part stand. */
export function* transitPlaces(frame: Pick<FrameInput, 'u32' | 'f64' | 'bodyBytes'>) {
  const { u32, f64 } = frame
  for (let part = 0; part < frame.bodyBytes; part = partEnd(frame, part)) {
    const [first, from] = [f64[(part + H.first) >>> 3]!, recordsAt(frame, part)]
    const firstOf = (group: number): number => (u32[(group + G.first) >>> 2]! - first) | 0
    let group: number = part + transitHeader.size
    for (let i = 0; i < recordsOf(frame, part); i++) {
      while (group + transitGroup.size < from && firstOf(group + transitGroup.size) <= i) group += transitGroup.size
      yield { part, group, record: from + i * transitRecord.size, number: first + i }
    }
  }
}
