import { expect, test } from 'vitest'
import { encodeTransit, joinBodies } from '../ledger/frameBuilder.ts'
import { Ledger } from '../ledger/ledger.ts'
import { Outcomes } from '../ledger/outcomes.ts'
import { frameKinds, senders } from '../ledger/records.ts'
import { Town } from '../ledger/town.fixture.ts'
import type { Applied } from '../log/replica.ts'
import { hex } from './copyText.ts'
import { addFrame, PostingWatch } from './frameRows.ts'
import { ShardRows } from './shardRows.ts'

/** The rows that the newest frame of a shard's log makes. */
function rowsOfLast({ shards }: Town, shard: number): ShardRows {
  const { log } = shards[shard]!
  const watch = new PostingWatch()
  const out = new Outcomes(watch)
  const ledger = Ledger.fromGenesis(log[0]!, out)
  for (const frame of log.slice(1)) {
    watch.postings = []
    ledger.apply(frame, out)
  }
  const frame = log.at(-1)!
  const rows = new ShardRows(shard, frame.seq - 1)
  const entry = { seq: frame.seq, epoch: 0, stampMs: frame.stampMs, subject: '', data: new Uint8Array() }
  addFrame(rows, ledger.state, { frame, out, entry, opened: {} } as Applied, watch.postings)
  return rows
}

test('of returns that come in one frame those are written that were taken: none again, and none too early', () => {
  const t = new Town({ shards: 3 })
  t.open('alice', { shard: 0, yuan: '100.00' })
  const ids = [1, 1, 2, 2].map((shard) => {
    const id = t.id()
    t.pay('alice', 'alice', '1.00', { payeeNumber: t.strangerIn(shard), id })
    return hex(id, 0, 16)
  })
  for (const shard of [1, 2]) t.carry(0, shard)
  const part = (source: number, first: number, count: number) => {
    const { incarnation, lanes } = t.shards[source]!.ledger.state
    return encodeTransit(source, incarnation, lanes[0]!, first, count)
  }
  const take = (...parts: Uint8Array[]): string[] => {
    const from = { sender: senders.shard, senderNumber: 1 }
    expect(t.submit(0, joinBodies(parts), frameKinds.transit, 2 * parts.length - 1, from).skipped).toBe('')
    return rowsOfLast(t, 0).returns.map(({ id }) => id)
  }
  expect(take(part(1, 0, 2), part(2, 1, 1))).toEqual([ids[0], ids[1]])
  expect(take(part(1, 0, 2), part(2, 0, 1))).toEqual([ids[2]])
  expect(take(part(1, 0, 1), part(2, 0, 2))).toEqual([ids[3]])
  t.checkMoney()
})
