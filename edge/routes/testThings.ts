import { newId, signPayment } from '../client/node.ts'
import type { TestApi, TestWallet } from './testApi.ts'

export const accountNo = '6225880123451234'
export const reason = 'asked by a court'
export const withId = (json: object = {}) => ({ ...json, request_id: newId() })
export const walletPath = ({ walletId }: TestWallet, tail = ''): string => `/v1/wallets/${walletId}${tail}`

export function proposalOf(changes: object = {}): Record<string, unknown> {
  return withId({ change: 'refund_period', days: 21, effective_at: '2031-01-01T00:00:00Z', reason, ...changes })
}

/** Id of what another operator, or the one given, has just proposed. */
export async function newProposal(api: TestApi, changes: object = {}, by = api.otherOperator): Promise<string> {
  const json = proposalOf(changes)
  const told = await api.ask('POST', '/v1/proposals', { by: by.signer, json })
  if (told.status !== 201) throw new Error(`nothing was proposed: ${JSON.stringify(told.body)}`)
  return String(told.body.proposal_id)
}

export const merchantPath = ({ walletId }: TestWallet, tail = ''): string => `/v1/merchants/${walletId}${tail}`
export const ordersPath = ({ walletId }: TestWallet, tail = ''): string => `/v1/merchants/${walletId}/orders${tail}`

export function orderOf(changes: object = {}): Record<string, unknown> {
  const expires_at = new Date(Date.now() + 1_800_000).toISOString()
  return { order_no: `T-${newId().slice(-12)}`, amount: '1.00', expires_at, ...changes }
}

/** Number of an order that was just made. */
export async function newOrder(api: TestApi, own: TestWallet, changes: object = {}): Promise<string> {
  const told = await api.ask('POST', ordersPath(own), { by: own.signer, json: orderOf(changes) })
  if (told.status !== 201) throw new Error(`no order was made: ${JSON.stringify(told.body)}`)
  return String(told.body.order_no)
}

/** Number of an order that somebody has just paid with one yuan. */
export async function paidOrder(api: TestApi, own: TestWallet): Promise<string> {
  const order = await newOrder(api, own)
  const payer = await api.openWallet()
  await api.fund(payer, '5.00', accountNo)
  const told = await api.ask('POST', '/v1/payments', { json: paymentOf(payer, own, { order }) })
  if (told.status !== 200) throw new Error(`the order was not paid: ${JSON.stringify(told.body)}`)
  return order
}

export function holdOf(payee: TestWallet, changes: object = {}): Record<string, unknown> {
  const expires_at = new Date(Date.now() + 1_800_000).toISOString()
  return { hold_id: newId(), payee_wallet: payee.walletId, amount: '1.00', expires_at, ...changes }
}

/** Where one yuan stands that somebody holds for this wallet. */
export async function heldFor(api: TestApi, own: TestWallet): Promise<string> {
  const payer = await api.openWallet(api.otherInstitution)
  await api.fund(payer, '5.00', accountNo)
  const json = holdOf(own)
  const told = await api.ask('POST', walletPath(payer, '/holds'), { by: payer.signer, json })
  if (told.status !== 201) throw new Error(`nothing is held: ${JSON.stringify(told.body)}`)
  return walletPath(payer, `/holds/${json.hold_id}`)
}

export function mandateOf(payee: TestWallet, changes: object = {}): Record<string, unknown> {
  const bounds = { kind: 'collect', amount: '1.00', period: 'month', period_amount: '3.00' }
  return {
    mandate_id: newId(),
    payee_wallet: payee.walletId,
    ...bounds,
    first_at: new Date().toISOString(),
    ...changes,
  }
}

/** Where a mandate stands that one wallet has given another. */
export async function allowedBy(api: TestApi, payer: TestWallet, payee: TestWallet): Promise<string> {
  const json = mandateOf(payee)
  const told = await api.ask('POST', walletPath(payer, '/mandates'), { by: payer.signer, json })
  if (told.status !== 201) throw new Error(`nothing is allowed: ${JSON.stringify(told.body)}`)
  return walletPath(payer, `/mandates/${json.mandate_id}`)
}

/** Where one stands that somebody with money has given this wallet. */
export async function allowedTo(api: TestApi, own: TestWallet): Promise<string> {
  const payer = await api.openWallet(api.otherInstitution)
  await api.fund(payer, '5.00', accountNo)
  return allowedBy(api, payer, own)
}

/** The payer's shard hears of the credit a moment after the payer was told. */
export async function untilCompleted(api: TestApi, path: string): Promise<void> {
  for (;;) {
    const told = await api.ask('GET', path, { by: api.operator.signer })
    if (told.body.status === 'completed') return
    if (told.body.status !== 'pending') throw new Error(`the payment is ${JSON.stringify(told.body)}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

export function paymentOf(payer: TestWallet, payee: TestWallet, changes: object = {}) {
  const parties = { payer_wallet: payer.walletId, payee_wallet: payee.walletId }
  const rest = { amount: '1.00', currency: 'CNY-DC', timestamp: new Date().toISOString() }
  return signPayment({ payment_id: newId(), ...parties, ...rest, ...changes }, payer.key)
}

/** Operations that only a merchant's wallet can do well. */
const ofMerchants: ReadonlySet<string> = new Set([
  'createOrder',
  'listOrders',
  'showOrder',
  'closeOrder',
  'showOrderQr',
  'showMerchantQr',
  'showPayLink',
  'refundOrder',
  'listRefunds',
  'showDailyStatement',
  'putPayoutRule',
  'showPayoutRule',
  'endPayoutRule',
  'putMerchant',
  'showWebhookSecret',
  'rotateWebhookSecret',
  'listWebhooks',
  'showWebhook',
  'replayWebhook',
  'listDeadWebhooks',
  'showMerchant',
  'putMerchantUser',
  'listMerchantUsers',
  'showMerchantUser',
  'removeMerchantUser',
])

export const isOfMerchants = (name: string): boolean => ofMerchants.has(name)

/** A wallet that the operation may be asked for. */
export function openOwn(api: TestApi, name: string): Promise<TestWallet> {
  return api.openWallet(api.institution, isOfMerchants(name) ? 'merchant' : 'personal')
}
