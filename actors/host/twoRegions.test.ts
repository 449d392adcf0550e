import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { natsMissing } from '../log/restartableNats.ts'
import { TwoHosts } from './twoHosts.fixture.ts'

const missing = await natsMissing()
const timeoutMs = 180_000

describe.skipIf(missing !== undefined)(`a shard in two regions ${missing ?? ''}`, { timeout: timeoutMs }, () => {
  let hosts: TwoHosts

  beforeAll(async () => {
    hosts = await TwoHosts.start()
  }, timeoutMs)

  afterAll(() => hosts?.stop(), timeoutMs)

  /** Whatever anybody was told holds for whoever asks now. */
  async function allHolds(): Promise<void> {
    for (const frame of [...hosts.answered.keys()]) await hosts.told(frame, 'b')
    expect(hosts.errors).toEqual([])
  }

  test('answers through either edge once the other region vouches', async () => {
    await hosts.openUsers(3)
    expect(hosts.record('b', 0)).toMatchObject({ epoch: 0, owner: 'a', mode: 'sync' })
    expect(hosts.record('a', 1)).toMatchObject({ epoch: 0, owner: 'b', mode: 'sync' })
    await hosts.equal()
  })

  test('owner and standby say alike how far a shard and the other have come', async () => {
    const lanes = async (letter: 'a' | 'b', shard: number) => (await hosts.ask(letter, shard, { type: 'lanes' })).lanes
    for (const shard of [0, 1]) {
      expect(await lanes('a', shard)).toEqual(await lanes('b', shard))
      expect(await lanes('a', shard)).toEqual(
        [0, 1].map(() => ({ kept: 0, next: 0, received: 0, sentFen: 0, takenFen: 0 })),
      )
    }
  })

  test('goes alone while the link is cut, refuses to be taken over, and comes back to sync by itself', async () => {
    await hosts.servers.link.cut('leaf')
    await Promise.all([hosts.openUsers(2, ['a'], [0]), hosts.openUsers(2, ['b'], [1])])
    expect(hosts.record('a', 0)).toMatchObject({ epoch: 0, owner: 'a', mode: 'solo' })
    await hosts.until('the standby knows', () => hosts.record('b', 0)?.mode === 'solo')
    expect(await hosts.ask('b', 0, { type: 'takeover' })).toMatchObject({ ok: false, reason: 'owner-commits-alone' })
    const loss = (operators: readonly number[], epoch = 0) => {
      const words = operators.map((operator) => hosts.acceptsLoss({ shard: 0, epoch, region: 'b' }, operator))
      return hosts.ask('b', 0, { type: 'accept-loss', words })
    }
    expect(await loss([1, 1])).toMatchObject({ ok: false, reason: 'two-operators-needed' })
    expect(await loss([1, 2], 1)).toMatchObject({ ok: false, reason: 'two-operators-needed' })
    expect(await loss([1, 2])).toMatchObject({ ok: false, reason: 'owner-may-be-alive' })
    await hosts.servers.link.heal('leaf')
    await hosts.equal()
    await allHolds()
  })

  test('moves to the other region and back, and nobody rolls back', async () => {
    expect(await hosts.ask('b', 0, { type: 'move' })).toMatchObject({ ok: false, reason: 'not-owner' })
    const opening = hosts.openUsers(6, ['b'])
    expect(await hosts.ask('a', 0, { type: 'move' })).toMatchObject({ ok: true, role: 'standby' })
    await opening
    expect(hosts.record('b', 0)).toMatchObject({ epoch: 1, owner: 'b' })
    await hosts.equal()
    expect(await hosts.ask('b', 0, { type: 'move' })).toMatchObject({ ok: true, role: 'standby' })
    await hosts.openUsers(2)
    await hosts.equal()
    expect(hosts.record('a', 0)).toMatchObject({ epoch: 2, owner: 'a', mode: 'sync' })
    await allHolds()
  })

  test('is taken over when its region is lost, whose last frames count nowhere when it comes back', async () => {
    await hosts.servers.link.cut('leaf')
    const untold = [hosts.frame(0), hosts.frame(0), hosts.frame(0)]
    for (const frame of untold) await hosts.send(frame, 'a', 'a', 2)
    await hosts.until('the owner has them', () => hosts.status('a', 0)!.applied > hosts.status('b', 0)!.applied)
    await hosts.servers.a.kill()
    expect(await hosts.ask('b', 0, { type: 'takeover' })).toMatchObject({ ok: true, role: 'owner' })
    await hosts.openUsers(2, ['b'])
    expect(hosts.record('b', 0)).toMatchObject({ epoch: 3, owner: 'b', mode: 'solo' })
    for (const frame of untold) await hosts.told(frame, 'b')
    await hosts.servers.a.start()
    await hosts.servers.link.heal('leaf')
    await hosts.equal()
    expect(hosts.record('a', 0)).toMatchObject({ epoch: 3, owner: 'b', mode: 'sync' })
    await hosts.openUsers(2)
    await allHolds()
    await hosts.equal()
  })
})
