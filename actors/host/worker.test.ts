import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeJson, encodeJson } from '../log/jsonBytes.ts'
import type { Resident } from './hostTown.fixture.ts'
import { type TownWorker, WorkerTown } from './workerTown.fixture.ts'

let folder: string
let world: WorkerTown
let alice: Resident
let bob: Resident

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-worker-'))
  world = new WorkerTown(folder)
  await world.town.begin()
  alice = await world.town.open(0)
  bob = await world.town.open(1)
  await world.town.fund(alice, 10_000)
})
afterEach(async () => {
  await world.end()
  rmSync(folder, { recursive: true, force: true })
})

const leads = (worker: TownWorker, ...shards: number[]): Promise<void> =>
  world.town.until(`it leads ${shards}`, () => worker.worker.leading.join() === shards.join())

async function payOnce(fen: number): Promise<void> {
  const { town } = world
  const before = town.balance(bob)
  const seq = await town.pay(0, [town.payment(alice, bob, fen, fen)])
  await town.until('it is paid', () => town.quiet({ 0: seq }))
  expect(town.balance(bob)).toBe(before + fen)
}

describe('workers of a region', () => {
  test('lead the shards they prefer, and together carry a payment from one to the other', async () => {
    const [one, two] = [world.start('one', [0]), world.start('two', [1])]
    await leads(one, 0)
    await leads(two, 1)
    await payOnce(100)
    expect([one.worker.leading, two.worker.leading]).toEqual([[0], [1]])
  })

  test('answer a read from memory: the leader alone, with its place in the log', async () => {
    const [one, two] = [world.start('one', [0]), world.start('two', [1])]
    await leads(one, 0)
    await leads(two, 1)
    const answers = await world.ask(0, { type: 'wallet', number: alice.number })
    const { seq } = world.town.observers[0]!
    expect(answers).toMatchObject([{ ok: true, asOf: { shard: 0, seq }, result: { balance: 10_000 } }])
  })

  test('answer what they do not understand with an error, and go on', async () => {
    await leads(world.start('one', [0]), 0)
    expect(await world.ask(0, { type: 'nonsense' } as never)).toEqual([{ ok: false, error: 'query-unknown' }])
    expect(await world.ask(0, { type: 'command', actor: alice.number } as never)).toEqual([
      { ok: false, error: 'query-malformed' },
    ])
    expect(await world.ask(0, { type: 'wallet', number: alice.number })).toMatchObject([{ ok: true }])
  })

  test('take over from one that stands still, and it steps down when it wakes', async () => {
    const [one, two] = [world.start('one', [0]), world.start('two', [1])]
    await leads(one, 0)
    await leads(two, 1)
    one.frozen = true
    await leads(two, 0, 1)
    await payOnce(100)
    expect(one.worker.leading).toEqual([0])
    // Whatever reaches it before it knows: it may be behind, and must not answer for the one that leads.
    const answers = await world.ask(0, { type: 'wallet', number: alice.number })
    expect(answers.toSorted((a, b) => Number(a.ok) - Number(b.ok))).toEqual([
      { ok: false, error: 'not-leading' },
      expect.objectContaining({ ok: true, result: expect.objectContaining({ balance: 9_900 }) }),
    ])
    one.frozen = false
    // It prefers the shard: it steps down, asks for it and gets it back.
    await world.town.until('it has noticed', () => one.lines.some(({ msg }) => msg === 'lease is gone'))
    await leads(two, 1)
    await leads(one, 0)
    await payOnce(200)
    expect(await world.ask(0, { type: 'wallet', number: alice.number })).toMatchObject([
      { ok: true, result: { balance: 9_700 } },
    ])
  })

  test('begin anew after another has led, also when a read told them first and they have the lease again at once', async () => {
    const [one, two] = [world.start('one', [0]), world.start('two', [])]
    await leads(one, 0)
    await leads(two, 1)
    const before = one.worker.runner(0)
    one.frozen = true
    await leads(two, 0, 1)
    await world.ask(0, { type: 'wallet', number: alice.number })
    // It dies, and whoever has reaped it gives its lease back.
    two.frozen = true
    await world.leases.delete('shard.0', (await world.leases.get('shard.0'))!.revision)
    one.frozen = false
    const held = async (): Promise<boolean> => {
      const entry = await world.leases.get('shard.0')
      return entry !== undefined && (decodeJson(entry.value) as { worker: string }).worker === 'one'
    }
    let again = false
    await world.town.until('it has the lease again', () => {
      void held().then((it) => {
        again = it
      })
      return again
    })
    expect(one.worker.runner(0)).not.toBe(before)
  })

  test('leave their shards to the others at once when they stop, with a snapshot to begin from', async () => {
    const one = world.start('one', [0, 1])
    await leads(one, 0, 1)
    await payOnce(100)
    await one.worker.stop()
    expect(one.worker.leading).toEqual([])
    const [snapshot] = await world.town.snapshots.list(0)
    expect(snapshot!.seq).toBe(world.town.observers[0]!.seq)
    const beganMs = world.town.timers.nowMs
    await leads(world.start('two', [0, 1]), 0, 1)
    expect(world.town.timers.nowMs - beganMs).toBeLessThan(1_000)
    await payOnce(200)
  })

  test('give their leases back even when no last snapshot can be stored', async () => {
    const failing = { save: () => Promise.reject(new Error('the store is away')) }
    const one = world.start('one', [0, 1], async (_shard, ready) => ({
      ...ready,
      snapshots: { ...ready.snapshots, ...failing },
    }))
    await leads(one, 0, 1)
    await one.worker.stop()
    expect(one.lines).toContainEqual(expect.objectContaining({ error: 'the store is away' }))
    await leads(world.start('two', [0, 1]), 0, 1)
  })

  test('try again to begin a shard that could not be begun', async () => {
    let tries = 0
    const one = world.start('one', [0, 1], (shard, ready) =>
      shard === 0 && ++tries < 3 ? Promise.reject(new Error('no such stream')) : Promise.resolve(ready),
    )
    await leads(one, 0, 1)
    expect(tries).toBe(3)
    expect(one.lines.filter(({ error }) => error === 'no such stream')).toHaveLength(2)
  })

  test('go on as before while the bucket of leases cannot be reached', async () => {
    const one = world.start('one', [0, 1])
    await leads(one, 0, 1)
    const { get } = world.leases
    world.leases.get = () => Promise.reject(new Error('timeout'))
    await world.town.until('it has noticed', () => one.lines.some(({ msg }) => msg === 'lease not tended'))
    await payOnce(100)
    expect(one.worker.leading).toEqual([0, 1])
    // Payments are the same whoever leads; a read is not, and waits until the lease is sure.
    const read = { type: 'wallet', number: alice.number } as const
    await world.town.until('its lease may be another’s', () => one.lines.length > 20)
    expect(await world.ask(0, read)).toEqual([{ ok: false, error: 'not-leading' }])
    world.leases.get = get
    expect(await world.ask(0, read)).toMatchObject([{ ok: true, result: { balance: 9_900 } }])
    await payOnce(200)
  })

  describe('while the last snapshot of one shard takes its time', () => {
    let stored: () => void
    let one: TownWorker

    beforeEach(async () => {
      const storing = Promise.withResolvers<void>()
      stored = storing.resolve
      one = world.start('one', [0, 1], async (shard, ready) => ({
        ...ready,
        snapshots: {
          ...ready.snapshots,
          save: async (snapshot) => {
            if (shard === 0) await storing.promise
            await ready.snapshots.save(snapshot)
          },
        },
      }))
      await leads(one, 0, 1)
      await payOnce(100)
    })
    afterEach(() => stored())

    const waitMs = async (ms: number): Promise<void> => {
      const endMs = world.town.timers.nowMs + ms
      await world.town.until('time has passed', () => world.town.timers.nowMs >= endMs)
    }

    test('the leases of the others are renewed, and it is not begun anew before it has ended', async () => {
      const two = world.start('two', [])
      void one.worker.runner(0)!.snapshot()
      const entry = await world.leases.get('shard.0')
      await world.leases.update('shard.0', encodeJson({ worker: 'gone', beat: 0 }), entry!.revision)
      await world.town.until('it has noticed', () => one.lines.some(({ msg }) => msg === 'lease is gone'))
      await leads(two, 0)
      await waitMs(10_000)
      expect([one.worker.leading, two.worker.leading]).toEqual([[1], [0]])
      stored()
      await leads(one, 0, 1)
      await leads(two)
    })

    test('a worker that stops gives each shard over when it has left it, and not before', async () => {
      const two = world.start('two', [])
      const stopped = one.worker.stop()
      await leads(two, 1)
      await waitMs(10_000)
      expect([one.worker.leading, two.worker.leading]).toEqual([[0], [1]])
      stored()
      await stopped
      expect(one.worker.leading).toEqual([])
      await leads(two, 0, 1)
    })
  })
})
