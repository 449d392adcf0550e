import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Blobs, createBlobs } from './blobs.ts'
import { type KeyRing, regionPurposes } from './keyRing.ts'
import { memoryKeyRing } from './memoryKeyRing.ts'
import type { OwnerSegment } from './ownerRecord.ts'
import { bytesOf, type SnapshotContents, type SnapshotError } from './snapshot.ts'
import type { SnapshotStore, SnapshotStoreOptions } from './snapshotStore.ts'

export type SnapshotsUnderTest = {
  /** Opens the store once more, as another process would. */
  readonly open: (blobs: Blobs, options: SnapshotStoreOptions) => Promise<SnapshotStore>
  /** Rewrites the stored bytes of a snapshot as someone would who may write to the store. */
  readonly rewrite: (name: string, change: (bytes: Uint8Array) => Uint8Array) => Promise<void>
  /** Leaves what a save leaves that was killed half way. */
  readonly dieHalfWay: (contents: SnapshotContents) => Promise<void>
  readonly close: () => Promise<void>
}

export function contentsOf(seq: number, changes: Partial<SnapshotContents> = {}): SnapshotContents {
  const numbers = Float64Array.from({ length: 1_000 }, (_, index) => index * seq)
  return {
    region: 'a',
    shard: 0,
    epoch: 1,
    seq,
    chain: new Uint8Array(32).fill(seq),
    digest: `digest ${seq}`,
    createdMs: 1_760_000_000_000 + seq,
    sections: [
      { name: 'balance', parts: [new Uint8Array(numbers.buffer)] },
      { name: 'odd', parts: [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)] },
      { name: 'empty', parts: [] },
      { name: 'large', parts: [700_001, 1_799_999].map((bytes, n) => new Uint8Array(bytes).fill(seq + n)) },
      { name: 'last', parts: [Uint8Array.of(seq)] },
    ],
    ...changes,
  }
}

