import { z } from '@hono/zod-openapi'
import { commandIdText } from '../../actors/ledger/ids.ts'
import { rechargeSteps, redemptionSteps } from '../../actors/ledger/records.ts'
import { type Refusal, refusalOf } from '../../actors/ledger/refusals.ts'
import type { SagaView } from '../../actors/ledger/views.ts'
import { problems } from '../problem.ts'
import { commandIdField, statusUrlField, timeField, walletIdField, yuanText } from './fields.ts'
import type { JournalSaga } from './journal.ts'
import type { Services } from './operation.ts'

export type SagaKind = 'recharge' | 'redemption'

/** What is known of a recharge or redemption, from the ledger's memory or from the journal. */
export type SagaState = {
  readonly kind: SagaKind
  readonly walletNumber: number
  readonly amountFen: number
  readonly status: 'pending' | 'completed' | 'refused'
  readonly refusal: Refusal
  readonly balanceAfterFen: number
  readonly requestedMs: number
  readonly changedMs: number
}

/** How long an answer is held back for the bank, and how often the ledger is asked meanwhile. */
const sagaWaitMs = 6_000
const askMsMin = 15
const askMsMax = 400

const finalStatus: Readonly<Record<SagaKind, Readonly<Record<number, 'completed' | 'refused'>>>> = {
  recharge: {
    [rechargeSteps.settled]: 'completed',
    [rechargeSteps.refused]: 'refused',
    [rechargeSteps.refunded]: 'refused',
  },
  redemption: {
    [redemptionSteps.paid]: 'completed',
    [redemptionSteps.refused]: 'refused',
    [redemptionSteps.returned]: 'refused',
  },
}

/** RISK_CONTROL, INSUFFICIENT_BALANCE and the others: the short form that problems carry too. */
export function outwardCode(refusal: Refusal): string {
  return refusal === 'accepted' ? 'COMPLETED' : problems[refusal].code
}

function fromView(view: SagaView): SagaState {
  return {
    kind: view.kind,
    walletNumber: view.walletNumber,
    amountFen: view.amount,
    status: finalStatus[view.kind][view.step] ?? 'pending',
    refusal: view.reason,
    balanceAfterFen: view.balanceAfter,
    requestedMs: view.requestedMs,
    changedMs: view.changedMs,
  }
}

function fromJournal(record: JournalSaga): SagaState {
  const { kind, walletNumber, amountFen, balanceAfterFen, requestedMs, changedMs, step, code } = record
  const status = finalStatus[kind][step] ?? 'pending'
  return { kind, walletNumber, amountFen, balanceAfterFen, requestedMs, changedMs, status, refusal: refusalOf(code) }
}

/**
 * A saga as its shard holds it, or as the journal kept it once the shard has forgotten.
 * @returns undefined when neither knows it, 'away' when the journal cannot say
 */
export async function findSaga(
  services: Services,
  wallet: number,
  id: Uint8Array,
): Promise<SagaState | undefined | 'away'> {
  const { result } = await services.gateway.ask(wallet, { type: 'saga', wallet, id }, 'newest')
  if (result !== null) return fromView(result)
  const found = await services.journal.saga(wallet, id)
  if (found.kind === 'away') return 'away'
  return found.kind === 'none' ? undefined : fromJournal(found.record)
}

/** Waits a while for a saga's end, and returns it as it stands then. */
export async function awaitSaga(services: Services, wallet: number, id: Uint8Array): Promise<SagaState | undefined> {
  const deadlineMs = services.nowMs() + sagaWaitMs
  let state: SagaState | undefined
  for (let pauseMs = askMsMin; ; pauseMs = Math.min(pauseMs * 2, askMsMax)) {
    const { result } = await services.gateway.ask(wallet, { type: 'saga', wallet, id }, 'owner')
    if (result !== null) state = fromView(result)
    if (state === undefined || state.status !== 'pending' || services.nowMs() + pauseMs > deadlineMs) return state
    await services.after(pauseMs)
  }
}

export const sagaSchema = (name: string) =>
  z
    .object({
      tx_id: commandIdField,
      wallet_id: walletIdField,
      status: z.enum(['completed', 'pending', 'refused']),
      code: z.string().openapi({ description: 'COMPLETED, PENDING, RISK_CONTROL, INSUFFICIENT_BALANCE, …' }),
      amount: z.string().openapi({ example: '100.50' }),
      balance: z.string().optional().openapi({ description: "The wallet's balance when it ended" }),
      requested_at: timeField.optional().openapi({ description: 'Left out while the shard has not been heard' }),
      ended_at: timeField.optional(),
      status_url: statusUrlField,
    })
    .openapi(name)

/** The answer of record. It is made from what never changes once the saga has ended. */
export function sagaBody(state: SagaState, walletId: string, id: Uint8Array): Record<string, unknown> {
  const { status, refusal, amountFen, balanceAfterFen, requestedMs, changedMs } = state
  const code = status === 'refused' ? outwardCode(refusal) : status.toUpperCase()
  const asked = { tx_id: commandIdText(id), wallet_id: walletId, status, code, amount: yuanText(amountFen) }
  const requested_at = new Date(requestedMs).toISOString()
  if (status === 'pending') return { ...asked, requested_at }
  return { ...asked, balance: yuanText(balanceAfterFen), requested_at, ended_at: new Date(changedMs).toISOString() }
}
