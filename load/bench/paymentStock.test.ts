import { expect, test } from 'vitest'
import { newWalletKey } from '../../edge/client/node.ts'
import { type Payees, PaymentStock, shardOf } from './paymentStock.ts'

const shards = 4
const payments = 300
const key = newWalletKey()
const residents = Array.from({ length: 12 }, (_, n) => ({
  walletId: `W${String(n).padStart(16, '0')}`,
  ...{ key, accountNo: '', authToken: '', initialFen: 0 },
}))

/** Payer and payee of each of many payments. */
function pairsTo(payees: Payees): [string, string][] {
  const stock = new PaymentStock(residents, shards, 'localhost', payees)
  stock.fill(payments)
  return Array.from({ length: payments }, () => {
    const { payer_wallet, payee_wallet } = JSON.parse(stock.take().toString('latin1').split('\r\n\r\n')[1]!)
    return [payer_wallet, payee_wallet]
  })
}

const shardsOf = (pairs: [string, string][]): number[][] =>
  pairs.map((pair) => pair.map((wallet) => shardOf(wallet, shards)))

test('payees anywhere lie in each shard about as often, that of the payer too, and nobody pays itself', () => {
  const pairs = pairsTo('anywhere')
  expect(pairs.filter(([payer, payee]) => payer === payee)).toEqual([])
  const share = shardsOf(pairs).filter(([from, to]) => from === to).length / payments
  // Two of the eleven others: 18%.
  expect(share).toBeGreaterThan(0.05)
  expect(share).toBeLessThan(0.33)
})

test('payees elsewhere are never in the shard of their payer', () => {
  expect(shardsOf(pairsTo('elsewhere')).filter(([from, to]) => from === to)).toEqual([])
})
