import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, newId, signPayment, walletSigner } from '../../../edge/client/node.ts'
import { untilEnded } from '../../demo/asking.ts'
import { inParallel } from '../../demo/play.ts'
import { connectTown, type Resident, settleTown } from '../../demo/town.ts'
import { seededRandom, yuanOf } from '../../demo/transfers.ts'
import { type Region, startRegion, useRegion } from '../../region.ts'
import { stoppedOnInterruption } from '../interruption.ts'
import { openShop, type Shop } from './shop.ts'
import type { ShopServer } from './shopServer.ts'

const residentsCount = 128
const width = 32
/** Of the orders these are refunded in part, and these are another merchant's, which answers well. */
const refundedShare = 0.1
const otherShare = 0.05
const settlePollMs = 500
const patienceMs = 45 * 60_000

export type CallbacksOptions = {
  readonly orders: number
  readonly downSeconds: number
  readonly failPercent: number
  /** A region that runs; else one of its own is started. */
  readonly data: string
}

/**
 * Sells orders of a merchant that fails often and is down for a while, with a merchant beside it that does not, and
 * waits until both were told everything. What is right is judged by the shops.
 */
export async function benchCallbacks(options: CallbacksOptions, say: (line: string) => void) {
  const region = await stoppedOnInterruption(() => (options.data === '' ? startRegion() : useRegion(options.data)))
  const shops: Shop[] = []
  try {
    return await sellAndWait(region, options, shops, say)
  } finally {
    await Promise.all(shops.map(({ server }) => server.close()))
    await region.stop()
  }
}

async function sellAndWait(region: Region, options: CallbacksOptions, shops: Shop[], say: (line: string) => void) {
  const { orders, downSeconds, failPercent } = options
  const facts = region.facts()
  const accounts = Array.from({ length: residentsCount }, (_, i) => ({ name: String(i), initialFen: 1_000_000 }))
  const play = { source: 'bench', accounts, transfers: [] }
  const { residents } = await settleTown(facts, play, width, (what, done) => say(`${what}: ${done}`))
  const client = connectTown(facts, width)
  // The failing shop checks the one signature of a call, the other shop the other.
  shops.push(await openShop(facts, client, { failShare: failPercent / 100, checks: 'hmac', seed: 1 }))
  shops.push(await openShop(facts, client, { failShare: 0, checks: 'ed25519', seed: 2 }))
  const [failing, other] = shops as [Shop, Shop]

  const beganMs = performance.now()
  const random = seededRandom(3)
  const places = Array.from({ length: orders }, (_, n) => ({ n, shop: random() < otherShare ? other : failing }))
  let sold = 0
  let down: Promise<void> | undefined
  await inParallel(places, width, async ({ n, shop }) => {
    await sell(client, shop, residents[n % residents.length]!, n, random() < refundedShare)
    sold += 1
    say(`orders paid: ${sold}`)
    if (sold >= orders / 3) down ??= beDown(failing, downSeconds)
  })
  await down
  const soldMs = performance.now() - beganMs
  const delivered = () => failing.server.book.delivered + other.server.book.delivered
  const expected = failing.server.book.expected + other.server.book.expected
  await untilTold(delivered, expected, say)
  return verdictOf({ failing, other }, { orders, soldMs, toldMs: performance.now() - beganMs })
}

async function sell(client: Client, shop: Shop, payer: Resident, n: number, refunded: boolean): Promise<void> {
  const { walletId, key, server } = shop
  const order = `B-${n}`
  const amount = yuanOf(2 + (n % 97))
  const signer = walletSigner(walletId, key)
  const expires_at = new Date(Date.now() + 3_600_000).toISOString()
  server.book.ordered(order, amount)
  await done(() =>
    client.call(signer, 'POST', `/v1/merchants/${walletId}/orders`, { order_no: order, amount, expires_at }),
  )
  const payment_id = newId()
  const parties = { payer_wallet: payer.walletId, payee_wallet: walletId }
  const of = { payment_id, ...parties, amount, currency: 'CNY-DC', timestamp: new Date().toISOString(), order }
  await done(() => client.call(undefined, 'POST', '/v1/payments', signPayment(of, payer.key)))
  server.book.paid(order, payment_id)
  if (!refunded) return
  const refund = { refund_id: newId(), amount: '0.01' }
  await done(() => client.call(signer, 'POST', `/v1/merchants/${walletId}/orders/${order}/refunds`, refund))
  server.book.refunded(order, refund.refund_id, refund.amount)
}

async function done(ask: () => ReturnType<Client['call']>): Promise<void> {
  const ending = await untilEnded(ask)
  if (ending.kind !== 'completed') throw new Error(`an order could not be sold: ${ending.answer}`)
}

async function beDown({ server }: Shop, seconds: number): Promise<void> {
  await server.close()
  await sleep(seconds * 1_000)
  await server.open()
}

async function untilTold(delivered: () => number, expected: number, say: (line: string) => void): Promise<void> {
  const untilMs = performance.now() + patienceMs
  while (delivered() < expected && performance.now() < untilMs) {
    say(`callbacks taken: ${delivered()} of ${expected}`)
    await sleep(settlePollMs)
  }
  // What nobody should be told may still be on its way.
  await sleep(2_000)
}

type Times = { orders: number; soldMs: number; toldMs: number }

function verdictOf({ failing, other }: { failing: Shop; other: Shop }, { orders, soldMs, toldMs }: Times) {
  const servers = [failing.server, other.server]
  for (const { book, taken } of servers) book.settle(taken)
  const sum = (of: (server: ShopServer) => number): number => servers.reduce((all, server) => all + of(server), 0)
  const delays = other.server.delaysMs.toSorted((a, b) => a - b)
  const delay = (share: number): number => delays[Math.min(delays.length - 1, Math.floor(share * delays.length))] ?? 0
  const wrong = servers.flatMap(({ book }) => book.wrong)
  const figures = {
    'orders.paid': orders,
    'orders.per_second': Math.round(orders / (soldMs / 1_000)),
    'webhooks.expected': sum(({ book }) => book.expected),
    'webhooks.delivered': sum(({ book }) => book.delivered),
    'webhooks.wrong': wrong.length,
    'webhooks.repeated': sum(({ book }) => book.repeated),
    'calls.made': sum(({ calls }) => calls),
    'calls.failed': sum(({ refused }) => refused),
    'other.delay_p50_ms': delay(0.5),
    'other.delay_p99_ms': delay(0.99),
    'told.seconds': Math.round(toldMs / 1_000),
  }
  const whole = figures['webhooks.delivered'] === figures['webhooks.expected']
  const verdict: 'pass' | 'fail' = whole && wrong.length === 0 ? 'pass' : 'fail'
  const notes = [
    'wrong: forged, of another amount or payment, or out of its order; judged by the shops with the client’s own verifier',
    'other.delay: of the merchant that answers well, from log time to its server, while the first fails and is down',
    'calls: those that found somebody listening',
    ...wrong.slice(0, 20),
  ]
  return { figures, notes, verdict }
}
