import { describe, expect, test } from 'vitest'
import { ShopBook, type Told } from './shopBook.ts'

const paid = (changes: Partial<Told['data']> = {}): Told => ({
  type: 'order.paid',
  data: { wallet_id: 'M1', order_no: 'T-1', amount: '1.00', payment_id: 'p', ...changes },
})
const refund = (changes: Partial<Told['data']> = {}): Told => ({
  type: 'refund.completed',
  data: { ...paid().data, refund_id: 'r', refund_amount: '0.40', ...changes },
})

/** A shop that sold one order and refunded a part of it, and then was told this. */
function shopTold(...told: readonly (readonly [string, Told])[]): ShopBook {
  const book = new ShopBook('M1')
  book.ordered('T-1', '1.00')
  book.paid('T-1', 'p')
  book.refunded('T-1', 'r', '0.40')
  for (const [id, one] of told) book.told(id, one)
  book.settle(new Map(told))
  return book
}

describe('a shop’s book', () => {
  test('finds nothing wrong with what happened, however often it is told', () => {
    const book = shopTold(['a', paid()], ['a', paid()], ['b', refund()], ['b', refund()])
    expect([book.wrong, book.delivered, book.expected, book.repeated]).toEqual([[], 2, 2, 2])
  })

  test.each([
    ['another amount', ['a', paid({ amount: '1.01' })]],
    ['another payment', ['a', paid({ payment_id: 'q' })]],
    ['an order that is not its own', ['a', paid({ wallet_id: 'M2' })]],
    ['an order that never was', ['a', paid({ order_no: 'T-2' })]],
    ['a refund before the payment', ['b', refund()]],
    ['an end that did not come', ['a', { ...paid(), type: 'order.closed' }]],
  ] as const)('finds %s', (_what, one) => {
    expect(shopTold(one as [string, Told]).wrong).toHaveLength(1)
  })

  test('finds one payment told as two, and a refund of another amount', () => {
    expect(shopTold(['a', paid()], ['c', paid()]).wrong).toHaveLength(1)
    expect(shopTold(['a', paid()], ['b', refund({ refund_amount: '0.41' })]).wrong).toHaveLength(1)
  })

  test('misses what it was never told', () => {
    const book = shopTold(['a', paid()])
    expect([book.delivered, book.expected]).toEqual([1, 2])
  })
})
