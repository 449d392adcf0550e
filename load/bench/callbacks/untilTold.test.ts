import { expect, test } from 'vitest'
import { ShopBook, type Told } from './shopBook.ts'
import { type Hearer, untilTold } from './untilTold.ts'

const silent = (): void => undefined
const told = (order_no: string, changes: Partial<Told['data']> = {}): Told => ({
  type: 'order.paid',
  data: { wallet_id: 'M1', order_no, amount: '0.01', payment_id: `p-${order_no}`, ...changes },
})

/** A shop that sold these orders, and was told this of them. */
function shop(sold: readonly string[], heard: readonly Told[]): Hearer {
  const book = new ShopBook('M1')
  const taken = new Map<string, Told>()
  for (const orderNo of sold) {
    book.ordered(orderNo, '0.01')
    book.paid(orderNo, `p-${orderNo}`)
  }
  for (const [i, one] of heard.entries()) {
    book.told(String(i), one)
    taken.set(String(i), one)
  }
  return { server: { book, taken } }
}

test('shops that were told everything are not waited for', async () => {
  const shops = [shop(['a', 'b'], [told('b'), told('a')]), shop([], [])]
  expect(await untilTold(shops, 0, silent)).toBeGreaterThanOrEqual(0)
})

test('what comes while they are waited for counts', async () => {
  const late = shop(['a'], [])
  const waited = untilTold([late], 10_000, silent)
  late.server.book.told('0', told('a'))
  await waited
})

test('one callback that does not come fails them all', async () => {
  const shops = [shop(['a'], [told('a')]), shop(['b', 'c'], [told('b')])]
  await expect(untilTold(shops, 0, silent)).rejects.toThrow('1 callbacks did not come within 0 ms')
})

test.each([
  ['another amount', told('a', { amount: '0.02' })],
  ['another payment', told('a', { payment_id: 'p-b' })],
])('a callback of %s fails them all', async (_what, wrong) => {
  await expect(untilTold([shop(['a'], [wrong])], 0, silent)).rejects.toThrow('told something wrong')
})
