import { expect, test } from 'vitest'
import { differingShards, moneyStatement } from './money.ts'
import type { ShardTotals, Totals } from './readRegion.ts'

const shard = (change: Partial<ShardTotals> = {}): ShardTotals => ({
  shard: 0,
  seq: 9,
  digest: 'd',
  chain: 'c',
  walletsFen: 500,
  issuanceFen: 500,
  redeemingFen: 0,
  ...change,
})
const totals = (change: Partial<Totals> = {}): Totals => ({
  region: 'a',
  walletsFen: 1_000,
  issuanceFen: 1_000,
  redeemingFen: 0,
  inFlightFen: 0,
  openSagas: 0,
  shards: [shard()],
  ...change,
})

test('payments change nothing of what is held; issuing and redeeming change both sides', () => {
  expect(moneyStatement(totals(), totals())).toMatchObject({ issuedFen: 0, redeemedFen: 0, differenceFen: 0 })
  const issued = totals({ walletsFen: 1_200, issuanceFen: 1_200 })
  expect(moneyStatement(totals(), issued)).toMatchObject({ issuedFen: 200, closingFen: 1_200, differenceFen: 0 })
  const redeemed = totals({ walletsFen: 700, issuanceFen: 800, redeemingFen: 100 })
  expect(moneyStatement(totals(), redeemed)).toMatchObject({ redeemedFen: 200, closingFen: 800, differenceFen: 0 })
})

test('a fen that vanished, that came from nowhere, or that is still owed between shards is a difference', () => {
  expect(moneyStatement(totals(), totals({ walletsFen: 999 })).differenceFen).toBe(1)
  expect(moneyStatement(totals(), totals({ walletsFen: 1_001 })).differenceFen).toBe(1)
  expect(moneyStatement(totals(), totals({ walletsFen: 990, inFlightFen: 10 })).differenceFen).toBe(10)
})

test('two regions must hold the same bytes at the same place', () => {
  const other = (change: Partial<ShardTotals>): Totals => totals({ region: 'b', shards: [shard(change)] })
  expect(differingShards([totals(), other({})])).toEqual([])
  expect(differingShards([totals(), other({ seq: 8 })])).toEqual(['shard 0: a at 9, b at 8'])
  expect(differingShards([totals(), other({ digest: 'e' })])).toEqual(['shard 0 at 9: a and b hold different bytes'])
  expect(differingShards([totals(), other({ chain: 'x' })])).toHaveLength(1)
  expect(differingShards([totals(), totals({ region: 'b', shards: [] })])).toEqual(['b says nothing of shard 0'])
})
