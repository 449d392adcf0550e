import { describe, expect, test } from 'vitest'
import { simulate } from './simulate.ts'

describe('a simulated region', () => {
  test('without faults ends with every request answered and every fen accounted for', async () => {
    const { violations, counts } = await simulate(1, { calm: true })
    expect(violations).toEqual([])
    for (const kind of [
      'payment.done',
      'payment.order-paid',
      'order.accepted',
      'hold.accepted',
      'dispute.accepted',
      'mandate.accepted',
      'schedule.accepted',
      'cancel.accepted',
      'batch.done',
      'recharge.settled',
      'redemption.paid',
    ]) {
      expect(counts.get(`answered.${kind}`)).toBeGreaterThan(0)
    }
  })

  test('makes payments by itself: scheduled ones, and what of an order goes on to others', async () => {
    const made = { scheduled: 0, split: 0 }
    for (const seed of [5, 6, 7, 8]) {
      const { violations, counts } = await simulate(seed, { calm: true })
      expect(violations).toEqual([])
      for (const kind of ['scheduled', 'split'] as const) made[kind] += counts.get(`made.${kind}`) ?? 0
    }
    for (const count of Object.values(made)) expect(count).toBeGreaterThan(0)
  })

  test('pays merchants’ banks by their rules when days pass, whatever the banks refuse or leave unanswered', async () => {
    const seen = new Map<string, number>()
    for (const seed of [4, 15, 16, 38, 53]) {
      const { violations, counts } = await simulate(seed, { change: (drawn) => ({ ...drawn, days: 3 }) })
      expect(violations).toEqual([])
      for (const [kind, times] of counts) seen.set(kind, (seen.get(kind) ?? 0) + times)
    }
    for (const kind of ['made.payout', 'posted.redemption-returned', 'far.refused', 'far.answerLost']) {
      expect(seen.get(kind), kind).toBeGreaterThan(0)
    }
    // A rule pays on more than one day.
    expect(seen.get('made.payout')).toBeGreaterThan(seen.get('answered.payout-rule.accepted')!)
  })

  test('is the same event by event when its seed is run again', async () => {
    const tellOf = async (): Promise<{ digest: string; lines: string[] }> => {
      const lines: string[] = []
      const { digest } = await simulate(7, { print: (line) => lines.push(line) })
      return { digest, lines }
    }
    const [first, second] = [await tellOf(), await tellOf()]
    expect(second.lines).toEqual(first.lines)
    expect(second.digest).toBe(first.digest)
  })

  test('is another one under another seed', async () => {
    expect((await simulate(8)).digest).not.toBe((await simulate(9)).digest)
  })
})
