import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { HostTown, type Resident } from '../host/hostTown.fixture.ts'
import { MemoryLog } from '../log/memoryLog.ts'
import { createOpener, type Opener } from '../log/sealing.ts'
import type { LogEntry } from '../log/shardLog.ts'
import { frameText } from './frameText.ts'
import { checkLog } from './logCheck.ts'

let folder: string
let town: HostTown
let opener: Opener
let alice: Resident

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-log-check-'))
  town = new HostTown({ folder })
  await town.begin()
  opener = createOpener(town.ring, { shard: 0 })
  alice = await town.open(0)
  await town.fund(alice, 1_000)
})
afterEach(async () => {
  await town.end()
  rmSync(folder, { recursive: true, force: true })
})

const entries = (): LogEntry[] => (town.logs[0] as MemoryLog).entries()

/** The same log with one entry exchanged. */
async function changed(seq: number, change: (data: Uint8Array) => Uint8Array): Promise<MemoryLog> {
  const copy = new MemoryLog()
  for (const entry of entries()) {
    const data = entry.seq === seq ? change(Uint8Array.from(entry.data)) : entry.data
    await copy.append(entry.subject, data)
  }
  return copy
}

const flipped = (data: Uint8Array): Uint8Array => {
  data[data.length - 1]! ^= 1
  return data
}

describe('the check of a log', () => {
  test('finds nothing in a whole one, and compares every chain that others noted', async () => {
    const { seq, chain } = town.observers[0]!
    const found = await checkLog(town.logs[0]!, opener, [{ who: 'a snapshot', seq, chain }])
    expect(found).toMatchObject({ first: 1, last: seq, frames: seq, compared: 1, faults: [] })
    expect(found.chain).toBe(Buffer.from(chain).toString('hex'))
  })

  test('names the frame that was changed, and whoever noted another chain behind it', async () => {
    const { seq, chain } = town.observers[0]!
    const found = await checkLog(await changed(3, flipped), opener, [{ who: 'a snapshot', seq, chain }])
    expect(found.faults).toEqual([
      expect.stringMatching(/^sequence 3: /),
      `sequence ${seq}: a snapshot has another chain`,
    ])
  })

  test('finds a frame of its own that stands in the place of another', async () => {
    const { seq, chain } = town.observers[0]!
    const other = await changed(3, () => entries()[3]!.data)
    const { faults } = await checkLog(other, opener, [{ who: 'the database', seq, chain }])
    expect(faults).toEqual([`sequence ${seq}: the database has another chain`])
  })

  test('finds a lost tail, since somebody knows what stood there', async () => {
    const { seq, chain } = town.observers[0]!
    const copy = await changed(0, (data) => data)
    copy.loseTail(2)
    const { faults } = await checkLog(copy, opener, [{ who: 'the database', seq, chain }])
    expect(faults).toEqual([`the database knows sequence ${seq}, the log ends at ${seq - 2}`])
  })

  test('stops at a hole', async () => {
    const copy = await changed(0, (data) => data)
    copy.damage(3)
    await expect(checkLog(copy, opener, [])).rejects.toThrow(/expected sequence 3/)
  })
})

describe('a frame as text', () => {
  test('has every field of its records by name, and not the key of the digests', async () => {
    const [genesis] = entries()
    const [first, principal] = frameText(opener.open(genesis!.data)).records
    expect(first).toMatchObject({ command: 'genesis', shard: 0, shardCount: 2, walletsMax: 256, hashKey: '(secret)' })
    expect(principal).toMatchObject({ command: 'principalPut', number: 1, role: 1, active: 1 })
    const seq = await town.pay(0, [town.payment(alice, town.stranger(1), 250, 9)])
    const paid = frameText(opener.open(entries()[seq - 1]!.data))
    expect(paid.records).toEqual([expect.objectContaining({ payer: alice.number, amount: 250, token: 9 })])
  })
})
