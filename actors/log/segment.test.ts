import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createBlobs } from './blobs.ts'
import { chainStart } from './chain.ts'
import { folderSegments } from './folderSegments.ts'
import { memoryKeyRing } from './memoryKeyRing.ts'
import { openSegment, SegmentError, sealSegment } from './segment.ts'
import { newestRun, segmentAt } from './segmentStore.ts'
import type { LogEntry } from './shardLog.ts'

const blobs = createBlobs(memoryKeyRing(['snapshot']))
const entry = (seq: number, text = `frame ${seq}`): LogEntry => ({
  seq,
  stampMs: 1_000 + seq,
  subject: 'cmd.a.0.edge.1',
  data: Buffer.from(text),
})
const entries = [entry(5), entry(6), entry(7), entry(8)]
const { place, pieces, endChain } = sealSegment(blobs, 'a', 0, chainStart, entries)
const whole = Buffer.concat(pieces)
const open = (bytes: Uint8Array, at = place) => openSegment(blobs, 'x.seg', at, bytes)

/** The bytes of the segment with one piece changed: header 0, then head, subject and frame of each entry, footer. */
const withPiece = (index: number, change: (piece: Uint8Array) => Uint8Array) =>
  Buffer.concat(pieces.map((piece, at) => (at === index ? change(piece) : piece)))
const flipped = (piece: Uint8Array, at = 0) => {
  const copy = Uint8Array.from(piece)
  copy[at]! ^= 1
  return copy
}

test('entries come back with their bytes, subjects and stamps, and the chain before and behind them', () => {
  const segment = open(whole)
  expect(segment.entries).toEqual(entries)
  expect(segment.startChain).toEqual(chainStart)
  expect(Buffer.from(segment.endChain)).toEqual(Buffer.from(endChain))
})

test('an entry of a later epoch says so when it comes back', () => {
  const owned = [{ ...entry(5), epoch: 3 }, entry(6)]
  const sealed = sealSegment(blobs, 'a', 0, chainStart, owned)
  expect(open(Buffer.concat(sealed.pieces), sealed.place).entries).toEqual(owned)
})

/** As the first release wrote segments: no entry names an epoch. */
function firstFormat(): Uint8Array {
  const header = Uint8Array.from(pieces[0]!)
  new DataView(header.buffer).setUint32(4, 1, true)
  let check = createHash('sha256').update(header).digest()
  const old: Uint8Array[] = [header]
  for (const { seq, stampMs, subject, data } of entries) {
    const head = new Uint8Array(56)
    const view = new DataView(head.buffer)
    view.setFloat64(0, seq, true)
    view.setFloat64(8, stampMs, true)
    view.setUint32(16, data.length, true)
    view.setUint32(20, subject.length, true)
    check = createHash('sha256').update(check).update(head.subarray(0, 24)).update(subject).update(data).digest()
    head.set(check, 24)
    old.push(head, Buffer.from(subject), data)
  }
  const footer = { endChain: Buffer.from(endChain).toString('hex'), check: check.toString('hex'), bytes: 0 }
  const bound = 'segment|region a shard 0 entries 5 to 8'
  const sealed = blobs.sealBlob('snapshot', Buffer.from(JSON.stringify(footer)), bound)
  const trailer = Uint8Array.from(pieces.at(-1)!)
  new DataView(trailer.buffer).setUint32(0, sealed.length, true)
  return Buffer.concat([...old, sealed, trailer])
}

test('a segment of the first format is read: its entries count in epoch 0', () => {
  expect(open(firstFormat()).entries).toEqual(entries)
})

