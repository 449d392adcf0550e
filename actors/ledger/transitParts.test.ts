import { describe, expect, test } from 'vitest'
import { encodeTransit, joinBodies } from './frameBuilder.ts'
import { expectBalances } from './paper.fixture.ts'
import { frameKinds, senders, transitHeader } from './records.ts'
import { Town } from './town.fixture.ts'
import { transitPlaces } from './transitParts.ts'

/** Alice and Dan, in shards 0 and 2, have paid Carol, in shard 1; nothing has been carried yet. */
function town(): Town {
  const t = new Town({ shards: 3 })
  t.open('alice', { shard: 0, yuan: '100.00' })
  t.open('dan', { shard: 2, yuan: '100.00' })
  t.open('carol', { shard: 1 })
  t.pay('alice', 'carol', '10.00')
  t.pay('dan', 'carol', '5.00')
  return t
}

/** What a source owes Carol's shard, from a record on. */
function part(t: Town, source: number, first = 0, count = 1): Uint8Array {
  const { state } = t.shards[source]!.ledger
  return encodeTransit(source, state.incarnation, state.lanes[1]!, first, count)
}

function carryTogether(t: Town, parts: readonly Uint8Array[], count = parts.length, senderNumber = 0): string {
  return t.submit(1, joinBodies(parts), frameKinds.transit, count, { sender: senders.shard, senderNumber }).skipped
}

const received = (t: Town): number[] => [...t.shards[1]!.ledger.state.received].slice(0, 3)

describe('a frame with a part for each of several sources', () => {
  test('is taken as if each part had come by itself', () => {
    const [together, apart] = [town(), town()]
    expect(carryTogether(together, [part(together, 0), part(together, 2)])).toBe('')
    apart.carry(0, 1)
    apart.carry(2, 1)
    expectBalances(together, 'carol 15.00')
    expect(received(together)).toEqual([1, 0, 1])
    const postings = ({ shards }: Town) => shards[1]!.postings.map(({ record: _, ...posting }) => posting)
    expect(postings(together)).toEqual(postings(apart))
    together.checkMoney()
  })

  test('numbers its records through, so that no two postings have one place', () => {
    const t = town()
    t.pay('alice', 'carol', '1.00')
    carryTogether(t, [part(t, 0, 0, 2), part(t, 2)], 3)
    expect(t.shards[1]!.postings.slice(-3).map(({ record, delta }) => [record, delta])).toEqual([
      [0, 1_000],
      [1, 100],
      [2, 500],
    ])
  })

  test('gives each source its own returns', () => {
    const t = new Town({ shards: 3 })
    t.open('alice', { shard: 0, yuan: '100.00' })
    t.open('dan', { shard: 2, yuan: '100.00' })
    const nobody = { payeeNumber: t.strangerIn(1) }
    for (const payer of ['alice', 'dan']) t.pay(payer, payer, '10.00', nobody)
    expect(carryTogether(t, [part(t, 0), part(t, 2)])).toBe('')
    expectBalances(t, 'alice 90.00\ndan 90.00')
    expect(t.settle().map(({ refusal }) => refusal)).toEqual(['payee-unknown', 'payee-unknown'])
    expectBalances(t, 'alice 100.00\ndan 100.00')
    t.checkMoney()
  })

  test('is taken but for the part that came before', () => {
    const t = town()
    t.carry(0, 1)
    expect(carryTogether(t, [part(t, 0), part(t, 2)])).toBe('')
    expectBalances(t, 'carol 15.00')
    expect(carryTogether(t, [part(t, 0), part(t, 2)])).toBe('repeated')
    expectBalances(t, 'carol 15.00')
  })

  test('is taken but for the part that came too early', () => {
    const t = town()
    t.pay('alice', 'carol', '1.00')
    expect(carryTogether(t, [part(t, 0, 1), part(t, 2)])).toBe('')
    expectBalances(t, 'carol 5.00')
    expect(received(t)).toEqual([0, 0, 1])
    expect(carryTogether(t, [part(t, 0, 1), part(t, 2)])).toBe('gap')
    t.settle()
    expectBalances(t, 'carol 16.00')
    t.checkMoney()
  })
})

describe('nothing of a frame is taken', () => {
  test.each([0, 1, 3, 4_294_967_295])('that announces %d records and holds two', (count) => {
    const t = town()
    expect(carryTogether(t, [part(t, 0), part(t, 2)], count)).toBe('malformed')
    expect(received(t)).toEqual([0, 0, 0])
  })

  test.each([0, 2, 4_294_967_295])('whose second part announces %d records and holds one', (records) => {
    const t = town()
    const second = part(t, 2)
    new DataView(second.buffer).setUint32(transitHeader.at.records, records, true)
    expect(carryTogether(t, [part(t, 0), second], 1 + records)).toBe('malformed')
    expect(received(t)).toEqual([0, 0, 0])
  })

  test('whose second part is cut off', () => {
    const t = town()
    for (const bytes of [8, transitHeader.size, part(t, 2).length - 8]) {
      expect(carryTogether(t, [part(t, 0), part(t, 2).subarray(0, bytes)])).toBe('malformed')
    }
    expect(received(t)).toEqual([0, 0, 0])
  })

  test.each([Number.NaN, -1, 0.5, 2 ** 60])('whose second part begins at number %d', (first) => {
    const t = town()
    const second = part(t, 2)
    new DataView(second.buffer).setFloat64(transitHeader.at.first, first, true)
    expect(carryTogether(t, [part(t, 0), second])).toBe('malformed')
    expect(received(t)).toEqual([0, 0, 0])
  })

  test.each([1, 3, 64, 4_294_967_295])('whose second part is of shard %d, which is itself or nobody', (source) => {
    const t = town()
    const second = part(t, 2)
    new DataView(second.buffer).setUint32(transitHeader.at.source, source, true)
    expect(carryTogether(t, [part(t, 0), second])).toBe('sender-not-allowed')
    expect(received(t)).toEqual([0, 0, 0])
  })

  test('whose subject does not name the source of its first part', () => {
    const t = town()
    expect(carryTogether(t, [part(t, 0), part(t, 2)], 2, 2)).toBe('sender-not-allowed')
    expect(carryTogether(t, [part(t, 2), part(t, 0)], 2, 2)).toBe('')
    expectBalances(t, 'carol 15.00')
  })
})

test('who reads a frame without applying it finds each record with its part and its number', () => {
  const t = town()
  t.pay('alice', 'carol', '1.00')
  const body = joinBodies([part(t, 0, 1), part(t, 2)])
  const frame = t.frame(1, body, frameKinds.transit, 2)
  const source = (at: number): number => frame.u32[(at + transitHeader.at.source) >>> 2]!
  expect([...transitPlaces(frame)].map(({ part, number }) => [source(part), number])).toEqual([
    [0, 1],
    [2, 0],
  ])
})
