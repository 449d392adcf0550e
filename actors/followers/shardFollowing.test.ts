import { expect, test } from 'vitest'
import { createOpener } from '../log/sealing.ts'
import type { ShardLog } from '../log/shardLog.ts'
import { eachTestFollowed, type FollowedTown } from './followedTown.fixture.ts'
import type { PostingWatch } from './frameRows.ts'
import { ShardFollowing } from './shardFollowing.ts'

let followed: FollowedTown
eachTestFollowed(async (one) => {
  followed = one
})

test('what is read again to come to a position leaves no posting behind; what is followed from there does', async () => {
  const { town } = followed
  const [alice, bob] = [await town.open(0), await town.open(1)]
  await town.fund(alice, 10_000)
  let seq = 0
  for (let n = 1; n <= 20; n++) seq = await town.pay(0, [town.payment(alice, bob, n, n)])
  await town.until('the payments have arrived', () => town.quiet({ 0: seq }))

  const kept: number[] = []
  const log = town.logs[0]!
  const watched = Object.assign(Object.create(log) as ShardLog, {
    bounds: () => log.bounds(),
    follow: (...[from, onEntry, options]: Parameters<ShardLog['follow']>) =>
      log.follow(
        from,
        async (entry) => {
          await onEntry(entry)
          kept.push((following.replica.out.watch as PostingWatch).postings.length)
        },
        options,
      ),
  })
  const following = new ShardFollowing(0, watched, createOpener(town.ring, { shard: 0 }))
  await following.bringTo(seq - 1, [])
  expect(kept.length).toBeGreaterThan(20)
  expect(Math.max(...kept)).toBe(0)
  expect(following.rows.entries).toEqual([])

  following.follow(
    () => undefined,
    (error) => {
      throw error
    },
  )
  await town.until('the rest is followed', () => following.replica.seq >= seq)
  expect(following.rows.entries).toHaveLength(1)
  await following.stop()
})
