import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { renderUnicodeCompact } from 'uqr'
import type { Report, Verdict } from '../../../actors/log/report.ts'
import { done, newId, type Outcome, signPayment } from '../../../edge/client/index.ts'
import type { Region } from '../../region.ts'
import { inParallel } from '../play.ts'
import { reconcile } from '../reconcile.ts'
import { fenOf, yuanOf } from '../transfers.ts'
import { type Customer, type Merchant, openCustomers, openMerchant } from './people.ts'

const width = 16
const customersMax = 64
/** Every third order comes back in part: this much of it, in fen. */
const refundEvery = 3
const refundFen = 250
const orderExpiryMs = 3_600_000
const patienceMs = 120_000
const pollMs = 200

type Say = (line: string) => void
type Sale = {
  readonly orderNo: string
  readonly paymentId: string
  readonly customer: Customer
  readonly refunded: boolean
}
type Sold = { readonly sales: readonly Sale[]; readonly soldFen: number; readonly refundedFen: number }

/**
 * A tea house from opening to closing time, over the API alone and through the client that merchants and wallets use:
 * orders, QR codes, payments, callbacks, refunds, receipts; then the region is reconciled.
 */
export async function keepShop(region: Region, orders: number, say: Say) {
  const facts = region.facts()
  // What a region on one's own machine shows is signed by its own authority.
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(facts.caFile, 'utf8')])
  const merchant = await openMerchant(facts)
  try {
    say(`shop      ${merchant.walletId} Clear Breeze Tea House 清风茶馆, which hears callbacks`)
    const customers = await openCustomers(facts, Math.min(orders, customersMax))
    say(`customers ${customers.length}, each with a wallet recharged from a bank`)
    const sold = await sellAll(merchant, customers, orders, say)
    await untilTold(merchant, say)
    await showReceipt(sold.sales[0]!, say)
    return await closeTill(region, merchant, sold, say)
  } finally {
    await merchant.server.close()
  }
}

async function sellAll(merchant: Merchant, customers: readonly Customer[], orders: number, say: Say): Promise<Sold> {
  const sales: Sale[] = []
  let [soldFen, refundedFen] = [0, 0]
  const numbers = Array.from({ length: orders }, (_, n) => n)
  await inParallel(numbers, width, async (n) => {
    const fen = 1_250 + (n % 50) * 10
    const tell: Say = n === 0 ? say : () => undefined
    const sale = await sell(merchant, customers[n % customers.length]!, n, fen, tell)
    if (sale.refunded) await refund(merchant, sale, tell)
    sales[n] = sale
    soldFen += fen
    if (sale.refunded) refundedFen += refundFen
    if (n > 0 && n % 1_000 === 0) say(`orders    ${n} so far`)
  })
  return { sales, soldFen, refundedFen }
}

async function sell(merchant: Merchant, customer: Customer, n: number, fen: number, say: Say): Promise<Sale> {
  const { walletId, jiaozi, server } = merchant
  const [order_no, amount] = [`T-${n + 1}`, yuanOf(fen)]
  server.book.ordered(order_no, amount)
  const expires_at = new Date(Date.now() + orderExpiryMs).toISOString()
  const order = { order_no, amount, expires_at, description: 'Longjing tea for two' }
  done(await settled(jiaozi.call('createOrder', { path: { wallet_id: walletId }, body: order })))
  say(`order     ${order_no} of ${amount} yuan`)
  if (n === 0) await showCode(merchant, order_no, amount, say)
  const parties = { payer_wallet: customer.walletId, payee_wallet: walletId }
  const payment = await signPayment({ ...parties, amount, order: order_no }, customer.key)
  const paid = done(await settled(customer.jiaozi.call('submitPayment', { body: payment })))
  server.book.paid(order_no, paid.payment_id)
  say(`paid      by ${customer.walletId}: ${paid.status} at position ${JSON.stringify(paid.position)}`)
  return { orderNo: order_no, paymentId: paid.payment_id, customer, refunded: n % refundEvery === 0 }
}

/** An outcome that is not known is asked for once more, under the same id; then it is what it is. */
async function settled<Body>(asking: Promise<Outcome<Body>>): Promise<Outcome<Body>> {
  const outcome = await asking
  return outcome.kind === 'unknown' ? outcome.again() : outcome
}

