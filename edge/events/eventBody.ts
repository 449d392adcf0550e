import { commandIdText, walletIdText } from '../../actors/ledger/ids.ts'
import { postingKinds } from '../../actors/ledger/outcomes.ts'
import { noticeKinds } from '../../actors/log/noticeKinds.ts'
import { signedYuanText } from '../routes/fields.ts'
import type { JournalEvent } from '../routes/journal.ts'
import { eventIdText } from './eventPlace.ts'

const byPosting = {
  'payment.sent': postingKinds.paymentOut,
  'payment.received': postingKinds.paymentIn,
  'payment.returned': postingKinds.paymentReturned,
  'recharge.settled': postingKinds.recharge,
  'redemption.requested': postingKinds.redemption,
  'redemption.returned': postingKinds.redemptionReturned,
  'refund.sent': postingKinds.refundOut,
  'refund.received': postingKinds.refundIn,
  'refund.returned': postingKinds.refundReturned,
  'hold.placed': postingKinds.holdPlaced,
  'hold.released': postingKinds.holdReleased,
  'split.sent': postingKinds.splitOut,
  'split.received': postingKinds.splitIn,
  'split.returned': postingKinds.splitReturned,
} as const satisfies Readonly<Record<string, number>>

const byNotice = {
  'key.rotated': noticeKinds.keyRotated,
  'key.revoked': noticeKinds.keyRevoked,
  'key.recovery_started': noticeKinds.recoveryStarted,
  'key.recovery_stopped': noticeKinds.recoveryStopped,
  'key.recovered': noticeKinds.recoveryDone,
  'wallet.frozen': noticeKinds.walletFrozen,
  'wallet.unfrozen': noticeKinds.walletUnfrozen,
  'wallet.closed': noticeKinds.walletClosed,
  'dispute.changed': noticeKinds.disputeChanged,
  'payout.failed': noticeKinds.payoutFailed,
} as const satisfies Readonly<Record<string, number>>

const orderPaid = 'order.paid'
const names = new Map<number, string>(Object.entries({ ...byPosting, ...byNotice }).map(([name, kind]) => [kind, name]))

/** Every name that an event may have. */
export const eventNames: readonly string[] = [...Object.keys(byPosting), orderPaid, ...Object.keys(byNotice)]

/** One event as its listener is told of it; undefined when this release has no word for its kind. */
export function eventBody(event: JournalEvent): (Record<string, unknown> & { event: string }) | undefined {
  const { kind, orderNo, timeMs } = event
  const known = names.get(kind)
  if (known === undefined) return undefined
  const name = kind === postingKinds.paymentIn && orderNo !== undefined ? orderPaid : known
  const head = { event_id: eventIdText(event), event: name, time: new Date(timeMs).toISOString() }
  return { ...head, ...(event.about === undefined ? postingPart(event) : JSON.parse(event.about)) }
}

function postingPart({ deltaFen, counterparty, counterpartyKind, id, orderNo }: JournalEvent): Record<string, unknown> {
  return {
    id: commandIdText(id),
    amount: signedYuanText(deltaFen),
    ...(counterparty === 0 ? {} : { counterparty: walletIdText(counterparty, counterpartyKind) }),
    ...(orderNo === undefined ? {} : { order_no: orderNo }),
  }
}

/** Kinds after which a listener who was let in by the wallet's key is let in by it no more. */
export const endsKey: ReadonlySet<number> = new Set([
  noticeKinds.keyRotated,
  noticeKinds.keyRevoked,
  noticeKinds.recoveryDone,
])
