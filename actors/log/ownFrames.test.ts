import { expect, test } from 'vitest'
import { frameKinds } from '../ledger/records.ts'
import { memoryKeyRing } from './memoryKeyRing.ts'
import { OwnFrames } from './ownFrames.ts'
import { createOpener, createSealer, type OpenedFrame, type Opener } from './sealing.ts'

const fields = { kind: frameKinds.transit, epoch: 3, count: 2, incarnation: 7, counter: 1, clockMs: 1_000 }
const shard = 0

/** A log's frames in a process that counts what it opens. */
function town() {
  const ring = memoryKeyRing([`shard/${shard}`, 'evidence/1'])
  const plain = createOpener(ring, { shard })
  const opened: number[] = []
  const counting: Opener = {
    open: (frame) => {
      opened.push(frame.length)
      return plain.open(frame)
    },
    openMaybe: (frame) => {
      opened.push(frame.length)
      return plain.openMaybe(frame)
    },
  }
  return { ring, plain, opened, own: new OwnFrames(createSealer(ring, shard), counting) }
}

const body = (byte: number, length = 64): Uint8Array => new Uint8Array(length).fill(byte)
const said = ({ header, body, tag, evidence }: OpenedFrame) => ({ header, body: [...body], tag: [...tag], evidence })

test.each(['seal', 'sealMaybe'] as const)(
  'a frame that comes back as it was sealed needs no opening: %s',
  async (how) => {
    const { own, plain, opened } = town()
    const frame = await own[how](fields, body(5))
    const back = frame.slice()
    expect(said(own.open(back))).toEqual(said(plain.open(back)))
    expect(opened).toEqual([])
  },
)

test('one that comes back twice, as after a lost acknowledgement, is opened the second time', async () => {
  const { own, plain, opened } = town()
  const frame = own.seal(fields, body(5))
  await own.openMaybe(frame.slice())
  expect(said(await own.openMaybe(frame.slice()))).toEqual(said(plain.open(frame)))
  expect(opened).toHaveLength(1)
})

test('a frame of somebody else, and one that was sealed before the newest, are opened', () => {
  const { ring, own, plain, opened } = town()
  const theirs = createSealer(ring, shard).seal(fields, body(1))
  const before = own.seal(fields, body(2))
  own.seal({ ...fields, counter: 2 }, body(3))
  for (const frame of [theirs, before]) expect(said(own.open(frame))).toEqual(said(plain.open(frame)))
  expect(opened).toHaveLength(2)
})

test('every single bit that was changed on the way is found', () => {
  const { own } = town()
  const frame = own.seal(fields, body(5, 8))
  for (let bit = 0; bit < frame.length * 8; bit++) {
    const changed = frame.slice()
    changed[bit >> 3]! ^= 1 << (bit & 7)
    expect(() => own.open(changed)).toThrow()
  }
})

test('a frame with evidence is opened: what is kept says nothing of it', () => {
  const { own, opened } = town()
  const frame = own.seal(fields, body(5), body(9, 40))
  expect([...own.open(frame).evidence!()]).toEqual([...body(9, 40)])
  expect(opened).toHaveLength(1)
})
