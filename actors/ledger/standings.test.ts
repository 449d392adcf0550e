import { describe, expect, test } from 'vitest'
import { expectSound } from './replica.fixture.ts'
import { RiskTown } from './riskTown.fixture.ts'
import { standings } from './standings.ts'

/** Ada pays; the shop is in another shard, the stall in hers. */
function town(): RiskTown {
  const t = new RiskTown({ shards: 2, walletsMax: 64, idsMax: 1_024 })
  t.open('ada', { shard: 0, yuan: '100000.00' })
  t.open('ben', { shard: 0 })
  t.shop('shop', { shard: 1 })
  t.shop('stall', { shard: 0 })
  return t
}

describe('the standing of a payee', () => {
  test('sends payments back from another shard, and refuses them in its own', () => {
    const t = town()
    expect(t.standing('shop', standings.suspended)).toBe('accepted')
    expect(t.standing('stall', standings.blacklisted)).toBe('accepted')
    expect(t.pay('ada', 'shop', '5.00').refusal).toBe('accepted')
    expect(t.settle().map(({ refusal }) => refusal)).toEqual(['payee-suspended'])
    expect(t.pay('ada', 'stall', '5.00').refusal).toBe('payee-blacklisted')
    expect([t.balance('ada'), t.balance('shop'), t.balance('stall')]).toEqual([10_000_000, 0, 0])
    expect(t.standing('shop', standings.good, 5)).toBe('accepted')
    t.pay('ada', 'shop', '5.00')
    expect(t.settle().map(({ refusal }) => refusal)).toEqual(['accepted'])
    expectSound(t)
  })

  test('lets it have no more orders, and none that is open be paid; it may give back', () => {
    const t = town()
    t.order('shop', 'A1', '5.00')
    t.order('shop', 'A2', '5.00')
    t.payOrder('ada', 'shop', 'A1', '5.00')
    t.settle()
    t.standing('shop', standings.suspended)
    expect(t.order('shop', 'A3', '5.00').refusal).toBe('payee-suspended')
    t.payOrder('ada', 'shop', 'A2', '5.00')
    expect(t.settle().map(({ refusal }) => refusal)).toEqual(['payee-suspended'])
    expect(t.refund('shop', 'A1', '5.00').refusal).toBe('accepted')
    t.settle()
    expect(t.balance('ada')).toBe(10_000_000)
  })

  test('stays beside the state of the wallet, whichever changes', () => {
    const t = town()
    t.standing('ben', standings.blacklisted)
    const { number, shard } = t.wallet('ben')
    for (const action of [1, 2]) t.command(shard, 'walletStatus', { ...t.byInstitution(), wallet: number, action })
    expect(t.view('ben').state).toBe('open')
    expect(t.pay('ada', 'ben', '1.00').refusal).toBe('payee-blacklisted')
  })

  test.each([
    ['no such standing', 3, 1],
    ['no reason', 1, 0],
    ['a reason that nobody knows', 1, 7],
  ])('is not %s', (_, standing, reason) => {
    expect(town().standing('shop', standing, reason)).toBe('rule-invalid')
  })

  test('is nobody’s to set but an operator’s', () => {
    const t = town()
    const { number, shard } = t.wallet('ben')
    const fields = { wallet: number, standing: 1, reason: 1 }
    expect(t.command(shard, 'standingPut', { ...t.byInstitution(), ...fields }).refusal).toBe('signer-not-allowed')
    expect(t.command(shard, 'standingPut', { ...t.byWallet('ada'), ...fields }).refusal).toBe('signer-not-allowed')
  })
})
