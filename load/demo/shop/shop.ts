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
import { scanOrder } from './orderCode.ts'
import { PayerAtBrowser } from './payerAtBrowser.ts'
import { type Customer, type Merchant, openCustomers, openMerchant, shopName } from './people.ts'

const width = 16
const customersMax = 64
/** Every third order comes back in part: this much of it, in fen. */
const refundEvery = 3
const refundFen = 250
const orderExpiryMs = 3_600_000
const patienceMs = 120_000
const pollMs = 200

const description = 'Longjing tea for two'

type Say = (line: string) => void
const silent: Say = () => undefined
export type ShopSize = {
  readonly orders: number
  /** How many of them are paid in a browser. */
  readonly browserOrders: number
}
type Placed = { readonly n: number; readonly orderNo: string; readonly amount: string; readonly fen: number }
type Sale = {
  readonly fen: number
  readonly payerId: string
  readonly paymentId: string
  readonly refunded: boolean
  readonly inBrowser: boolean
}
/** Pays an order its own way. @returns the payment's id */
type Pay = (order: Placed, say: Say) => Promise<string>

/**
 * A tea house from opening to closing time, through the client that merchants and wallets use: orders, QR codes,
 * payments, callbacks, refunds, receipts; then the region is reconciled. Its first customer sits at a browser.
 */
export async function keepShop(region: Region, size: ShopSize, say: Say) {
  const facts = region.facts()
  // What a region on one's own machine shows is signed by its own authority.
  setDefaultCACertificates([...getCACertificates('default'), readFileSync(facts.caFile, 'utf8')])
  const merchant = await openMerchant(facts)
  const inBrowser = Math.min(size.orders, size.browserOrders)
  let visitor: PayerAtBrowser | undefined
  try {
    say(`shop      ${merchant.walletId} ${shopName.name_en} ${shopName.name_zh}, which hears callbacks`)
    if (inBrowser > 0) visitor = await PayerAtBrowser.begin(facts, say)
    const atBrowser = visitor === undefined ? [] : await sellToVisitor(merchant, visitor, inBrowser, say)
    const others = size.orders - atBrowser.length
    const customers = await openCustomers(facts, Math.min(others, customersMax))
    if (others > 0) say(`customers ${customers.length}, each with a wallet recharged from a bank`)
    const sales = [...atBrowser, ...(await sellByKey(merchant, customers, atBrowser.length, size.orders, say))]
    await untilTold(merchant, say)
    await showReceipt(merchant, sales[0]!, say)
    return await closeTill(region, merchant, sales, visitor?.faults ?? [], say)
  } finally {
    await visitor?.end()
    await merchant.server.close()
  }
}

/** One order after the other: there is one person before the browser. */
async function sellToVisitor(merchant: Merchant, visitor: PayerAtBrowser, orders: number, say: Say): Promise<Sale[]> {
  const sales: Sale[] = []
  const pay: Pay = async ({ orderNo, amount }, tell) => {
    const url = await scanOrder(merchant, orderNo)
    tell(`QR        ${url}`)
    if (process.stdout.isTTY) tell(renderUnicodeCompact(url, { ecc: 'L' }))
    return visitor.pay({ url, payee: shopName.name_en, orderNo, amount, description }, tell)
  }
  for (let n = 0; n < orders; n++) {
    const tell = n === 0 ? say : silent
    const order = await place(merchant, n, tell)
    const paymentId = await paid(merchant, order, pay, tell)
    await heardOf(merchant, order, tell)
    const refunded = await maybeRefund(merchant, order, tell)
    if (refunded) await visitor.seesRefund(yuanOf(refundFen), tell)
    sales.push({ fen: order.fen, payerId: visitor.walletId, paymentId, refunded, inBrowser: true })
    if (n > 0) say(`browser   ${order.orderNo} of ${order.amount} yuan paid${refunded ? ', and refunded in part' : ''}`)
  }
  return sales
}

async function sellByKey(
  merchant: Merchant,
  customers: readonly Customer[],
  from: number,
  until: number,
  say: Say,
): Promise<Sale[]> {
  const sales: Sale[] = []
  const numbers = Array.from({ length: until - from }, (_, i) => from + i)
  await inParallel(numbers, width, async (n, i) => {
    const tell = n === 0 ? say : silent
    const order = await place(merchant, n, tell)
    if (n === 0) await showCode(merchant, order, tell)
    const customer = customers[i % customers.length]!
    const pay: Pay = (one) => payByKey(merchant, customer, one, tell)
    const paymentId = await paid(merchant, order, pay, tell)
    const refunded = await maybeRefund(merchant, order, tell)
    sales[i] = { fen: order.fen, payerId: customer.walletId, paymentId, refunded, inBrowser: false }
    if (n > 0 && n % 1_000 === 0) say(`orders    ${n} so far`)
  })
  return sales
}

async function place({ walletId, jiaozi, server }: Merchant, n: number, say: Say): Promise<Placed> {
  const fen = 1_250 + (n % 50) * 10
  const [order_no, amount] = [`T-${n + 1}`, yuanOf(fen)]
  server.book.ordered(order_no, amount)
  const expires_at = new Date(Date.now() + orderExpiryMs).toISOString()
  const order = { order_no, amount, expires_at, description }
  done(await settled(jiaozi.call('createOrder', { path: { wallet_id: walletId }, body: order })))
  say(`order     ${order_no} of ${amount} yuan`)
  return { n, orderNo: order_no, amount, fen }
}

