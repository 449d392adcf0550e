import { expect, test } from 'vitest'
import { SnapshotRoom } from './snapshotRoom.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('who comes while another is in the room enters after it, in the order of coming', async () => {
  const room = new SnapshotRoom()
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const seen: string[] = []
  const enter = (name: string, lasts: Promise<void>): Promise<void> =>
    room.enter(async () => {
      seen.push(`${name} in`)
      await lasts
      seen.push(`${name} out`)
    })
  const left = [enter('a', first.promise), enter('b', second.promise), enter('c', Promise.resolve())]
  second.resolve()
  await turn()
  expect(seen).toEqual(['a in'])
  first.resolve()
  await Promise.all(left)
  expect(seen).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out'])
})

test('who fails hears of it, and the next enters all the same', async () => {
  const room = new SnapshotRoom()
  const failed = room.enter(() => Promise.reject(new Error('the store did not answer')))
  let entered = false
  const next = room.enter(async () => {
    entered = true
  })
  await expect(failed).rejects.toThrow('the store did not answer')
  await next
  expect(entered).toBe(true)
})

test('the memory of one visit serves the next that needs no more than a quarter above it', async () => {
  const room = new SnapshotRoom()
  const buffers: ArrayBufferLike[] = []
  for (const bytes of [1_000, 1_250, 400, 1_251]) {
    await room.enter(async (roomFor) => {
      const given = roomFor(bytes)
      expect(given).toHaveLength(bytes)
      buffers.push(given.buffer)
    })
  }
  expect(buffers[1]).toBe(buffers[0])
  expect(buffers[2]).toBe(buffers[0])
  expect(buffers[3]).not.toBe(buffers[0])
})
