import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { frameKinds } from '../ledger/records.ts'
import { decodeAnswer } from '../log/answers.ts'
import { regionPurposes } from '../log/keyRing.ts'
import { memoryKeyRing } from '../log/memoryKeyRing.ts'
import { MemoryLog } from '../log/memoryLog.ts'
import { snapshotOf } from '../log/replicaSnapshot.ts'
import { createSealer } from '../log/sealing.ts'
import type { ShardLog } from '../log/shardLog.ts'
import { commandSubject } from '../log/subjects.ts'
import { HostTown, type Resident, region } from './hostTown.fixture.ts'
import type { ShardRunner } from './shardRunner.ts'
import { SnapshotRoom } from './snapshotRoom.ts'

let folder: string
let town: HostTown
let alice: Resident
let bob: Resident
let tokens = 0

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-runner-'))
  town = new HostTown({ folder })
  await town.begin()
  alice = await town.open(0)
  bob = await town.open(1)
  await town.fund(alice, 10_000)
})
afterEach(async () => {
  await town.end()
  rmSync(folder, { recursive: true, force: true })
})

const pay = (fen: number, shard = 0): Promise<number> => town.pay(shard, [town.payment(alice, bob, fen, ++tokens)])

/** Places in the log of shard 0 that were answered. */
function answered(): number[] {
  return town.said.flatMap(({ subject, message }) => {
    const answer = subject === 'res.1' ? decodeAnswer(message) : undefined
    return answer?.kind === 'frame' && answer.shard === 0 ? [answer.seq] : []
  })
}

/** A log that remembers from where it was read. */
function readFrom(log: ShardLog): { log: ShardLog; from: number[] } {
  const from: number[] = []
  const follow: ShardLog['follow'] = (seq, onEntry, options) => {
    from.push(seq)
    return log.follow(seq, onEntry, options)
  }
  return { log: { append: log.append.bind(log), bounds: log.bounds.bind(log), follow }, from }
}

function expectSameAsObserver(runner: ShardRunner): void {
  const { replica } = runner.leader!
  const observer = town.observers[runner.shard]!
  expect([replica.seq, replica.ledger.state.digestText()]).toEqual([observer.seq, observer.ledger.state.digestText()])
  expect(replica.chain).toEqual(observer.chain)
}

describe('a worker that takes up a shard', () => {
  test('has applied all that stood in the log before it says anything, and says first what perhaps nobody said', async () => {
    const first = await pay(100)
    const last = await pay(200)
    const runner = await town.lead(0, 'one')
    expect(runner.leader!.replica.seq).toBe(last)
    expect(answered()).toEqual([first, last])
    const next = await pay(300)
    await town.until('the payment is answered', () => answered().length > 2)
    expect(answered()).toEqual([first, last, next])
    expectSameAsObserver(runner)
  })

  test('sends what others owed and had not sent, and it is taken in once', async () => {
    await town.lead(1, 'one')
    const seq = await pay(100)
    await town.until('the debit is applied', () => town.observers[0]!.seq >= seq)
    expect([town.balance(bob), town.inTransit()]).toEqual([0, 1])
    await town.lead(0, 'one')
    await town.until('it has arrived', () => town.quiet({ 0: seq }))
    expect(town.balance(bob)).toBe(100)
  })

  test('asks the bank again for what is still open, and not for what is settled', async () => {
    const id = await town.recharge(alice, 500)
    const runner = await town.lead(0, 'one')
    const effects = (): number => town.said.filter(({ subject }) => subject === `fx.${region}.0`).length
    await town.until('the bank was asked twice', () => effects() >= 2)
    await town.settle(alice, id)
    await town.until('the settlement is applied', () => runner.leader!.replica.ledger.state.openSagas.size === 0)
    const before = effects()
    for (let round = 0; round < 500; round++) town.timers.advance(10)
    expect(effects()).toBe(before)
  })
})

