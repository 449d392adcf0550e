import { type Refusal, refusalTable } from '../../actors/ledger/refusals.ts'
import type { Executed } from '../gateway/submission.ts'
import { asRefused, notSent } from './commandDesk.ts'
import { Failure, positionOf, StillPending } from './failure.ts'
import type { Answered } from './operation.ts'
import type { PaymentResult } from './paymentDesk.ts'

/** Members of a payment's request that refusals speak of. */
const fieldOf: Partial<Record<Refusal, string>> = {
  'id-reused': 'payment_id',
  'id-malformed': 'payment_id',
  'id-early': 'payment_id',
  'id-expired': 'payment_id',
  'id-seen': 'payment_id',
  'id-quota-exceeded': 'payment_id',
  'timestamp-stale': 'timestamp',
  'timestamp-early': 'timestamp',
  'amount-invalid': 'amount',
  'payer-is-payee': 'payee_wallet',
  'wallet-unknown': 'payer_wallet',
  'wallet-frozen': 'payer_wallet',
  'wallet-closed': 'payer_wallet',
  'single-limit-exceeded': 'amount',
  'day-limit-exceeded': 'amount',
  'year-limit-exceeded': 'amount',
  'funds-insufficient': 'amount',
  'payee-unknown': 'payee_wallet',
  'payee-frozen': 'payee_wallet',
  'payee-closed': 'payee_wallet',
  'payee-balance-limit-exceeded': 'payee_wallet',
  'order-unknown': 'order',
  'order-paid': 'order',
  'order-closed': 'order',
  'order-expired': 'order',
  'order-amount-differs': 'amount',
}

export function paymentStatusPath(payerWallet: string, paymentId: string): string {
  return `/v1/wallets/${payerWallet}/payments/${paymentId}`
}

/** What is told of a payment that was executed. It names the first execution, so that every repetition says the same. */
export function executedBody(
  paymentId: string,
  payerWallet: string,
  status: 'completed' | 'refused' | 'pending',
  executed: Executed,
): Record<string, unknown> {
  return { payment_id: paymentId, payer_wallet: payerWallet, status, ...placeBody(executed) }
}

function placeBody(executed: Executed): Record<string, unknown> {
  return { executed_at: timeText(executed.timeMs), position: positionOf(executed) }
}

/** All payments of a frame were executed at the same time. */
let lastTime = { ms: 0, text: new Date(0).toISOString() }

function timeText(ms: number): string {
  if (ms !== lastTime.ms) lastTime = { ms, text: new Date(ms).toISOString() }
  return lastTime.text
}

/** @throws Failure, StillPending */
export function paymentAnswer(paymentId: string, payerWallet: string, result: PaymentResult): Answered {
  switch (result.kind) {
    case 'final': {
      const { refusal, executed } = result
      if (refusal === 'accepted')
        return { status: 200, body: executedBody(paymentId, payerWallet, 'completed', executed) }
      throw refused(paymentId, payerWallet, refusal, executed)
    }
    case 'pending':
    case 'unknown': {
      const instance = paymentStatusPath(payerWallet, paymentId)
      throw new StillPending(instance, { payment_id: paymentId, payer_wallet: payerWallet, status: 'pending' })
    }
    case 'not-sent':
      throw notSent(result.why)
    case 'not-signed':
      throw new Failure('not-signed', {
        fields: [
          { field: 'payer_wallet', message: 'no wallet of this id' },
          { field: 'signature', message: 'or not signed by its current key' },
        ],
      })
    case 'journal-away':
      throw new Failure('journal-unavailable', { retryAfterS: 5 })
  }
}

/** A refusal that is final under its id says where it was judged; any other may turn out otherwise next time. */
function refused(paymentId: string, payerWallet: string, refusal: Refusal, executed: Executed): Failure {
  const field = fieldOf[refusal]
  const fields = field === undefined ? {} : { fields: [{ field, message: refusal }] }
  const asked = { payment_id: paymentId, payer_wallet: payerWallet, outcome: 'refused' }
  const final = refusalTable[refusal].remembered
  const members = final ? { ...asked, ...placeBody(executed) } : asked
  return new Failure(asRefused(refusal), { ...fields, members, instance: paymentStatusPath(payerWallet, paymentId) })
}
