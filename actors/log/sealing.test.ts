import { fc, test as property } from '@fast-check/vitest'
import { beforeEach, describe, expect, test } from 'vitest'
import { frameKinds } from '../ledger/records.ts'
import { DataKeyCache, DataKeySource } from './dataKeys.ts'
import { decodeFrame, FrameError, type FrameFields, frameBytesMax, frameHeader } from './frame.ts'
import { type KeyRing, regionPurposes } from './keyRing.ts'
import { memoryKeyRing } from './memoryKeyRing.ts'
import { SealError, type SealProblem } from './sealError.ts'
import { createOpener, createSealer } from './sealing.ts'

const fields: FrameFields = {
  kind: frameKinds.payments,
  epoch: 1,
  count: 3,
  incarnation: 77,
  counter: 1,
  clockMs: 1_760_000_000_000,
}

function sealProblemOf(work: () => unknown): SealProblem {
  try {
    work()
  } catch (error) {
    if (error instanceof SealError) return error.problem
    throw error
  }
  throw new Error('nothing was thrown')
}

let ring: KeyRing
beforeEach(() => {
  ring = memoryKeyRing(regionPurposes(2))
})

describe('sealed frames', () => {
  property.prop([
    fc.uint8Array({ maxLength: 50_000 }),
    fc.option(fc.uint8Array({ maxLength: 500 }), { nil: undefined }),
  ])('what is sealed opens to the same, by both forms', async (body, evidence) => {
    const sealer = createSealer(ring, 1)
    const opener = createOpener(ring)
    for (const frame of [sealer.seal(fields, body, evidence), await sealer.sealMaybe(fields, body, evidence)]) {
      for (const opened of [opener.open(frame), await opener.openMaybe(frame)]) {
        expect(opened.header).toMatchObject({ ...fields, shard: 1 })
        expect(opened.body).toEqual(body)
        expect(opened.body.byteOffset % 8).toBe(0)
        expect(opened.evidence?.()).toEqual(evidence)
        expect(opened.tag).toEqual(decodeFrame(frame).tag)
      }
    }
  })

  test('a body holds numbers that can be read in place', () => {
    const numbers = Float64Array.of(1, 2, 9_007_199_254_740_991)
    const frame = createSealer(ring, 0).seal(fields, new Uint8Array(numbers.buffer))
    const { body } = createOpener(ring).open(frame)
    expect(new Float64Array(body.buffer, body.byteOffset, body.length / 8)).toEqual(numbers)
  })

  test('no bit of a frame can be changed unseen', () => {
    const opener = createOpener(ring)
    const frame = createSealer(ring, 0).seal(fields, new Uint8Array(24).fill(5), Uint8Array.of(1, 2, 3))
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const changed = frame.slice()
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => opener.open(changed).evidence?.(), `bit ${bit}`).toThrow()
    }
    expect(opener.open(frame).evidence?.()).toEqual(Uint8Array.of(1, 2, 3))
  })

  test('a frame cut short at any byte is refused', () => {
    const opener = createOpener(ring)
    const frame = createSealer(ring, 0).seal(fields, new Uint8Array(24), Uint8Array.of(1))
    for (let length = 0; length < frame.length; length++) {
      expect(() => opener.open(frame.subarray(0, length)), `${length} bytes`).toThrow(FrameError)
    }
  })

  test('a frame of one shard is refused in the log of another', () => {
    const frame = createSealer(ring, 0).seal(fields, new Uint8Array(8))
    expect(() => createOpener(ring, { shard: 1 }).open(frame)).toThrow('frame of shard 0 in the log of shard 1')
    expect(createOpener(ring, { shard: 0 }).open(frame).header.shard).toBe(0)
  })

  test('who holds the key of one shard cannot make frames of another', () => {
    const frame = createSealer(ring, 0).seal(fields, new Uint8Array(8))
    new DataView(frame.buffer).setUint16(frameHeader.at.shard, 1, true)
    expect(sealProblemOf(() => createOpener(ring).open(frame))).toBe('key-foreign')
  })

  test('a key that the ring does not have is told apart from tampering', () => {
    const frame = createSealer(memoryKeyRing(['shard/5', 'shard/6', 'shard/0']), 0).seal(fields, new Uint8Array(8))
    expect(sealProblemOf(() => createOpener(memoryKeyRing(['shard/0'])).open(frame))).toBe('key-unknown')
  })

  test('another region’s key of the same number does not open', () => {
    const frame = createSealer(memoryKeyRing(['shard/0']), 0).seal(fields, new Uint8Array(8))
    expect(sealProblemOf(() => createOpener(memoryKeyRing(['shard/0'])).open(frame))).toBe('tampered')
  })

  test('evidence stays shut for a process without its key, while the body opens', () => {
    const purposes = ['shard/0', 'evidence/1'] as const
    const bytes = () => new Uint8Array(32).fill(9)
    const sealed = createSealer(memoryKeyRing(purposes, { randomBytes: bytes }), 0)
    const frame = sealed.seal(fields, Uint8Array.of(4), Uint8Array.of(1, 2, 3))
    const opened = createOpener(memoryKeyRing(['shard/0'], { randomBytes: bytes })).open(frame)
    expect(opened.body).toEqual(Uint8Array.of(4))
    expect(sealProblemOf(() => opened.evidence?.())).toBe('key-unknown')
  })

  test('evidence of one frame does not pass as that of another', () => {
    const sealer = createSealer(ring, 0)
    const one = sealer.seal(fields, new Uint8Array(8), Uint8Array.of(1))
    const other = sealer.seal({ ...fields, counter: 2 }, new Uint8Array(8), Uint8Array.of(2))
    const length = decodeFrame(one).sealedEvidence!.length
    one.set(other.subarray(-length), one.length - length)
    expect(sealProblemOf(() => createOpener(ring).open(one))).toBe('tampered')
  })

  test('a frame larger than the log takes is refused by the sealer', () => {
    expect(() => createSealer(ring, 0).seal(fields, new Uint8Array(frameBytesMax))).toThrow('the log takes at most')
  })

  test('after a rotation new frames carry the new key and old frames still open', () => {
    const sealer = createSealer(ring, 0)
    const opener = createOpener(ring)
    const before = sealer.seal(fields, Uint8Array.of(1))
    const rotated = ring.rotate('shard/0')
    const after = sealer.seal(fields, Uint8Array.of(2))
    expect(decodeFrame(after).header.keyId).toBe(rotated.id)
    expect(decodeFrame(before).header.keyId).not.toBe(rotated.id)
    expect(opener.open(before).body).toEqual(Uint8Array.of(1))
    expect(opener.open(after).body).toEqual(Uint8Array.of(2))
  })
})

