import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { frameKinds } from '../ledger/records.ts'
import { decodeFrame } from '../log/frame.ts'
import { encodeJson } from '../log/jsonBytes.ts'
import type { Mark } from '../log/marks.ts'
import { OwnerTable } from '../log/ownerDirectory.ts'
import type { OwnerRecord } from '../log/ownerRecord.ts'
import { replayTo } from '../log/replay.ts'
import { Replica } from '../log/replica.ts'
import { createOpener, createSealer } from '../log/sealing.ts'
import type { AppendOutcome } from '../log/shardLog.ts'
import { HostTown, type Resident, region } from './hostTown.fixture.ts'
import { Leader } from './leader.ts'
import type { HostPorts } from './ports.ts'

let folder: string
let town: HostTown
let alice: Resident
let bob: Resident
let owners: OwnerTable
let offered: { subject: string; epoch: number; count: number; settle: (outcome: AppendOutcome) => void }[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-transit-'))
  town = new HostTown({ folder })
  await town.begin()
  alice = await town.open(0)
  bob = await town.open(1)
  await town.fund(alice, 10_000)
  owners = new OwnerTable()
  offered = []
})
afterEach(async () => {
  await town.end()
  rmSync(folder, { recursive: true, force: true })
})

/** What a leader sends to other shards ends up in the test's hands. */
const append: HostPorts['append'] = (_shard, subject, frame) => {
  const { epoch, count } = decodeFrame(frame).header
  return new Promise((settle) => offered.push({ subject, epoch, count, settle }))
}

async function lead(): Promise<Leader> {
  const { ports } = town.runnerOptions(0, 'one')
  const runner = await town.lead(0, 'one', { owners, ports: { ...ports, append } })
  return runner.leader!
}

function ownedBy(owner: string, epoch: number): void {
  const earlier = Array.from({ length: epoch }, (_, n) => ({ epoch: n, region: 'a', first: 1, last: 0 }))
  const record: OwnerRecord = { epoch, owner, mode: 'sync', segments: [...earlier, { epoch, region: owner, first: 1 }] }
  owners.take(1, record, epoch)
}

function mark(number: number, durable = 0): Uint8Array {
  const { incarnation } = town.observers[0]!.ledger.state
  const received = [{ incarnation, number, durable, returns: 0 }]
  return encodeJson({ shard: 1, worker: 'other', seq: 1, received } satisfies Mark)
}

async function payThrough(leader: Leader): Promise<void> {
  const seq = await town.pay(0, [town.payment(alice, bob, 100, 1)])
  await town.until('it is applied', () => leader.replica.seq >= seq)
}
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2))

describe('records for another shard', () => {
  test('go to the log of its owner and carry the owner’s epoch', async () => {
    ownedBy('b', 3)
    const leader = await lead()
    leader.onMark(mark(0))
    await payThrough(leader)
    await settle()
    expect(offered).toMatchObject([{ subject: 'cmd.b.1.shard.0', epoch: 3 }])
  })

  test('wait while nobody knows who that is', async () => {
    const leader = await lead()
    leader.onMark(mark(0))
    await payThrough(leader)
    await settle()
    expect(offered).toEqual([])
    ownedBy('b', 1)
    await settle()
    expect(offered).toMatchObject([{ subject: 'cmd.b.1.shard.0', epoch: 1 }])
  })

  test('are sent to a new owner at once, whether the old one had stored them or never answered', async () => {
    ownedBy('b', 0)
    const leader = await lead()
    leader.onMark(mark(0))
    await payThrough(leader)
    await settle()
    ownedBy('a', 1)
    await settle()
    expect(offered.map(({ subject, epoch }) => `${subject} ${epoch}`)).toEqual([
      'cmd.b.1.shard.0 0',
      'cmd.a.1.shard.0 1',
    ])
    offered[1]!.settle({ kind: 'appended', seq: 9 })
    await settle()
    ownedBy('b', 2)
    await settle()
    expect(offered.at(-1)).toMatchObject({ subject: 'cmd.b.1.shard.0', epoch: 2 })
    // What the first owner says after all is of a time that is over.
    offered[0]!.settle({ kind: 'appended', seq: 1 })
    offered[2]!.settle({ kind: 'appended', seq: 7 })
    await settle()
    expect(offered).toHaveLength(3)
    leader.onMark(mark(1))
    ownedBy('a', 3)
    await settle()
    expect(offered).toHaveLength(3)
  })
})

