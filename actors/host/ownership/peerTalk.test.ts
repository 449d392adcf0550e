import { expect, test } from 'vitest'
import { ManualTimers } from '../manualTimers.fixture.ts'
import { ownershipIn } from './ownershipIn.fixture.ts'
import type { Beat, Vouch } from './peerMessages.ts'
import { PeerTalk } from './peerTalk.ts'
import { RecentChains } from './recentChains.ts'
import { RecentDigests } from './recentDigests.ts'
import type { ShardOwnership } from './shardOwnership.ts'

const holdAt = (): void => undefined

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
    ports: { monotonicMs: () => 0, random: () => 0.5 },
    heard: () => undefined,
    differs: () => undefined,
  })
  talk.vouch({ epoch: 0, seq: 2, position: 2 })
  expect(said).toEqual([{ shard: 0, epoch: 0, seq: 2, position: 2, chain: '0202020202020202' }])
})

test('an owner knows by its standby’s word how long ago nobody had taken over: when it had asked, not when it heard', async () => {
  const timers = new ManualTimers()
  const ends = async () => ({ own: 0, mirror: 0 })
  const chains = new RecentChains()
  chains.put(2, new Uint8Array(32).fill(2))
  const beats: Beat[] = []
  const vouches: Vouch[] = []
  const talkOf = (ownership: ShardOwnership): PeerTalk =>
    new PeerTalk({
      shard: 0,
      ownership,
      replica: { leader: { heardOwner: () => undefined }, chains, digests: new RecentDigests() } as never,
      agreement: () => ({ onHeld: () => undefined, onBeat: () => undefined }) as never,
      messages: { beat: (beat: Beat) => beats.push(beat), vouch: (vouch: Vouch) => vouches.push(vouch) } as never,
      ports: { monotonicMs: () => timers.nowMs, random: () => Math.random() },
      heard: () => undefined,
      differs: () => undefined,
    })
  const [owner, standby] = [ownershipIn('a', timers, { holdAt, ends }), ownershipIn('b', timers, { holdAt, ends })]
  await owner.read()
  await standby.read()
  const [ofOwner, ofStandby] = [talkOf(owner), talkOf(standby)]
  timers.nowMs += 5_000
  ofOwner.beat()
  timers.nowMs += 1_000
  ofStandby.onBeat(beats[0]!)
  ofStandby.vouch({ epoch: 0, seq: 2, position: 2 })
  expect(owner.doubtfulMs).toBe(6_000)
  ofOwner.onVouch(vouches[0]!)
  expect(owner.doubtfulMs).toBeUndefined()
  timers.nowMs += 4_000
  // The same comes again, late: it says no more than it did.
  ofOwner.onVouch(vouches[0]!)
  expect(owner.doubtfulMs).toBe(5_000)
  // A process that has begun since does not take it for an answer to its own words.
  talkOf(owner).onVouch({ ...vouches[0]!, heard: beats[0]!.said!.replace(/\d+$/, String(timers.nowMs)) })
  expect(owner.doubtfulMs).toBe(5_000)
})