describe('damage is found, and named by the entry it is in', () => {
  const [secondHead, secondSubject, secondFrame] = [4, 5, 6]
  test.each([
    ['a flipped bit of a frame', withPiece(secondFrame, flipped), 6, 'changed'],
    ['a flipped bit of a stamp', withPiece(secondHead, (piece) => flipped(piece, 8)), 6, 'changed'],
    ['a flipped bit of a subject', withPiece(secondSubject, flipped), 6, 'changed'],
    ['a changed length', withPiece(secondHead, (piece) => flipped(piece, 19)), 6, 'length'],
    ['a dropped entry', Buffer.concat(pieces.toSpliced(secondHead, 3)), 6, 'sequence 7 stands in its place'],
    [
      'two swapped entries',
      Buffer.concat([...pieces.slice(0, 4), ...pieces.slice(7, 10), ...pieces.slice(4, 7), ...pieces.slice(10)]),
      6,
      'sequence 7 stands in its place',
    ],
    ['a lost tail', whole.subarray(0, whole.length - 1), 8, 'footer'],
    ['half of its entries', whole.subarray(0, Buffer.concat(pieces.slice(0, 6)).length), 6, 'cut short'],
    ['no bytes', new Uint8Array(0), 5, 'cut short'],
    ['a flipped bit of the footer', withPiece(pieces.length - 2, (piece) => flipped(piece, 90)), 8, 'footer'],
  ])('%s', (_what, bytes, seq, word) => {
    const failure = failureOf(() => open(bytes))
    expect(failure).toBeInstanceOf(SegmentError)
    expect(failure).toMatchObject({ seq, shard: 0, segment: 'x.seg' })
    expect(failure.message).toContain(word)
  })

  test('every single bit counts', () => {
    for (let at = 0; at < whole.length; at++) expect(() => open(flipped(whole, at))).toThrow(SegmentError)
  })

  test('entries that are replaced with all checks made anew do not pass: the footer is sealed', () => {
    const forged = sealSegment(blobs, 'a', 0, chainStart, [entry(5), entry(6, 'forged'), entry(7), entry(8)]).pieces
    const bytes = Buffer.concat([...forged.slice(0, -2), ...pieces.slice(-2)])
    expect(() => open(bytes)).toThrow('sealed footer')
  })

  test('a segment under another name, shard or key does not open', () => {
    expect(() => open(whole, { ...place, last: 7 })).toThrow(SegmentError)
    expect(() => open(whole, { ...place, shard: 1 })).toThrow('another one')
    expect(() => open(whole, { ...place, region: 'b' })).toThrow('another one')
    const stranger = createBlobs(memoryKeyRing(['snapshot']))
    expect(() => openSegment(stranger, 'x.seg', place, whole)).toThrow('footer does not open')
  })

  test('a newer format is refused by its number', () => {
    expect(() => open(flipped(whole, 5))).toThrow('format is 258, this program reads 2')
  })
})

describe('a folder of segments', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'jiaozi-segments-'))
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  test('lists what was saved in the order of the log, readable by its user only, and reads it back', async () => {
    const store = folderSegments(join(dir, 'made'), blobs, 'a')
    expect(await store.list(0)).toEqual([])
    await store.save(0, chainStart, [entry(3), entry(4)])
    await store.save(0, chainStart, [entry(1), entry(2)])
    await store.save(1, chainStart, [entry(9)])
    const infos = await store.list(0)
    expect(infos.map(({ first, last }) => [first, last])).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect((await store.read(infos[1]!)).entries).toEqual([entry(3), entry(4)])
    expect(statSync(join(dir, 'made', infos[0]!.name)).mode & 0o777).toBe(0o600)
    await store.remove(infos[0]!)
    expect(await store.list(0)).toHaveLength(1)
  })

  test('half a file that a crash left is not listed, nor is what others put there', async () => {
    const store = folderSegments(dir, blobs, 'a')
    writeFileSync(join(dir, 'a-0-1-2.seg.partial'), new Uint8Array(10))
    writeFileSync(join(dir, 'notes.txt'), 'mine')
    expect(await store.list(0)).toEqual([])
    await store.save(0, chainStart, [entry(1), entry(2)])
    expect(readdirSync(dir).toSorted()).toEqual(['a-0-1-2.seg', 'notes.txt'])
  })

  test('a damaged file says which', async () => {
    const store = folderSegments(dir, blobs, 'a')
    const info = await store.save(0, chainStart, [entry(1), entry(2)])
    const file = join(dir, info.name)
    writeFileSync(file, flipped(readFileSync(file), 120))
    await expect(store.read(info)).rejects.toThrow('segment a-0-1-2.seg: shard 0, sequence 1')
  })
})

test('a run ends at a hole, and of segments that overlap the one that reaches furthest is read', () => {
  const info = (first: number, last: number) => ({ region: 'a', shard: 0, first, last, name: `${first}`, bytes: 1 })
  expect(newestRun([])).toBeUndefined()
  expect(newestRun([info(1, 4), info(5, 6)])).toEqual({ first: 1, last: 6 })
  expect(newestRun([info(1, 4), info(6, 9)])).toEqual({ first: 6, last: 9 })
  expect(newestRun([info(1, 9), info(1, 4), info(5, 12)])).toEqual({ first: 1, last: 12 })
  expect(segmentAt([info(1, 9), info(5, 12)], 6)).toEqual(info(5, 12))
  expect(segmentAt([info(1, 9)], 10)).toBeUndefined()
})

function failureOf(work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not fail')
}