describe('data keys', () => {
  const pairOf = (frame: Uint8Array) => {
    const { wrap, bodyNonce } = decodeFrame(frame).header
    return Buffer.concat([wrap, bodyNonce]).toString('hex')
  }

  test('no two frames of any process share data key and nonce', () => {
    const sealers = Array.from({ length: 4 }, () => createSealer(ring, 0))
    const pairs = sealers.flatMap((sealer) =>
      Array.from({ length: 500 }, () => pairOf(sealer.seal(fields, new Uint8Array(1)))),
    )
    expect(new Set(pairs).size).toBe(2_000)
  })

  test('a data key is given up after its number of sealings, and after its number of bytes', () => {
    const wrapsOf = (limits: { sealingsMax: number; sealedBytesMax: number }, frames: number) => {
      const sealer = createSealer(ring, 0, { limits })
      const made = Array.from({ length: frames }, () => sealer.seal(fields, new Uint8Array(100)))
      for (const frame of made) createOpener(ring).open(frame)
      expect(new Set(made.map(pairOf)).size).toBe(frames)
      return new Set(made.map((frame) => Buffer.from(decodeFrame(frame).header.wrap).toString('hex'))).size
    }
    expect(wrapsOf({ sealingsMax: 3, sealedBytesMax: 2 ** 38 }, 10)).toBe(4)
    expect(wrapsOf({ sealingsMax: 2 ** 32, sealedBytesMax: 500 }, 10)).toBe(2)
  })

  test('the nonce counts beyond 32 bits without repeating', () => {
    const source = new DataKeySource(ring, 'shard/0', 'frame')
    expect(Buffer.from(source.next(1).nonce).toString('hex')).toBe('000000000000000000000000')
    expect(Buffer.from(source.next(1).nonce).toString('hex')).toBe('000000000000000000000001')
  })

  test('an opener remembers a bounded number of senders and still opens all of them', () => {
    const cache = new DataKeyCache('frame', 8)
    const kek = ring.current('shard/0')
    const wraps = Array.from({ length: 20 }, () => new DataKeySource(ring, 'shard/0', 'frame').next(1).wrap)
    for (const wrap of [...wraps, ...wraps]) expect(cache.unwrap(kek, wrap).secret.symmetricKeySize).toBe(32)
    expect(cache.size).toBe(8)
  })

  test('a data key of a frame cannot be used as one of a blob', () => {
    const { wrap } = new DataKeySource(ring, 'shard/0', 'frame').next(1)
    expect(() => new DataKeyCache('blob').unwrap(ring.current('shard/0'), wrap)).toThrow('does not match')
  })
})
