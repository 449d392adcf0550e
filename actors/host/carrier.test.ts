import { beforeEach, describe, expect, test } from 'vitest'
import { bodyViews } from '../ledger/frameInput.ts'
import { Lane } from '../ledger/lanes.ts'
import { transitHeader } from '../ledger/records.ts'
import { transitPlaces } from '../ledger/transitParts.ts'
import { decodeFrame } from '../log/frame.ts'
import { memoryKeyRing } from '../log/memoryKeyRing.ts'
import { OwnerTable } from '../log/ownerDirectory.ts'
import { firstOwnerRecord, type OwnerRecord } from '../log/ownerRecord.ts'
import { createOpener, createSealer } from '../log/sealing.ts'
import type { AppendOutcome } from '../log/shardLog.ts'
import { Carriers } from './carriers.ts'
import { LaneSender } from './lane.ts'
import { ManualTimers } from './manualTimers.fixture.ts'

const destination = 3
const ring = memoryKeyRing([`shard/${destination}`])
let timers: ManualTimers
let owners: OwnerTable
let carriers: Carriers
let offered: { subject: string; records: string[]; settle: (outcome: AppendOutcome) => Promise<void> }[]

/** What a frame takes to be stored here, and what one waits at most for others. */
const storedAfterMs = 2
const holdMs = 4

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
async function pass(ms: number): Promise<void> {
  await turn()
  timers.advance(ms)
  await turn()
}

/** Each record of a frame as `source/number`. */
function recordsOf(frame: Uint8Array): string[] {
  const { body } = createOpener(ring, { shard: destination }).open(frame)
  const views = bodyViews(body)
  return [...transitPlaces(views)].map(
    ({ part, number }) => `${views.u32[(part + transitHeader.at.source) >>> 2]}/${number}`,
  )
}

beforeEach(() => {
  timers = new ManualTimers()
  owners = new OwnerTable()
  owners.take(destination, firstOwnerRecord('a', 'alone'), 0)
  offered = []
  carriers = new Carriers({
    incarnation: 7,
    owners,
    sealerFor: (shard) => createSealer(ring, shard),
    ports: {
      nowMs: () => timers.nowMs,
      monotonicMs: () => timers.nowMs,
      random: () => 0.5,
      after: (delayMs, work) => timers.after(delayMs, work),
      publish: () => undefined,
      append: (_shard, subject, frame) =>
        new Promise((resolve) => {
          expect(decodeFrame(frame).header.count).toBe(recordsOf(frame).length)
          const settle = (outcome: AppendOutcome) => {
            resolve(outcome)
            return turn()
          }
          offered.push({ subject, records: recordsOf(frame), settle })
        }),
      onError: (error) => {
        throw error
      },
    },
  })
})

class Source {
  readonly shard: number
  readonly lane = new Lane()
  readonly sender: LaneSender

  constructor(shard: number) {
    this.shard = shard
    const source = { shard, incarnation: () => 0, lane: this.lane, owed: () => this.lane.next }
    this.sender = new LaneSender(source, carriers.to(destination), { monotonicMs: () => timers.nowMs })
  }

  /** The destination says how far it has taken this source's records in. */
  hears(number: number): void {
    const received = Array.from({ length: 4 }, () => ({ incarnation: 0, number, durable: 0, returns: 0 }))
    this.sender.onMark({ shard: destination, worker: 'other', seq: 1, received })
  }

  owe(count = 1): void {
    for (let n = 0; n < count; n++) {
      this.lane.begin(1, 1, n, new Uint32Array(4), 0)
      this.lane.owe(1, 0, 0, 10, 11, 100)
    }
    carriers.pumpSoon()
  }
}

function sources(...shards: number[]): Source[] {
  const made = shards.map((shard) => new Source(shard))
  for (const source of made) source.hears(0)
  return made
}

const stored: AppendOutcome = { kind: 'appended', seq: 1 }

