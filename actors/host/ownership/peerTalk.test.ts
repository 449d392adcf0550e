import { expect, test } from 'vitest'
import { ManualTimers } from '../manualTimers.fixture.ts'
import { ownershipIn } from './ownershipIn.fixture.ts'
import type { Vouch } from './peerMessages.ts'
import { PeerTalk } from './peerTalk.ts'
import { RecentChains } from './recentChains.ts'
import { RecentDigests } from './recentDigests.ts'

test('a standby vouches with the chain of the place it vouches for, also when it is one entry further', async () => {
  const ownership = ownershipIn('b', new ManualTimers(), {
    holdAt: () => undefined,
    ends: async () => ({ own: 0, mirror: 0 }),
  })
  await ownership.read()
  const chainAt = (position: number): Uint8Array => new Uint8Array(32).fill(position)
  const chains = new RecentChains()
  for (const position of [1, 2]) chains.put(position, chainAt(position))
  const said: Vouch[] = []
  const talk = new PeerTalk({
    shard: 0,
    ownership,
    replica: { leader: { replica: { chain: chainAt(3) } }, chains, digests: new RecentDigests() } as never,
    agreement: () => ({ held: undefined }) as never,
    messages: { vouch: (vouch: Vouch) => said.push(vouch) } as never,
    heard: () => undefined,
    differs: () => undefined,
  })
  talk.vouch({ epoch: 0, seq: 2, position: 2 })
  expect(said).toEqual([{ shard: 0, epoch: 0, seq: 2, position: 2, chain: '0202020202020202' }])
})

test('an owner that hears what its standby vouches for knows that no other owns the shard', async () => {
  const timers = new ManualTimers()
  const ownership = ownershipIn('a', timers, {
    holdAt: () => undefined,
    ends: async () => ({ own: 0, mirror: 0 }),
  })
  await ownership.read()
  const talk = new PeerTalk({
    shard: 0,
    ownership,
    replica: { chains: new RecentChains(), digests: new RecentDigests() } as never,
    agreement: () => ({ onHeld: () => undefined }) as never,
    messages: {} as never,
    heard: () => undefined,
    differs: () => undefined,
  })
  timers.nowMs += 4_000
  expect(ownership.doubtfulMs).toBe(4_000)
  talk.onVouch({ shard: 0, epoch: 1, seq: 2, position: 2, chain: '' })
  expect(ownership.doubtfulMs).toBe(4_000)
  talk.onVouch({ shard: 0, epoch: 0, seq: 2, position: 2, chain: '' })
  expect(ownership.doubtfulMs).toBeUndefined()
})
