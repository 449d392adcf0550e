import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LaneEnds } from '../../actors/log/laneEnds.ts'
import type { OwnerRecord } from '../../actors/log/ownerRecord.ts'
import { type ChangedPair, changeOwners } from './changeOwners.ts'
import { parseOwnersOptions } from './options.ts'

const whole: LaneEnds = { kept: 2, next: 8, received: 5, sentFen: 900, takenFen: 500 }
const folder = mkdtempSync(join(tmpdir(), 'jiaozi-owners-'))

beforeAll(() => {
  for (const name of ['lin', 'wang']) {
    const { privateKey } = generateKeyPairSync('ed25519')
    writeFileSync(join(folder, `${name}.pem`), privateKey.export({ format: 'pem', type: 'pkcs8' }))
  }
})

afterAll(() => rmSync(folder, { recursive: true }))

/** Three shards: region a, which is gone, had 0 and 1 alone; 2 is region b's own. */
function pairOf(lanes: (shard: number, peer: number) => Partial<LaneEnds> | undefined): {
  pair: ChangedPair
  accepted: number[]
} {
  const owners = ['a', 'a', 'b']
  const accepted: number[] = []
  const pair: ChangedPair = {
    shardCount: 3,
    regions: ['b'],
    recordsOf: async () =>
      owners.map(
        (owner): OwnerRecord => ({ epoch: 4, owner, mode: 'solo', segments: [{ epoch: 4, region: owner, first: 1 }] }),
      ),
    lanesOf: async (_region, shard) => {
      const peers = owners.map((_, peer) => lanes(shard, peer))
      return peers.includes(undefined) ? undefined : peers.map((lane) => ({ ...whole, ...lane }))
    },
    ask: async (_region, shard, { type }) => {
      if (type === 'accept-loss') accepted.push(shard)
      return { ok: true }
    },
  }
  return { pair, accepted }
}

async function acceptAll(pair: ChangedPair, ...more: string[]): Promise<{ done: boolean; lines: string[] }> {
  const signers = ['1=lin.pem', '2=wang.pem'].flatMap((signer) => ['--operator', signer.replace('=', `=${folder}/`)])
  const lines: string[] = []
  const options = parseOwnersOptions(['accept-loss', 'all', '--to', 'b', ...signers, ...more])!
  return { done: await changeOwners(pair, options, (line) => lines.push(line)), lines }
}

describe('a loss is accepted', () => {
  test('where no shard has taken in more, or forgotten more, than the logs that are left allow', async () => {
    const { pair, accepted } = pairOf(() => ({}))
    expect((await acceptAll(pair)).done).toBe(true)
    expect(accepted).toEqual([0, 1])
  })

  test('not of a shard that another has credited more from, which is told in records and fen', async () => {
    // Shard 2 took in records 8 and 9 of shard 0, of which the log of shard 0 that is left ends before 8.
    const { pair, accepted } = pairOf((shard, peer) =>
      shard === 2 && peer === 0 ? { received: 10, takenFen: 1_100 } : {},
    )
    const { done, lines } = await acceptAll(pair)
    expect(done).toBe(false)
    expect(accepted).toEqual([1])
    expect(lines).toEqual([
      expect.stringMatching(/^shard 2 has credited records 8 to 9 of shard 0, 200 fen, /),
      expect.stringMatching(/^shard 0: refused: .*--despite-differences/),
      'shard 1: region b owns it now',
      'shard 2: region b owns it already',
    ])
  })

  test('all the same when two operators say so knowing it', async () => {
    const { pair, accepted } = pairOf((shard, peer) => (shard === 2 && peer === 0 ? { received: 10 } : {}))
    const { done, lines } = await acceptAll(pair, '--despite-differences')
    expect(done).toBe(true)
    expect(accepted).toEqual([0, 1])
    expect(lines[0]).toMatch(/^shard 2 has credited/)
  })

  test('of none while a shard cannot be compared', async () => {
    const { pair, accepted } = pairOf((shard) => (shard === 2 ? undefined : {}))
    const { done, lines } = await acceptAll(pair)
    expect(done).toBe(false)
    expect(accepted).toEqual([])
    expect(lines[0]).toBe('shard 2: region b cannot say what it and others owe each other')
  })
})