async function paid({ server }: Merchant, order: Placed, pay: Pay, say: Say): Promise<string> {
  const paymentId = await pay(order, say)
  server.book.paid(order.orderNo, paymentId)
  return paymentId
}

async function payByKey(
  { walletId }: Merchant,
  customer: Customer,
  { orderNo, amount }: Placed,
  say: Say,
): Promise<string> {
  const parties = { payer_wallet: customer.walletId, payee_wallet: walletId }
  const payment = await signPayment({ ...parties, amount, order: orderNo }, customer.key)
  const { payment_id, status, position } = done(await settled(customer.jiaozi.call('submitPayment', { body: payment })))
  say(`paid      by ${customer.walletId}: ${status} at position ${JSON.stringify(position)}`)
  return payment_id
}

/** An outcome that is not known is asked for once more, under the same id; then it is what it is. */
async function settled<Body>(asking: Promise<Outcome<Body>>): Promise<Outcome<Body>> {
  const outcome = await asking
  return outcome.kind === 'unknown' ? outcome.again() : outcome
}

/** What the customer scans, and the page behind it. */
async function showCode(merchant: Merchant, { orderNo, amount }: Placed, say: Say): Promise<void> {
  const url = await scanOrder(merchant, orderNo)
  say(`QR        ${url}`)
  if (process.stdout.isTTY) say(renderUnicodeCompact(url, { ecc: 'L' }))
  const page = await fetch(url, { headers: { 'accept-language': 'en' } })
  const text = await page.text()
  if (!page.ok || !text.includes(amount)) throw new Error(`the pay page of ${orderNo} does not show ${amount} yuan`)
  say(`pay page  ${page.status}, ${text.length} characters, shows ${amount} yuan`)
}

async function maybeRefund({ walletId, jiaozi, server }: Merchant, { n, orderNo }: Placed, say: Say): Promise<boolean> {
  if (n % refundEvery !== 0) return false
  const [refund_id, amount] = [newId(), yuanOf(refundFen)]
  server.book.refunded(orderNo, refund_id, amount)
  const path = { wallet_id: walletId, order_no: orderNo }
  const { status } = done(await settled(jiaozi.call('refundOrder', { path, body: { refund_id, amount } })))
  say(`refund    ${amount} yuan of ${orderNo}: ${status}`)
  return true
}

/** Waits until the shop was told that an order is paid: a shop hands nothing over before. */
async function heardOf({ server }: Merchant, { orderNo }: Placed, say: Say): Promise<void> {
  const untilMs = performance.now() + patienceMs
  for (;;) {
    const told = server.taken.values().find(({ type, data }) => type === 'order.paid' && data.order_no === orderNo)
    if (told !== undefined) {
      say(`callback  ${told.type} of ${orderNo}, ${told.data.amount} yuan, its signature verified`)
      return
    }
    if (performance.now() > untilMs) throw new Error(`the shop was not told that ${orderNo} is paid`)
    await sleep(pollMs)
  }
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
async function showReceipt({ jiaozi }: Merchant, { payerId, paymentId }: Sale, say: Say): Promise<void> {
  const untilMs = performance.now() + patienceMs
  for (;;) {
    const outcome = await jiaozi.call('showReceipt', { path: { wallet_id: payerId, payment_id: paymentId } })
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
async function closeTill(
  region: Region,
  { walletId, jiaozi, server }: Merchant,
  sales: readonly Sale[],
  faults: readonly string[],
  say: Say,
) {
  const refunds = sales.filter(({ refunded }) => refunded).length
  const kept = sales.reduce((sum, { fen }) => sum + fen, 0) - refunds * refundFen
  let [paid, back] = [0, 0]
  for await (const order of jiaozi.each('listOrders', { path: { wallet_id: walletId }, query: { limit: 500 } })) {
    if (order.status !== 'created') paid += 1
    if (order.status === 'partly_refunded' && order.refunded === yuanOf(refundFen)) back += 1
  }
  const { balance } = done(await jiaozi.call('showWallet', { path: { wallet_id: walletId } }))
  const tillDifference = fenOf(balance) - kept
  say(`till      ${balance} yuan`)
  const reconciliation = await reconcile(region)
  const figures: Report['figures'] = {
    'orders.paid': paid,
    'browser.orders': sales.filter(({ inBrowser }) => inBrowser).length,
    'browser.faults': faults.length,
    'webhooks.delivered': server.book.delivered,
    'webhooks.wrong': server.book.wrong.length,
    'refunds.completed': back,
    'till.difference.fen': tillDifference,
    'difference.fen': reconciliation.figures['difference.fen']!,
  }
  const whole = paid === sales.length && back === refunds && server.book.delivered === server.book.expected
  const none = ['browser.faults', 'webhooks.wrong', 'till.difference.fen', 'difference.fen']
  const zero = none.every((name) => figures[name] === 0)
  const verdict: Verdict = whole && zero && reconciliation.verdict === 'pass' ? 'pass' : 'fail'
  return {
    verdict,
    figures,
    notes: [...server.book.wrong.slice(0, 20), ...faults.slice(0, 20), ...reconciliation.notes],
  }
}
