import { describe, expect, test } from 'vitest'
import { encodeJson } from '../../actors/log/jsonBytes.ts'
import { OwnerTable } from '../../actors/log/ownerDirectory.ts'
import { firstOwnerRecord, type OwnerRecord } from '../../actors/log/ownerRecord.ts'
import type { Query } from '../../actors/log/queries.ts'
import { type GatewayPorts, ShardUnavailable } from './ports.ts'
import { type ReadFrom, ShardQueries } from './shardQueries.ts'

type Answer = 'silent' | 'not-leading' | { ageMs?: number; result: unknown }

const owned = (region: string, epoch = 0): OwnerRecord =>
  epoch === 0
    ? firstOwnerRecord(region, 'sync')
    : { epoch, owner: region, mode: 'sync', segments: [{ epoch, region, first: 1 }] }

/** An edge in region a. Replicas answer as they are told to, each word once; the last one stands. */
function edgeIn(answers: Partial<Record<'a' | 'b', Answer[]>>, owner: 'a' | 'b' | undefined = 'b') {
  const owners = new OwnerTable()
  if (owner !== undefined) owners.take(0, owned(owner), 1)
  const asked: string[] = []
  let nowMs = 0
  const ports = {
    monotonicMs: () => nowMs,
    random: () => 0.5,
    after: (delayMs: number, work: () => void) => {
      nowMs += delayMs
      setImmediate(work)
      return () => undefined
    },
    connected: () => true,
    request: async (shard: number, _query: Uint8Array, _timeoutMs: number, region: 'a' | 'b') => {
      asked.push(region)
      const said = answers[region] ?? []
      const answer = said.length > 1 ? said.shift()! : (said[0] ?? 'silent')
      if (answer === 'silent') throw new ShardUnavailable(shard, 'no-leader')
      if (answer === 'not-leading') return encodeJson({ ok: false, error: 'not-leading' })
      const { ageMs, result } = answer
      return encodeJson({
        ok: true,
        asOf: { shard, seq: 1, timeMs: 0, ...(ageMs === undefined ? {} : { ageMs }) },
        result,
      })
    },
  } as unknown as GatewayPorts
  const queries = new ShardQueries(ports, 'a', owners)
  const ask = (from?: ReadFrom) => queries.ask(0, { type: 'wallet', number: 1 } as Query, from)
  return { ask, asked, owners }
}

const wallet = { number: 1 }
const unavailable = { name: 'ShardUnavailable' }

describe('a read', () => {
  test('stays in its region when the copy there knows', async () => {
    const { ask, asked } = edgeIn({ a: [{ ageMs: 30, result: wallet }], b: [{ result: wallet }] })
    expect(await ask()).toMatchObject({ asOf: { ageMs: 30 }, result: wallet })
    expect(asked).toEqual(['a'])
  })

  test('goes to the owner when the copy knows nothing, or does not know the end', async () => {
    for (const result of [null, { complete: false }]) {
      const { ask, asked } = edgeIn({ a: [{ ageMs: 30, result }], b: [{ result: wallet }] })
      expect(await ask()).toMatchObject({ result: wallet })
      expect(asked).toEqual(['a', 'b'])
    }
  })

  test('believes the owner that there is nothing', async () => {
    const { ask, asked } = edgeIn({ a: [{ result: null }] }, 'a')
    expect(await ask()).toMatchObject({ result: null })
    expect(asked).toEqual(['a'])
  })

  test('goes to the owner when nobody answers in its region', async () => {
    const { ask, asked } = edgeIn({ b: ['not-leading', { result: wallet }] })
    expect(await ask()).toMatchObject({ result: wallet })
    expect(asked).toEqual(['a', 'b', 'b'])
  })

  test('of what the copy does not know the end has no end, when the owner is away', async () => {
    const { ask } = edgeIn({ a: [{ ageMs: 30, result: { complete: false } }] })
    expect(await ask()).toMatchObject({ asOf: { ageMs: 30 }, result: { complete: false } })
  })

  test('of what the copy does not know has no answer, when the owner is away', async () => {
    await expect(edgeIn({ a: [{ ageMs: 30, result: null }] }).ask()).rejects.toMatchObject(unavailable)
  })
})

describe('the newest word', () => {
  test('is the owner’s, whatever the copy says', async () => {
    const { ask, asked } = edgeIn({ a: [{ ageMs: 30, result: wallet }], b: [{ result: { number: 2 } }] })
    expect(await ask('newest')).toMatchObject({ result: { number: 2 } })
    expect(asked.at(-1)).toBe('b')
  })

  test('is the copy’s while the owner is away, but never that there is nothing', async () => {
    const { ask } = edgeIn({ a: [{ ageMs: 30, result: wallet }] })
    expect(await ask('newest')).toMatchObject({ asOf: { ageMs: 30 }, result: wallet })
    await expect(edgeIn({ a: [{ ageMs: 30, result: null }] }).ask('newest')).rejects.toMatchObject(unavailable)
  })
})

describe('a read from the owner', () => {
  test('is not answered by one that was the owner', async () => {
    const { ask } = edgeIn({ a: [{ ageMs: 5, result: wallet }] }, 'a')
    await expect(ask('owner')).rejects.toMatchObject(unavailable)
  })

  test('follows the shard that moves meanwhile', async () => {
    const { ask, asked, owners } = edgeIn({ a: [{ ageMs: 5, result: wallet }], b: [{ result: wallet }] }, 'a')
    const read = ask('owner')
    owners.take(0, owned('b', 1), 2)
    expect(await read).toEqual({ ok: true, asOf: { shard: 0, seq: 1, timeMs: 0 }, result: wallet })
    expect(asked).toEqual(['a', 'b'])
  })

  test('ends, without an answer, when the owner is away or not known', async () => {
    await expect(edgeIn({}).ask('owner')).rejects.toMatchObject(unavailable)
    await expect(edgeIn({ a: [{ result: wallet }] }, undefined).ask('owner')).rejects.toMatchObject(unavailable)
  })
})