/** What the customer scans, and the page behind it. */
async function showCode({ walletId, jiaozi }: Merchant, order_no: string, amount: string, say: Say): Promise<void> {
  const { url } = done(await jiaozi.call('showOrderQr', { path: { wallet_id: walletId, order_no } }))
  say(`QR        ${url}`)
  if (process.stdout.isTTY) say(renderUnicodeCompact(url, { ecc: 'L' }))
  const page = await fetch(url, { headers: { 'accept-language': 'en' } })
  const text = await page.text()
  if (!page.ok || !text.includes(amount)) throw new Error(`the pay page of ${order_no} does not show ${amount} yuan`)
  say(`pay page  ${page.status}, ${text.length} characters, shows ${amount} yuan`)
}

async function refund({ walletId, jiaozi, server }: Merchant, { orderNo }: Sale, say: Say): Promise<void> {
  const [refund_id, amount] = [newId(), yuanOf(refundFen)]
  server.book.refunded(orderNo, refund_id, amount)
  const path = { wallet_id: walletId, order_no: orderNo }
  const { status } = done(await settled(jiaozi.call('refundOrder', { path, body: { refund_id, amount } })))
  say(`refund    ${amount} yuan of ${orderNo}: ${status}`)
}

/** Callbacks come a moment after what they tell of. */
async function untilTold({ server }: Merchant, say: Say): Promise<void> {
  const untilMs = performance.now() + patienceMs
  const { book } = server
  while (book.delivered < book.expected && performance.now() < untilMs) await sleep(pollMs)
  book.settle(server.taken)
  const [first] = server.taken.values()
  say(`callbacks ${book.delivered} of ${book.expected} came, each verified, ${book.wrong.length} wrong`)
  if (first !== undefined)
    say(`          the first: ${first.type} of ${first.data.order_no}, ${first.data.amount} yuan`)
}

/** The journal follows the log: a receipt is there a moment later. */
async function showReceipt({ customer, paymentId }: Sale, say: Say): Promise<void> {
  const untilMs = performance.now() + patienceMs
  for (;;) {
    const path = { wallet_id: customer.walletId, payment_id: paymentId }
    const outcome = await customer.jiaozi.call('showReceipt', { path })
    if (outcome.kind === 'done') {
      const { amount, payee, order_no } = outcome.body
      say(`receipt   ${amount} yuan to ${payee.name ?? payee.wallet_id} for ${order_no}`)
      return
    }
    if (performance.now() > untilMs) throw new Error(`there is no receipt for ${paymentId}`)
    await sleep(pollMs)
  }
}

/** Counts what is in the till, and reconciles the region. */
async function closeTill(region: Region, { walletId, jiaozi, server }: Merchant, sold: Sold, say: Say) {
  const refunded = sold.sales.filter((sale) => sale.refunded)
  let [paid, back] = [0, 0]
  for await (const order of jiaozi.each('listOrders', { path: { wallet_id: walletId }, query: { limit: 500 } })) {
    if (order.status !== 'created') paid += 1
    if (order.status === 'partly_refunded' && order.refunded === yuanOf(refundFen)) back += 1
  }
  const { balance } = done(await jiaozi.call('showWallet', { path: { wallet_id: walletId } }))
  const tillDifference = fenOf(balance) - (sold.soldFen - sold.refundedFen)
  say(`till      ${balance} yuan`)
  const reconciliation = await reconcile(region)
  const figures: Report['figures'] = {
    'orders.paid': paid,
    'webhooks.delivered': server.book.delivered,
    'webhooks.wrong': server.book.wrong.length,
    'refunds.completed': back,
    'till.difference.fen': tillDifference,
    'difference.fen': reconciliation.figures['difference.fen']!,
  }
  const whole = paid === sold.sales.length && back === refunded.length && server.book.delivered === server.book.expected
  const zero = ['webhooks.wrong', 'till.difference.fen', 'difference.fen'].every((name) => figures[name] === 0)
  const verdict: Verdict = whole && zero && reconciliation.verdict === 'pass' ? 'pass' : 'fail'
  return { verdict, figures, notes: [...server.book.wrong.slice(0, 20), ...reconciliation.notes] }
}
