import { describe, expect, test } from 'vitest'
import { loneOwner, OwnerTable, ownerKnown } from './ownerDirectory.ts'
import { firstOwnerRecord, type OwnerRecord } from './ownerRecord.ts'

const first = firstOwnerRecord('a', 'sync')
const solo: OwnerRecord = { ...first, mode: 'solo', soloBeat: 1 }
const moved: OwnerRecord = {
  epoch: 1,
  owner: 'b',
  mode: 'solo',
  segments: [
    { epoch: 0, region: 'a', first: 1, last: 9 },
    { epoch: 1, region: 'b', first: 1 },
  ],
}

describe('who owns a shard', () => {
  test('is not known before its record was heard of, and no guess is made', async () => {
    const table = new OwnerTable()
    expect(table.ownerOf(0)).toBeUndefined()
    const known = ownerKnown(table, 0)
    table.take(1, first, 1)
    expect(table.ownerOf(0)).toBeUndefined()
    table.take(0, first, 2)
    expect(await known).toMatchObject({ region: 'a', epoch: 0 })
  })

  test('goes by the highest epoch, whatever order records arrive in', () => {
    const table = new OwnerTable()
    expect(table.take(0, moved, 1)).toBe(true)
    expect(table.take(0, solo, 7)).toBe(false)
    expect(table.ownerOf(0)).toMatchObject({ region: 'b', epoch: 1, record: moved })
  })

  test('within an epoch goes by the newer record', () => {
    const table = new OwnerTable()
    table.take(0, solo, 5)
    expect(table.take(0, first, 4)).toBe(false)
    expect(table.ownerOf(0)!.record.mode).toBe('solo')
    expect(table.take(0, first, 6)).toBe(true)
    expect(table.ownerOf(0)!.record.mode).toBe('sync')
  })

  test('is told to listeners when it changes, and not when a lease is merely renewed', () => {
    const table = new OwnerTable()
    const heard: string[] = []
    const stop = table.listen((shard, { region, epoch, record }) =>
      heard.push(`${shard}:${region}${epoch}${record.mode}`),
    )
    table.take(0, first, 1)
    table.take(0, solo, 2)
    table.take(0, { ...solo, soloBeat: 2 }, 3)
    table.take(0, moved, 4)
    stop()
    table.take(1, first, 5)
    expect(heard).toEqual(['0:a0sync', '0:a0solo', '0:b1solo'])
  })

  test('is the one region there is, in an installation with one', () => {
    expect(loneOwner('c').ownerOf(3)).toMatchObject({ region: 'c', epoch: 0, record: { mode: 'alone' } })
  })
})
