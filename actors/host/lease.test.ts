import type { NatsConnection } from '@nats-io/nats-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { provisionStreams } from '../../deploy/streams.ts'
import { decodeJson } from '../log/jsonBytes.ts'
import { connectNats } from '../log/natsConnection.ts'
import { natsMissing, type RestartableNats, startRestartableNats } from '../log/restartableNats.ts'
import { Lease, type LeaseStore, leaseTendEveryMs } from './lease.ts'
import { memoryLeases } from './memoryLeases.fixture.ts'
import { openNatsLeases } from './natsLeases.ts'

const missing = await natsMissing()

/** Two workers and one shard, which the first prefers. */
function suite(openStore: () => Promise<LeaseStore>): void {
  let store: LeaseStore
  let shard = 0
  let nowMs = 0
  let first: Lease
  let second: Lease
  const leaseOf = (worker: string, preferred: boolean): Lease => new Lease(store, shard, worker, preferred, () => nowMs)

  beforeEach(async () => {
    store = await openStore()
    shard++
    first = leaseOf('first', true)
    second = leaseOf('second', false)
  })

  /** Lets time pass; those who live tend their lease. */
  async function pass(rounds: number, ...living: Lease[]): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      nowMs += leaseTendEveryMs
      for (const lease of living) {
        await lease.tend()
        if (lease.wantedBy !== undefined) await lease.handOver()
      }
    }
  }

  test('a free shard goes to the worker that prefers it, though another asked before', async () => {
    await second.tend()
    await first.tend()
    expect([first.held, second.held]).toEqual([true, false])
    await pass(10, second, first)
    expect([first.held, second.held]).toEqual([true, false])
  })

  test('a free shard whose own worker does not come goes to another', async () => {
    await pass(5, second)
    expect(second.held).toBe(false)
    await pass(3, second)
    expect(second.held).toBe(true)
  })

  test('a shard whose worker was reaped goes to another at once', async () => {
    await first.tend()
    await pass(1, second)
    await first.release()
    await pass(1, second)
    expect(second.held).toBe(true)
  })

  test('a lease that is renewed is never taken over, one that is not is, and only then', async () => {
    await first.tend()
    await pass(20, second, first)
    expect(second.held).toBe(false)
    await pass(8, second)
    expect(second.held).toBe(false)
    await pass(6, second)
    expect(second.held).toBe(true)
  })

  test('a worker that wakes after its lease was taken over learns it, and takes nothing away', async () => {
    await first.tend()
    await pass(14, second)
    expect([first.held, second.held]).toEqual([true, true])
    // Even before it learns it, its own clock tells that it can't be sure any more.
    expect([first.surelyHeld, second.surelyHeld]).toEqual([false, true])
    await first.tend()
    expect([first.held, second.held]).toEqual([false, true])
  })

  test('the worker that prefers the shard gets it back from the one that stood in, and keeps it', async () => {
    await first.tend()
    await pass(14, second)
    const anew = leaseOf('first', true)
    await pass(19, anew, second)
    expect([anew.held, second.held]).toEqual([true, false])
    await pass(10, second, anew)
    expect([anew.held, second.held]).toEqual([true, false])
  })

  test('whoever stood in leads for a while before the shard is asked for again', async () => {
    await first.tend()
    await pass(14, second)
    const anew = leaseOf('first', true)
    await pass(16, anew, second)
    expect([anew.held, second.held]).toEqual([false, true])
  })

  test('a worker started again under its name goes on at once', async () => {
    await first.tend()
    const anew = leaseOf('first', true)
    await anew.tend()
    expect(anew.held).toBe(true)
  })

  test('a worker stops being sure of its lease before anybody else may take it', async () => {
    await first.tend()
    for (let waitedMs = 0; first.surelyHeld; waitedMs += leaseTendEveryMs) {
      expect(waitedMs).toBeLessThan(60_000)
      await pass(1, second)
      expect(second.held && first.surelyHeld).toBe(false)
    }
    await pass(10, second)
    expect(second.surelyHeld).toBe(true)
  })

  test('of two that take it in the same moment one gets it', async () => {
    const others = ['third', 'fourth'].map((worker) => leaseOf(worker, true))
    await Promise.all(others.map((lease) => lease.tend()))
    expect(others.filter(({ held }) => held)).toHaveLength(1)
  })

  test('a lease given back is free at once, also when somebody asked for it meanwhile', async () => {
    await second.tend()
    await pass(6, second)
    expect(second.held).toBe(true)
    await pass(16, first, second)
    await pass(1, first)
    expect(decodeJson((await store.get(`shard.${shard}`))!.value)).toMatchObject({ wantedBy: 'first' })
    await second.release()
    await first.tend()
    expect(first.held).toBe(true)
  })

  test('a lease given back in the middle of a round is free at once, whether that renews or takes it', async () => {
    const taking = first.tend()
    await first.release()
    await taking
    await first.tend()
    const renewing = first.tend()
    await first.release()
    await renewing
    expect(await store.get(`shard.${shard}`)).toBeUndefined()
  })

  test('who no longer holds a lease gives nobody else’s back', async () => {
    await first.tend()
    await pass(14, second)
    await first.release()
    await pass(1, second)
    expect(second.held).toBe(true)
    const third = leaseOf('third', true)
    await third.tend()
    expect(third.held).toBe(false)
  })

  test('a bucket that cannot be reached leaves the lease as it is', async () => {
    await first.tend()
    const open = store.get
    store.get = () => Promise.reject(new Error('timeout'))
    await expect(first.tend()).rejects.toThrow('timeout')
    expect(first.held).toBe(true)
    store.get = open
    await first.tend()
    expect(first.held).toBe(true)
  })
}

describe('a lease in memory', () => suite(async () => memoryLeases()))

describe.skipIf(missing !== undefined)(`a lease in JetStream${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let nats: RestartableNats
  let connection: NatsConnection
  beforeAll(async () => {
    nats = await startRestartableNats()
    connection = await connectNats(nats, { name: 'test', inboxPrefix: '_INBOX_test' })
    await provisionStreams(connection, { region: 'a', shardCount: 1, logBytesMax: 1024 * 1024 })
  })
  afterAll(async () => {
    await connection?.close()
    await nats?.stop()
  })
  suite(() => openNatsLeases(connection, 'a'))
})