/** The suite that every adapter of SnapshotStore passes. */
export function snapshotStoreContract(name: string, begin: () => Promise<SnapshotsUnderTest>): void {
  describe(`${name} is a snapshot store`, () => {
    let under: SnapshotsUnderTest
    let ring: KeyRing
    let refused: SnapshotError[]
    let store: SnapshotStore

    const open = (blobs = createBlobs(ring)) => under.open(blobs, { onRefused: (error) => refused.push(error) })
    const newestSeq = async (shard = 0) => (await store.newest(shard))?.manifest.seq

    beforeEach(async () => {
      under = await begin()
      ring = memoryKeyRing(regionPurposes(2))
      refused = []
      store = await open()
    })
    afterEach(() => under.close())

    test('there is none at first', async () => {
      expect(await store.newest(0)).toBeUndefined()
      expect(await store.list(0)).toEqual([])
    })

    test('what was saved is there, section by section, for another process with the same keys', async () => {
      const contents = contentsOf(7)
      await store.save(contents)
      const snapshot = await (await open()).newest(0)
      const { sections, ...rest } = contents
      expect(snapshot?.manifest).toEqual({
        ...rest,
        formatVersion: 1,
        sections: sections.map(({ name, parts }) => ({ name, bytes: bytesOf(parts) })),
      })
      expect(snapshot?.sections.map((section) => section.name)).toEqual(sections.map((section) => section.name))
      for (const [index, { parts }] of sections.entries()) {
        const found = snapshot!.sections[index]!.bytes
        expect(Buffer.compare(found, Buffer.concat(parts))).toBe(0)
        expect(found.byteOffset % 8).toBe(0)
      }
    })

    test('a snapshot of what a cut has voided is passed over by whoever says which segments the log has', async () => {
      await store.save(contentsOf(5, { epoch: 0 }))
      await store.save(contentsOf(9, { epoch: 0 }))
      const first = { epoch: 0, region: 'a', first: 1 }
      const newestOf = async (segments: readonly OwnerSegment[]) => (await store.newest(0, segments))?.manifest.seq
      const next = { epoch: 1, region: 'b', first: 1 }
      expect(await newestOf([first])).toBe(9)
      expect(await newestOf([{ ...first, last: 9 }, next])).toBe(9)
      expect(await newestOf([{ ...first, last: 8 }, next])).toBe(5)
      expect(await newestOf([{ ...first, last: 4 }, next])).toBeUndefined()
      expect(await newestSeq()).toBe(9)
    })

    test('the newest is the one with the highest position of the latest epoch, in whatever order they were saved', async () => {
      await store.save(contentsOf(9))
      await store.save(contentsOf(5))
      expect(await newestSeq()).toBe(9)
      await store.save(contentsOf(6, { epoch: 2 }))
      expect((await store.newest(0))?.manifest).toMatchObject({ epoch: 2, seq: 6 })
    })

    test('the newest two of each shard stay', async () => {
      for (const seq of [1, 2, 3, 4]) await store.save(contentsOf(seq))
      await store.save(contentsOf(1, { shard: 1 }))
      expect((await store.list(0)).map((info) => info.seq)).toEqual([4, 3])
      expect((await store.list(1)).map((info) => info.seq)).toEqual([1])
      expect(await newestSeq(1)).toBe(1)
    })

    test('a state without sections is a snapshot too', async () => {
      await store.save(contentsOf(3, { sections: [] }))
      expect((await store.newest(0))?.sections).toEqual([])
    })

    test('a save that fails half way changes nothing', async () => {
      await store.save(contentsOf(1))
      const blobs = createBlobs(ring)
      let chunks = 0
      const failing = await open({
        ...blobs,
        sealBlobMaybe(...args) {
          if (++chunks === 2) throw new Error('the disk is gone')
          return blobs.sealBlobMaybe(...args)
        },
      })
      await expect(failing.save(contentsOf(2))).rejects.toThrow('the disk is gone')
      expect((await store.list(0)).map((info) => info.seq)).toEqual([1])
      await store.save(contentsOf(3))
      expect((await store.list(0)).map((info) => info.seq)).toEqual([3, 1])
    })

    test('a save that was killed half way is never taken for the newest', async () => {
      await store.save(contentsOf(1))
      await under.dieHalfWay(contentsOf(2))
      expect(await newestSeq()).toBe(1)
      await store.save(contentsOf(3))
      expect(await newestSeq()).toBe(3)
    })

    test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
      ['a bit in its preamble', (bytes) => flip(bytes, 4)],
      ['a bit in its manifest', (bytes) => flip(bytes, 150)],
      ['a bit in its middle', (bytes) => flip(bytes, bytes.length >> 1)],
      ['its last bit', (bytes) => flip(bytes, bytes.length - 1)],
      ['its end cut off', (bytes) => bytes.subarray(0, bytes.length - 1_000)],
      ['something behind its end', (bytes) => Uint8Array.from([...bytes.subarray(0, 3), ...bytes.subarray(3), 0])],
      ['everything replaced', () => new Uint8Array(5_000)],
    ])('one with %s changed is refused by name and the older one is used', async (_what, change) => {
      await store.save(contentsOf(1, { sections: contentsOf(1).sections.slice(0, 2) }))
      await store.save(contentsOf(2, { sections: contentsOf(2).sections.slice(0, 2) }))
      const [newest] = await store.list(0)
      await under.rewrite(newest!.name, change)
      expect(await newestSeq()).toBe(1)
      expect(refused).toHaveLength(1)
      expect(refused[0]!.message).toContain(newest!.name)
    })

    test('a snapshot put in the place of another is refused', async () => {
      await store.save(contentsOf(1))
      await store.save(contentsOf(2))
      const [newest, older] = await store.list(0)
      let bytes: Uint8Array | undefined
      await under.rewrite(older!.name, (found) => {
        bytes = found
        return found
      })
      await under.rewrite(newest!.name, () => bytes!)
      expect(await newestSeq()).toBe(1)
      expect(refused[0]?.problem).toBe('damaged')
    })

    test('a format of a later program is told apart from damage', async () => {
      await store.save(contentsOf(1))
      const [newest] = await store.list(0)
      await under.rewrite(newest!.name, (bytes) => {
        const later = bytes.slice()
        later[4] = 2
        return later
      })
      expect(await newestSeq()).toBeUndefined()
      expect(refused[0]).toMatchObject({ problem: 'version' })
    })

    test('without the key nothing opens', async () => {
      await store.save(contentsOf(1))
      const stranger = await open(createBlobs(memoryKeyRing(regionPurposes(2))))
      expect(await stranger.newest(0)).toBeUndefined()
      expect(refused).toHaveLength(1)
    })

    test('a snapshot sealed before a rotation opens after it', async () => {
      await store.save(contentsOf(1))
      ring.rotate('snapshot')
      await store.save(contentsOf(2, { shard: 1 }))
      expect([await newestSeq(0), await newestSeq(1)]).toEqual([1, 2])
    })
  })
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice()
  changed[at]! ^= 1
  return changed
}
