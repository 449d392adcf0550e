import { commandIdText, walletIdText, walletKinds } from '../ledger/ids.ts'
import { refusalOf } from '../ledger/refusals.ts'

/** What merchants are told of, by the number it has in the database. */
export const webhookTypes = {
  'order.paid': 1,
  'order.expired': 2,
  'order.closed': 3,
  'refund.completed': 4,
  'refund.failed': 5,
} as const
export type WebhookType = keyof typeof webhookTypes

/** How the telling of an event stands. `elsewhere`: the region that owned the merchant's shard has ended it. */
export const webhookStates = { pending: 0, delivered: 1, dead: 2, unaddressed: 3, elsewhere: 4 } as const
export type WebhookState = keyof typeof webhookStates

const typeNames = new Map(Object.entries(webhookTypes).map(([name, code]) => [code as number, name as WebhookType]))
const stateNames = new Map(Object.entries(webhookStates).map(([name, code]) => [code as number, name as WebhookState]))

/** @throws RangeError when this release does not know the number */
export function webhookTypeOf(code: number): WebhookType {
  const name = typeNames.get(code)
  if (name === undefined) throw new RangeError(`no event has the number ${code}`)
  return name
}

/** @throws RangeError when this release does not know the number */
export function webhookStateOf(code: number): WebhookState {
  const name = stateNames.get(code)
  if (name === undefined) throw new RangeError(`no state of an event has the number ${code}`)
  return name
}

const idPattern = /^evt_([0-9a-f]{32})$/

/** What receivers know an event by: the same in both regions, and on every try. */
export const webhookIdText = (id: Uint8Array): string => `evt_${Buffer.from(id).toString('hex')}`

/** @returns undefined when it is no such id */
export function parseWebhookId(text: string): Uint8Array | undefined {
  const match = idPattern.exec(text)
  return match === null ? undefined : new Uint8Array(Buffer.from(match[1]!, 'hex'))
}

/** An event as the database keeps it; amounts in fen. */
export type WebhookEvent = {
  readonly eventId: Uint8Array
  readonly type: WebhookType
  readonly merchant: number
  readonly orderNo: string
  readonly amountFen: number
  readonly createdMs: number
  readonly expiresMs: number
  /** Log time at which it happened, and where in which log. */
  readonly atMs: number
  readonly shard: number
  readonly seq: number
  readonly index: number
  /** Who paid, or 0; and of which kind that wallet is. */
  readonly payer: number
  readonly payerKind: number
  readonly paymentId: Uint8Array
  readonly refundId: Uint8Array | undefined
  readonly refundFen: number
  /** Refusal code of a refund that came back. */
  readonly reason: number
}

/** The columns that an event is read from, whoever reads it. */
export type WebhookEventRow = {
  event_id: Uint8Array
  type: number
  merchant: bigint
  order_no: string
  amount: bigint
  created: bigint
  expires: bigint
  shard: number
  seq: bigint
  index: number
  at: bigint
  payer: bigint
  payer_kind: number | null
  payment_id: Uint8Array
  refund_id: Uint8Array | null
  refund: bigint
  reason: number
}

/** @throws RangeError when this release does not know the type's number */
export function webhookEventOf(row: WebhookEventRow): WebhookEvent {
  return {
    eventId: row.event_id,
    type: webhookTypeOf(row.type),
    merchant: Number(row.merchant),
    orderNo: row.order_no,
    amountFen: Number(row.amount),
    createdMs: Number(row.created),
    expiresMs: Number(row.expires),
    atMs: Number(row.at),
    shard: row.shard,
    seq: Number(row.seq),
    index: row.index,
    payer: Number(row.payer),
    payerKind: row.payer_kind ?? walletKinds.personal,
    paymentId: row.payment_id,
    refundId: row.refund_id ?? undefined,
    refundFen: Number(row.refund),
    reason: row.reason,
  }
}

/** Yuan with two decimals, never by way of a fraction. */
function yuan(fen: number): string {
  const cents = fen % 100
  return `${(fen - cents) / 100}.${String(cents).padStart(2, '0')}`
}

const time = (ms: number): string => new Date(ms).toISOString()

/**
 * What a merchant is sent, byte for byte the same on every try. Everything it needs stands in it: nobody has to ask
 * back, and a receiver that knows the order's amount can check it.
 */
export function webhookBody(event: WebhookEvent): string {
  const { type, merchant, orderNo, amountFen, createdMs, expiresMs, atMs, shard, seq, index } = event
  const paid = event.payer === 0 ? {} : paidMembers(event)
  const order = {
    wallet_id: walletIdText(merchant, walletKinds.merchant),
    order_no: orderNo,
    amount: yuan(amountFen),
    currency: 'CNY-DC',
    created_at: time(createdMs),
    expires_at: time(expiresMs),
    ...paid,
  }
  const data = { ...order, ...refundMembers(event), position: { shard, seq, index } }
  return JSON.stringify({ type, timestamp: time(atMs), data })
}

const paidMembers = ({ payer, payerKind, paymentId }: WebhookEvent) => ({
  payer_wallet: walletIdText(payer, payerKind),
  payment_id: commandIdText(paymentId),
})

function refundMembers({ refundId, refundFen, reason }: WebhookEvent) {
  if (refundId === undefined) return {}
  const refund = { refund_id: commandIdText(refundId), refund_amount: yuan(refundFen) }
  return reason === 0 ? refund : { ...refund, reason: refusalOf(reason) }
}
