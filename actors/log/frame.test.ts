import { describe, expect, test } from 'vitest'
import { writeRecord } from '../ledger/layout.ts'
import { frameKinds } from '../ledger/records.ts'
import {
  decodeFrame,
  FrameError,
  type FrameHeader,
  type FrameProblem,
  frameBytes,
  frameBytesMax,
  frameHeader,
  frameMagic,
  frameVersion,
  writeFrameHeader,
} from './frame.ts'

const header: FrameHeader = {
  magic: frameMagic,
  version: frameVersion,
  kind: frameKinds.payments,
  shard: 3,
  epoch: 1,
  count: 2,
  incarnation: 2 ** 52 + 1,
  counter: 7,
  clockMs: 1_760_000_000_000,
  keyId: 9,
  bodyBytes: 24,
  evidenceBytes: 0,
  reserved: 0,
  wrap: new Uint8Array(60).fill(1),
  bodyNonce: new Uint8Array(12).fill(2),
  evidenceTag: new Uint8Array(16),
}

function frameOf(changes: Partial<FrameHeader> = {}, length?: number): Uint8Array {
  const all = { ...header, ...changes }
  const frame = new Uint8Array(length ?? frameBytes(all.bodyBytes, all.evidenceBytes))
  writeRecord(frameHeader, new DataView(frame.buffer), 0, all)
  return frame
}

function problemOf(work: () => unknown): FrameProblem {
  try {
    work()
  } catch (error) {
    if (error instanceof FrameError) return error.problem
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('frame', () => {
  test('the header is 144 bytes, so that a body behind it is aligned for 8-byte views', () => {
    expect(frameHeader.size).toBe(144)
    expect(frameHeader.size % 8).toBe(0)
  })

  test('a header is read back as it was written, and the parts lie where it says', () => {
    const frame = new Uint8Array(frameBytes(24, 40))
    writeFrameHeader(frame, { ...header, evidenceBytes: 40 })
    const parts = decodeFrame(frame)
    expect(parts.header).toEqual({ ...header, evidenceBytes: 40 })
    expect([parts.headerBytes.byteOffset, parts.headerBytes.length]).toEqual([0, 144])
    expect([parts.sealedBody.byteOffset, parts.sealedBody.length]).toEqual([144, 40])
    expect([parts.tag.byteOffset, parts.tag.length]).toEqual([168, 16])
    expect([parts.sealedEvidence?.byteOffset, parts.sealedEvidence?.length]).toEqual([184, 40])
  })

  test('a frame inside a larger buffer is read in its own bounds', () => {
    const buffer = new Uint8Array(1_000)
    buffer.set(frameOf(), 8)
    expect(decodeFrame(buffer.subarray(8, 8 + frameBytes(24, 0))).header).toEqual(header)
  })

  test.each<[FrameProblem, string, () => Uint8Array]>([
    ['truncated', 'nothing at all', () => new Uint8Array(0)],
    ['truncated', 'a header cut short', () => frameOf({}, 200).subarray(0, 100)],
    ['truncated', 'a body cut short', () => frameOf().subarray(0, 170)],
    ['length', 'bytes behind the end', () => frameOf({}, frameBytes(24, 0) + 1)],
    ['oversize', 'more than the log takes', () => new Uint8Array(frameBytesMax + 1)],
    ['foreign', 'another magic', () => frameOf({ magic: 0x12345678 })],
    ['version', 'a version to come', () => frameOf({ version: frameVersion + 1 })],
    ['version', 'a version gone by', () => frameOf({ version: 1 })],
    ['kind', 'a kind that is not known', () => frameOf({ kind: 200 })],
    ['field', 'an incarnation that is no integer', () => frameOf({ incarnation: 0.5 })],
    ['field', 'a counter that is not exact', () => frameOf({ counter: 2 ** 53 })],
    ['field', 'a clock that is not a number', () => frameOf({ clockMs: Number.NaN })],
    ['field', 'a clock before 1970', () => frameOf({ clockMs: -1 })],
  ])('decoding says "%s" of %s', (problem, _what, make) => {
    expect(problemOf(() => decodeFrame(make()))).toBe(problem)
  })

  test('a sender cannot write what a reader would refuse', () => {
    const room = new Uint8Array(frameBytes(24, 0))
    expect(problemOf(() => writeFrameHeader(room, { ...header, kind: 0 }))).toBe('kind')
    expect(problemOf(() => writeFrameHeader(room, { ...header, epoch: -1 }))).toBe('field')
    expect(problemOf(() => writeFrameHeader(room, { ...header, shard: 65_536 }))).toBe('field')
    expect(problemOf(() => writeFrameHeader(new Uint8Array(frameBytesMax + 1), header))).toBe('oversize')
  })

  test('the largest frame fits into one NATS message of 2 MiB', () => {
    expect(frameBytesMax).toBeLessThan(2 * 1024 * 1024)
    const bodyBytes = frameBytesMax - frameBytes(0, 0)
    expect(decodeFrame(frameOf({ bodyBytes })).header.bodyBytes).toBe(bodyBytes)
  })
})
