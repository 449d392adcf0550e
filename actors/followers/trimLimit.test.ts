import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { SegmentInfo } from '../log/segmentStore.ts'
import { segmentsToForget, trimLimit } from './trimLimit.ts'

/** Segments of these many entries and bytes, one behind the other from entry 1. */
function segmentsOf(parts: readonly { entries: number; bytes: number }[]): SegmentInfo[] {
  let first = 1
  return parts.map(({ entries, bytes }) => {
    const info = { region: 'a', shard: 0, first, last: first + entries - 1, name: `a-0-${first}.seg`, bytes }
    first += entries
    return info
  })
}

const place = fc.nat({ max: 200 })
const parts = fc.array(fc.record({ entries: fc.integer({ min: 1, max: 20 }), bytes: fc.integer({ min: 1, max: 100 }) }))
const facts = fc.record({
  archivedSeq: place,
  snapshotSeqs: fc.array(place, { maxLength: 3 }),
  projectorSeq: place,
  parts,
  bytesKept: fc.nat({ max: 500 }),
})

describe('how far a log may be trimmed', () => {
  test.prop([facts])('never past the archive, the database, or the older of two snapshots', (found) => {
    const limit = trimLimit({ ...found, segments: segmentsOf(found.parts) })
    expect(limit).toBeGreaterThanOrEqual(0)
    expect(limit).toBeLessThanOrEqual(found.archivedSeq)
    expect(limit).toBeLessThanOrEqual(found.projectorSeq)
    const passed = found.snapshotSeqs.filter((seq) => seq >= limit)
    if (limit > 0) expect(passed.length).toBeGreaterThanOrEqual(2)
  })

  test.prop([facts])('the newest bytes that are asked for stay', (found) => {
    const segments = segmentsOf(found.parts)
    const limit = trimLimit({ ...found, segments })
    const kept = segments.filter(({ first }) => first > limit).reduce((sum, { bytes }) => sum + bytes, 0)
    if (limit > 0) expect(kept).toBeGreaterThanOrEqual(found.bytesKept)
  })

  test('up to the archive, where snapshots and database are past it', () => {
    const segments = segmentsOf([{ entries: 10, bytes: 10 }])
    const limit = trimLimit({ archivedSeq: 10, snapshotSeqs: [40, 30], projectorSeq: 50, segments, bytesKept: 0 })
    expect(limit).toBe(10)
  })

  test('not at all with one snapshot, or with none', () => {
    const segments = segmentsOf([{ entries: 10, bytes: 10 }])
    const given = { archivedSeq: 10, projectorSeq: 50, segments, bytesKept: 0 }
    expect(trimLimit({ ...given, snapshotSeqs: [40] })).toBe(0)
    expect(trimLimit({ ...given, snapshotSeqs: [] })).toBe(0)
  })
})

describe('what an archive may forget', () => {
  test.prop([parts, fc.nat({ max: 2_000 }), place])(
    'only from its beginning, without a hole',
    (found, bytesMax, seq) => {
      const segments = segmentsOf(found)
      const forgotten = segmentsToForget(segments, bytesMax, seq)
      expect(forgotten).toEqual(segments.slice(0, forgotten.length))
      for (const { last } of forgotten) expect(last).toBeLessThan(seq)
      const [next] = segments.slice(forgotten.length)
      const left = segments.slice(forgotten.length).reduce((sum, { bytes }) => sum + bytes, 0)
      // It stops for one of two reasons: there is room, or the next one is still needed.
      if (next !== undefined) expect(left <= bytesMax || next.last >= seq).toBe(true)
    },
  )
})