/** A replica in the region that does not own the shard, fed from the log. */
function standBy() {
  const { ports, sealerFor } = town.runnerOptions(0, 'standby')
  const replica = new Replica(0, createOpener(town.ring, { shard: 0 }))
  const options = { region, workerId: 'standby', incarnation: 9, owners, sealerFor, gated: true }
  const standby = new Leader({ ...options, replica, ports: { ...ports, append } })
  const follower = town.logs[0]!.follow(1, (entry) => standby.onEntry(entry))
  return { replica, standby, follower }
}

describe('a standby', () => {
  test('answers reads once it has heard of the owner, says how old they are, and of nothing that may be cut', async () => {
    const { replica, standby, follower } = standBy()
    await town.until('all is applied', () => replica.seq === town.observers[0]!.seq)
    const ask = () => standby.onQuery(encodeJson({ type: 'wallet', number: alice.number }))
    expect(ask()).toEqual({ ok: false, error: 'not-leading' })
    standby.heardOwner()
    town.timers.advance(300)
    const early = ask()
    standby.commit(replica.seq)
    expect(await early).toMatchObject({ ok: true, asOf: { seq: replica.seq, ageMs: 300 }, result: { balance: 10_000 } })
    expect(ask()).toEqual(await early)
    await town.pay(0, [town.payment(alice, bob, 100, 1)])
    await town.until('the payment is applied', () => replica.seq === town.observers[0]!.seq)
    const late = ask()
    town.timers.advance(1_000)
    expect(await late).toEqual({ ok: false, error: 'not-committed' })
    standby.stop()
    expect(ask()).toEqual({ ok: false, error: 'not-leading' })
    await follower.stop()
  })

  test('forgets what the owner may forget, and as owner sends exactly the rest', async () => {
    ownedBy('b', 0)
    const { replica, standby, follower } = standBy()
    standby.onMark(mark(0))
    for (const token of [1, 2, 3]) await town.pay(0, [town.payment(alice, bob, 100, token)])
    await town.until('all is applied', () => replica.started && replica.ledger.state.lanes[1]!.next === 3)
    standby.onMark(mark(3, 2))
    expect(replica.ledger.state.lanes[1]!.kept).toBe(2)
    expect(() => standby.onMark(mark(9, 9))).not.toThrow()
    expect(replica.ledger.state.lanes[1]!.kept).toBe(3)
    await town.pay(0, [town.payment(alice, bob, 100, 4)])
    await town.until('one more is applied', () => replica.ledger.state.lanes[1]!.next === 4)
    standby.lead()
    standby.onMark(mark(3, 2))
    await settle()
    expect(offered).toEqual([])
    standby.commit(replica.seq)
    await settle()
    expect(offered).toMatchObject([{ subject: 'cmd.b.1.shard.0', epoch: 0, count: 1 }])
    await follower.stop()
    standby.stop()
  })
})

test('a frame is sealed for the epoch of the log that it is in, and counts only there', async () => {
  const sealer = createSealer(town.ring, 0)
  const replica = new Replica(0, createOpener(town.ring, { shard: 0 }))
  await replayTo(replica, town.logs[0]!, town.observers[0]!.seq)
  const { chain } = replica
  const header = { kind: frameKinds.payments, count: 1, incarnation: 7, clockMs: town.timers.nowMs }
  const offer = async (epoch: number, counter: number): Promise<string> => {
    const data = sealer.seal({ ...header, epoch, counter }, town.payment(alice, bob, 100, counter))
    const subject = `cmd.b.0.edge.1`
    const entry = { seq: replica.seq + 1, epoch: 4, stampMs: town.timers.nowMs, subject, data }
    return (await replica.apply(entry)).out.skipped
  }
  expect([await offer(0, 1), await offer(3, 2), await offer(5, 3)]).toEqual(Array(3).fill('other-epoch'))
  expect(replica.ledger.state.digestText()).toBe(town.observers[0]!.ledger.state.digestText())
  expect(replica.chain).not.toEqual(chain)
  expect(await offer(4, 4)).toBe('')
  expect([replica.epoch, replica.ledger.state.lanes[1]!.next]).toEqual([4, 1])
})