describe('a snapshot', () => {
  test('spares the log before it, and with the rest of the log gives the same bytes', async () => {
    const first = await town.lead(0, 'one')
    const second = await town.lead(1, 'one')
    const before = await pay(100)
    await town.until('it has arrived', () => town.quiet({ 0: before }) && first.leader!.replica.seq >= before)
    await first.snapshot()
    await first.stop()
    const after = await pay(200)
    const { log, from } = readFrom(town.logs[0]!)
    const anew = await town.lead(0, 'two', { log })
    expect(from).toEqual([before + 1])
    await town.until('it has arrived', () => town.quiet({ 0: after }))
    expect([town.balance(alice), town.balance(bob)]).toEqual([9_700, 300])
    expectSameAsObserver(anew)
    expectSameAsObserver(second)
  })

  test('holds what is on its way: whoever goes on from it sends exactly that', async () => {
    const first = await town.lead(0, 'one')
    const seq = await pay(100)
    await town.until('the debit is applied', () => first.leader!.replica.seq >= seq)
    await first.snapshot()
    await first.stop()
    const { log, from } = readFrom(town.logs[0]!)
    await town.lead(0, 'two', { log })
    expect(from).toEqual([seq + 1])
    await town.lead(1, 'two')
    await town.until('it has arrived', () => town.quiet({ 0: seq }))
    expect(town.balance(bob)).toBe(100)
  })

  test('is taken by the clock, and not again while nothing has changed', async () => {
    await town.lead(0, 'one', { snapshotEveryMs: 1_000 })
    expect(await town.snapshots.list(0)).toEqual([])
    let taken = 0
    const count = async (): Promise<void> => {
      taken = (await town.snapshots.list(0)).length
    }
    await town.until('a snapshot is there', () => {
      void count()
      return taken === 1
    })
    const [{ seq } = { seq: 0 }] = await town.snapshots.list(0)
    expect(seq).toBe(town.observers[0]!.seq)
    for (let round = 0; round < 50; round++) {
      town.timers.advance(100)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(await town.snapshots.list(0)).toHaveLength(1)
  })

  test('is taken before its time when others keep much because of it, and they keep it no longer', async () => {
    await town.lead(0, 'one')
    const runner = await town.lead(1, 'two', { snapshotEveryMs: 3_600_000, keptBytesMin: 2 })
    await pay(100)
    await town.until('the payment has arrived', () => town.inTransit() === 0)
    expect(runner.leader!.keptElsewhereBytes).toBeGreaterThan(0)
    await town.until('a snapshot holds it', () => runner.leader!.keptElsewhereBytes === 0)
    expect((await town.snapshots.list(1)).map(({ seq }) => seq)).toEqual([runner.leader!.replica.seq])
  })

  test('that waits for its commit keeps no other shard of the process waiting', async () => {
    const snapshotRoom = new SnapshotRoom()
    const alone = await town.lead(0, 'one', { gated: true, snapshotRoom })
    const other = await town.lead(1, 'one', { snapshotRoom })
    const given = alone.snapshot()
    await other.snapshot()
    expect(await town.snapshots.list(1)).toHaveLength(1)
    town.timers.advance(2_000)
    await given
    expect(await town.snapshots.list(0)).toEqual([])
  })

  test('that is being stored when its shard is left is the last', async () => {
    const { timers, snapshots } = town
    const stored = Promise.withResolvers<void>()
    let storing = false
    let waits = 0
    const { ports } = town.runnerOptions(0, 'one')
    const runner = await town.lead(0, 'one', {
      snapshotEveryMs: 1_000,
      snapshots: {
        ...snapshots,
        save: async (snapshot) => {
          storing = true
          await stored.promise
          await snapshots.save(snapshot)
        },
      },
      ports: {
        ...ports,
        after: (delayMs, work) => {
          waits++
          return timers.after(delayMs, work)
        },
      },
    })
    await town.until('it is being stored', () => storing)
    const stopped = runner.stop()
    stored.resolve()
    await stopped
    const before = waits
    const endMs = timers.nowMs + 5_000
    await town.until('time has passed', () => timers.nowMs > endMs)
    expect(waits).toBe(before)
  })

  test('that was damaged is passed over for the one before it', async () => {
    const first = await town.lead(0, 'one')
    const older = await pay(100)
    await town.until('it is applied', () => first.leader!.replica.seq >= older)
    await first.snapshot()
    const newer = await pay(100)
    await town.until('it is applied', () => first.leader!.replica.seq >= newer)
    await first.snapshot()
    await first.stop()
    const [newest] = await town.snapshots.list(0)
    writeFileSync(join(folder, newest!.name), 'not a snapshot')
    const { log, from } = readFrom(town.logs[0]!)
    const anew = await town.lead(0, 'two', { log })
    expect(from).toEqual([older + 1])
    expect(town.refusedSnapshots.map(({ message }) => message)).toEqual([expect.stringContaining(newest!.name)])
    expectSameAsObserver(anew)
  })

  test('whose state is not what its digest says is never led from', async () => {
    const first = await town.lead(0, 'one')
    const contents = snapshotOf(region, first.leader!.replica, town.timers.nowMs)
    await first.stop()
    await town.snapshots.save({ ...contents, digest: '0'.repeat(contents.digest.length) })
    await expect(town.lead(0, 'two')).rejects.toThrow(/^shard 0: snapshot digest 0+, its state has [0-9a-f]+$/)
  })

  test('that cannot be stored costs nothing but the next replay', async () => {
    const failing = { ...town.snapshots, save: () => Promise.reject(new Error('the store is away')) }
    const runner = await town.lead(0, 'one', { snapshots: failing })
    await expect(runner.snapshot()).rejects.toThrow('the store is away')
    const seq = await pay(100)
    await town.until('the payment is answered', () => answered().includes(seq))
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('a frame that does not belong', () => {
  /** Appends bytes as they are. */
  const appendRaw = (bytes: Uint8Array): Promise<unknown> =>
    town.logs[0]!.append(commandSubject(region, 0, { kind: 'edge', id: '1' }), bytes, { timeoutMs: 1_000 })
  const header = { kind: frameKinds.payments, epoch: 0, count: 1, incarnation: 7, counter: 1, clockMs: 1 }

  test.each<[string, () => Uint8Array]>([
    ['is no frame', () => new TextEncoder().encode('hello')],
    ['is sealed for another shard', () => createSealer(town.ring, 1).seal(header, town.payment(alice, bob, 1, 1))],
    [
      'is of another epoch',
      () => createSealer(town.ring, 0).seal({ ...header, epoch: 1 }, town.payment(alice, bob, 1, 1)),
    ],
    [
      'was changed on its way',
      () => {
        const frame = createSealer(town.ring, 0).seal(header, town.payment(alice, bob, 1, 1))
        frame[frame.length - 1]! ^= 1
        return frame
      },
    ],
  ])('and %s is passed over by every replica alike', async (_what, frame) => {
    const runner = await town.lead(0, 'one')
    await appendRaw(frame())
    const seq = await pay(100)
    await town.until('the payment after it is answered', () => answered().includes(seq))
    expect(town.balance(alice)).toBe(9_900)
    expect(town.errors).toEqual([])
    expectSameAsObserver(runner)
  })

  test('because it was meant for another owner is not answered: what became of it there is not known here', async () => {
    await town.lead(0, 'one')
    await appendRaw(createSealer(town.ring, 0).seal({ ...header, epoch: 1 }, town.payment(alice, bob, 1, 1)))
    const seq = await pay(100)
    await town.until('the payment after it is answered', () => answered().includes(seq))
    expect(answered()).toEqual([seq])
  })

  test('from an edge that calls itself a shard moves no money', async () => {
    const runner = await town.lead(0, 'one')
    const sealed = createSealer(town.ring, 0).seal({ ...header, kind: frameKinds.transit }, new Uint8Array(200).fill(1))
    await appendRaw(sealed)
    const seq = await pay(100)
    await town.until('the payment after it is answered', () => answered().includes(seq))
    expect(town.balance(alice)).toBe(9_900)
    expectSameAsObserver(runner)
  })
})

describe('a leader stops, says why in one line, and says nothing more', () => {
  let lines: Record<string, unknown>[]
  const logger = pino({ level: 'fatal' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  beforeEach(() => {
    lines = []
  })

  async function expectStopped(runner: ShardRunner, why: RegExp): Promise<void> {
    await town.until('the leader has stopped', () => lines.length > 0)
    expect(lines).toMatchObject([{ msg: 'shard stops', shard: 0, error: expect.stringMatching(why) }])
    expect(runner.leading).toBe(false)
    const before = town.said.length
    await pay(100)
    for (let round = 0; round < 100; round++) {
      town.timers.advance(100)
      await Promise.resolve()
    }
    expect(town.said.length).toBe(before)
    expect(runner.leader!.onQuery(new TextEncoder().encode('{"type":"totals"}'))).toEqual({
      ok: false,
      error: 'not-leading',
    })
  }

  test('when the books do not sum to zero after a frame', async () => {
    const runner = await town.lead(0, 'one', { logger })
    runner.leader!.replica.ledger.state.books.toIssuance(1, -1)
    const seq = await pay(100)
    await expectStopped(runner, /^law broken: the books sum to -1 fen, not zero$/)
    expect(answered()).not.toContain(seq)
    expect(town.errors.map(({ name }) => name)).toEqual(['LawBroken'])
  })

  test('when a frame is sealed with a key that it does not have', async () => {
    const runner = await town.lead(0, 'one', { logger })
    const foreign = memoryKeyRing(regionPurposes(2))
    foreign.rotate('shard/0')
    const header = { kind: frameKinds.payments, epoch: 0, count: 1, incarnation: 7, counter: 1, clockMs: 1 }
    const frame = createSealer(foreign, 0).seal(header, town.payment(alice, bob, 1, 1))
    const { append } = town.logs[0]!
    await append.call(town.logs[0], commandSubject(region, 0, { kind: 'edge', id: '1' }), frame, { timeoutMs: 1_000 })
    await expectStopped(runner, /^key .* is not in the key ring$/)
  })

  test('when the log has a hole', async () => {
    const log = town.logs[0] as MemoryLog
    await log.bounds()
    log.damage(3)
    const runner = town.lead(0, 'one', { logger })
    runner.catch(() => undefined)
    await town.until('the leader has stopped', () => lines.length > 0)
    expect(lines).toMatchObject([
      { msg: 'shard stops', shard: 0, seq: 2, error: 'log shard 0: expected sequence 3, found 4: the log is damaged' },
    ])
    expect(town.said).toEqual([])
  })

  test('when the log does not begin with its genesis', async () => {
    const log = new MemoryLog({ name: 'stray' })
    const header = { kind: frameKinds.payments, epoch: 0, count: 1, incarnation: 7, counter: 1, clockMs: 1 }
    const frame = createSealer(town.ring, 0).seal(header, town.payment(alice, bob, 1, 1))
    await log.append(commandSubject(region, 0, { kind: 'edge', id: '1' }), frame)
    town.lead(0, 'one', { logger, log }).catch(() => undefined)
    await town.until('the leader has stopped', () => lines.length > 0)
    expect(lines).toMatchObject([{ msg: 'shard stops', shard: 0, error: 'law broken: a log begins with its genesis' }])
    expect(town.said).toEqual([])
  })
})