describe('what several shards owe one other', () => {
  test('leaves in one frame under the name of the first of them', async () => {
    const [zero, one] = sources(0, 1)
    zero!.owe()
    one!.owe(2)
    await turn()
    expect(offered.map(({ subject, records }) => [subject, records])).toEqual([
      ['cmd.a.3.shard.0', ['0/0', '1/0', '1/1']],
    ])
  })

  test('gathers while a frame is on its way', async () => {
    const [zero, one] = sources(0, 1)
    zero!.owe()
    await turn()
    one!.owe()
    zero!.owe(2)
    await turn()
    expect(offered.map(({ records }) => records)).toEqual([['0/0']])
    await offered[0]!.settle(stored)
    expect(offered[1]).toMatchObject({ subject: 'cmd.a.3.shard.1', records: ['1/0', '0/1', '0/2'] })
  })

  describe('waits for all who owed something when others did', () => {
    /** So many frames, each with something of every source. */
    async function carry(all: readonly Source[], frames: number, afterMs = storedAfterMs): Promise<void> {
      for (let n = 0; n < frames; n++) {
        for (const source of all) source.owe()
        await pass(afterMs)
        await offered.at(-1)!.settle(stored)
      }
      expect(offered).toHaveLength(frames)
    }

    /** Three that came together fifty times, of which the last is missing now. */
    async function heldForOne(): Promise<Source[]> {
      const all = sources(0, 1, 2)
      await carry(all, 50)
      all[0]!.owe()
      all[1]!.owe()
      await pass(holdMs - 1)
      expect(offered).toHaveLength(50)
      return all
    }

    test('until they are there', async () => {
      const [, , two] = await heldForOne()
      two!.owe()
      await turn()
      expect(offered.at(-1)!.records.toSorted()).toEqual(['0/50', '1/50', '2/50'])
    })

    test('for as long as two frames take to be stored; then not again for who did not come', async () => {
      const [zero, one, two] = await heldForOne()
      await pass(1)
      expect(offered.at(-1)!.records.toSorted()).toEqual(['0/50', '1/50'])
      await offered.at(-1)!.settle(stored)
      zero!.owe()
      one!.owe()
      await turn()
      expect(offered).toHaveLength(52)
      // What comes beside others is expected again.
      two!.owe()
      await offered.at(-1)!.settle(stored)
      await pass(holdMs)
      await offered.at(-1)!.settle(stored)
      zero!.owe()
      one!.owe()
      await pass(1)
      expect(offered).toHaveLength(53)
    })

    test('not longer than 5 ms, however long frames take', async () => {
      const all = sources(0, 1)
      await carry(all, 50, 30)
      all[0]!.owe()
      await pass(4)
      expect(offered).toHaveLength(50)
      await pass(1)
      expect(offered).toHaveLength(51)
    })

    test('so that two groups that take turns come together', async () => {
      const [zero, one] = sources(0, 1)
      await carry([zero!], 50)
      zero!.owe()
      await pass(storedAfterMs - 1)
      one!.owe()
      await pass(1)
      await offered.at(-1)!.settle(stored)
      // What gathered behind a frame waits for who sent that: its next payments are about to come.
      expect(offered).toHaveLength(51)
      zero!.owe()
      await turn()
      expect(offered.at(-1)!.records.toSorted()).toEqual(['0/51', '1/0'])
    })

    test('or one of them alone fills a frame', async () => {
      const all = sources(0, 1, 2)
      await carry(all, 1)
      all[0]!.owe(8_000)
      await turn()
      expect(offered.at(-1)!.records).toHaveLength(8_000)
    })
  })

  test('waits for nobody who only ever owed beside itself', async () => {
    const [zero, one] = sources(0, 1)
    zero!.owe()
    await turn()
    zero!.owe()
    await pass(storedAfterMs)
    await offered[0]!.settle(stored)
    await pass(storedAfterMs)
    await offered[1]!.settle(stored)
    one!.owe()
    await turn()
    expect(offered.map(({ records }) => records)).toEqual([['0/0'], ['0/1'], ['1/0']])
  })

  test('waits for nobody when one caller pays from one shard after the other', async () => {
    const all = sources(0, 1, 2)
    for (let n = 0; n < 60; n++) {
      all[n % 3]!.owe()
      await turn()
      expect(offered).toHaveLength(n + 1)
      // The destination may have taken a frame in before this process hears that it was stored.
      carriers.pumpSoon()
      await pass(storedAfterMs)
      await offered.at(-1)!.settle(stored)
    }
  })

  test('does not leave before the destination has spoken', async () => {
    const [zero] = sources(0)
    const silent = new Source(1)
    zero!.owe()
    silent.owe()
    await turn()
    expect(offered.map(({ records }) => records)).toEqual([['0/0']])
    await offered[0]!.settle(stored)
    silent.hears(0)
    await turn()
    expect(offered.at(-1)!.records).toEqual(['1/0'])
  })

  test('begins where the destination has forgotten nothing: what an owner of before says of less is not heard', async () => {
    const lone = new Source(0)
    lone.owe(5)
    lone.lane.trim(3)
    lone.hears(1)
    await turn()
    expect(offered).toEqual([])
    lone.hears(4)
    await turn()
    expect(offered.map(({ records }) => records)).toEqual([['0/4']])
  })

  test('is sent again when it is not known to be stored, after a while that grows', async () => {
    const [zero, one] = sources(0, 1)
    zero!.owe()
    one!.owe()
    await turn()
    for (const waitMs of [50, 100, 200]) {
      await offered.at(-1)!.settle({ kind: 'unknown' })
      const before = offered.length
      await pass(waitMs - 1)
      expect(offered).toHaveLength(before)
      await pass(1)
      expect(offered.slice(before).map(({ records }) => records.toSorted())).toEqual([['0/0', '1/0']])
    }
  })

  test('takes turns when it does not fit into one frame', async () => {
    const [zero, one] = sources(0, 1)
    zero!.owe(20_000)
    one!.owe(3)
    await turn()
    await offered[0]!.settle(stored)
    await offered[1]!.settle(stored)
    await pass(storedAfterMs)
    const shares = offered.map(({ records }) =>
      [0, 1].map((shard) => records.filter((record) => record.startsWith(`${shard}/`)).length),
    )
    expect(shares).toEqual([
      [8_000, 0],
      [7_997, 3],
      [4_003, 0],
    ])
  })

  test('is, of a shard that is led elsewhere by now, no longer sent', async () => {
    const [zero, one] = sources(0, 1)
    one!.sender.stop()
    zero!.owe()
    one!.owe()
    await turn()
    expect(offered.map(({ records }) => records)).toEqual([['0/0']])
  })

  test('is sent again, all of it, after 3 s in which one of them was not taken in', async () => {
    const [zero, one] = sources(0, 1)
    zero!.owe()
    one!.owe()
    await turn()
    await offered[0]!.settle(stored)
    await pass(3_001)
    zero!.hears(1)
    one!.hears(0)
    await pass(storedAfterMs)
    expect(offered.slice(1).map(({ records }) => records)).toEqual([['1/0']])
  })
})

describe('when the destination has another owner', () => {
  const owned = (by: string, epoch: number): OwnerRecord => {
    const closed = Array.from({ length: epoch }, (_, n) => ({ epoch: n, region: 'a', first: 1, last: 0 }))
    return { epoch, owner: by, mode: 'sync', segments: [...closed, { epoch, region: by, first: 1 }] }
  }

  test('what was not taken in is sent to that one, and what the one before says is not heard any more', async () => {
    const [zero, one] = sources(0, 1)
    zero!.owe()
    one!.owe(2)
    await turn()
    zero!.owe()
    owners.take(destination, owned('b', 1), 1)
    await turn()
    expect(offered.map(({ subject, records }) => [subject, records.toSorted()])).toEqual([
      ['cmd.a.3.shard.0', ['0/0', '1/0', '1/1']],
      ['cmd.b.3.shard.1', ['0/0', '0/1', '1/0', '1/1']],
    ])
    zero!.owe()
    await offered[0]!.settle(stored)
    await pass(storedAfterMs)
    expect(offered).toHaveLength(2)
    await offered[1]!.settle(stored)
    await pass(storedAfterMs)
    expect(offered.at(-1)!.records).toEqual(['0/2'])
  })

  test('of another shard’s owner nothing is concluded', async () => {
    const [zero] = sources(0)
    zero!.owe()
    await turn()
    owners.take(2, owned('b', 1), 1)
    await turn()
    expect(offered).toHaveLength(1)
  })
})
