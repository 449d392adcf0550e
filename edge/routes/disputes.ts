import { z } from '@hono/zod-openapi'
import { commandIdText } from '../../actors/ledger/ids.ts'
import { type Refusal, refusalOf } from '../../actors/ledger/refusals.ts'
import { signerElsewhere, visibleWallet, walletNumberIn } from './caller.ts'
import { commandIdOf, idIn, paymentIdIn, requestOf, runCommand } from './commandDesk.ts'
import { Failure } from './failure.ts'
import {
  asOfBody,
  asOfSchema,
  commandIdField,
  countField,
  positionSchema,
  requestIdField,
  statusUrlField,
  timeField,
  timeText,
  walletIdField,
  yuanText,
} from './fields.ts'
import { followedAnswer, rememberedOutcome } from './followedPayment.ts'
import type { JournalDispute } from './journal.ts'
import { operation, type Services } from './operation.ts'
import { requestDigest } from './requestDigest.ts'
import { walletText } from './walletText.ts'

const pageMax = 200
const reasonMax = 300
const casePath = '/v1/wallets/{wallet_id}/payments/{payment_id}/dispute'
const answerPath = '/v1/wallets/{wallet_id}/disputes/{payer_wallet}/{payment_id}'
const statuses = ['open', 'returned', 'declined', 'expired', 'withdrawn', 'bounced'] as const
type Status = (typeof statuses)[number]
const statusOf = (state: number): Status => statuses[state - 1]!

const dispute = z
  .object({
    payment_id: commandIdField,
    payer_wallet: walletIdField,
    payee_wallet: walletIdField,
    amount: z.string().openapi({ example: '100.00' }),
    status: z.enum(statuses).openapi({
      description: 'returned: the payee consented; bounced: and the payer’s wallet was closed, so that it stayed',
    }),
    reason: z.string().optional().openapi({ description: 'What the payer says' }),
    opened_at: timeField.optional(),
    answer_until: timeField,
    ended_at: timeField.optional(),
  })
  .openapi('Dispute')

const fieldOf: Partial<Record<Refusal, string>> = {
  'id-quota-exceeded': 'request_id',
  'dispute-late': 'payment_id',
  'dispute-open': 'payment_id',
  'dispute-unknown': 'payment_id',
  'dispute-ended': 'payment_id',
  'payee-closed': 'payment_id',
}

/** A completed payment that the wallet made, from the journal. */
async function paidBy({ journal }: Services, payer: number, id: Uint8Array) {
  const found = await journal.payment(payer, id)
  if (found.kind === 'away') throw new Failure('journal-unavailable', { retryAfterS: 5 })
  const made = found.kind === 'found' && refusalOf(found.record.code) === 'accepted' && found.record.complete
  if (!made) {
    const message = 'the wallet has made no payment with this id, or it has not arrived'
    throw new Failure('not-found', { fields: [{ field: 'payment_id', message }] })
  }
  return found.record
}

export const openDispute = operation({
  name: 'openDispute',
  method: 'post',
  path: casePath,
  tag: 'disputes',
  summary: 'Ask for a wrong transfer back',
  description:
    'Within 30 days of the payment. Nothing is held: the payee is told and has 7 days to consent, which returns the money in that step, or to decline. A payment has one case.',
  callers: ['wallet', 'institution'],
  params: z.object({ wallet_id: walletIdField, payment_id: commandIdField }),
  body: z
    .strictObject({
      reason: z
        .string()
        .max(reasonMax)
        .regex(/^[^\p{C}\s](?:[^\p{C}]*[^\p{C}\s])?$/u, 'must be a line of text')
        .openapi({ description: 'For the payee; kept sealed', example: 'I meant another wallet' }),
      request_id: requestIdField,
    })
    .openapi('OpenDisputeRequest'),
  messages: { request: 'OpenDisputeRequest', answer: 'Dispute' },
  answers: { 201: { description: 'The payee has been asked', schema: dispute } },
  async run({ caller, origin, params: { wallet_id, payment_id }, body, idempotencyKey }, services) {
    const { gateway, cases, vault } = services
    const id = commandIdOf(idempotencyKey, body.request_id)
    const payment = paymentIdIn(payment_id, 'payment_id')
    const { result } = await visibleWallet(gateway, caller, wallet_id)
    const payer = result.number
    const { payee, amountFen: amount, executed } = await paidBy(services, payer, payment)
    const reason = Buffer.from(vault.fingerprint(`reason|${body.reason}`)).toString('hex')
    const taken = await runCommand(gateway, gateway.shardOf(payee), {
      op: 'disputeOpen',
      caller,
      actor: payer,
      origin,
      id,
      digest: requestDigest('disputeOpen', { payer, payment: payment_id, reason }),
      fields: {
        wallet: payee,
        payer,
        payment,
        amount,
        paidMs: executed.timeMs,
        payerInstitution: result.institution,
        ...(await signerElsewhere(gateway, caller)),
      },
      text: cases.seal({ payer, paymentId: payment }, body.reason),
      instance: `/v1/wallets/${wallet_id}/disputes`,
      fieldOf,
    })
    const parties = { payer_wallet: wallet_id, payee_wallet: await walletText(services, payee) }
    const said = { amount: yuanText(amount), status: 'open', reason: body.reason }
    return { status: 201, body: { payment_id, ...parties, ...said, answer_until: timeText(taken.value) } }
  },
})

const ended = z
  .object({ payment_id: commandIdField, payer_wallet: walletIdField, status: z.enum(statuses) })
  .openapi('DisputeEnded')

export const withdrawDispute = operation({
  name: 'withdrawDispute',
  method: 'post',
  path: `${casePath}/withdraw`,
  tag: 'disputes',
  summary: 'Take a case back, as its payer',
  callers: ['wallet', 'institution'],
  params: z.object({ wallet_id: walletIdField, payment_id: commandIdField }),
  body: z.strictObject({ request_id: requestIdField }).openapi('WithdrawDisputeRequest'),
  messages: { request: 'WithdrawDisputeRequest', answer: 'DisputeEnded' },
  answers: { 200: { description: 'The payee is asked no more', schema: ended } },
  async run({ caller, origin, params: { wallet_id, payment_id }, body, idempotencyKey }, services) {
    const { gateway } = services
    const id = commandIdOf(idempotencyKey, body.request_id)
    const payment = paymentIdIn(payment_id, 'payment_id')
    const { result } = await visibleWallet(gateway, caller, wallet_id)
    const payer = result.number
    const { payee } = await paidBy(services, payer, payment)
    await runCommand(gateway, gateway.shardOf(payee), {
      op: 'disputeWithdraw',
      caller,
      actor: payer,
      origin,
      id,
      digest: requestDigest('disputeWithdraw', { payer, payment: payment_id }),
      fields: { wallet: payee, payer, payment, ...(await signerElsewhere(gateway, caller)) },
      instance: `/v1/wallets/${wallet_id}/disputes`,
      fieldOf,
    })
    return { status: 200, body: { payment_id, payer_wallet: wallet_id, status: 'withdrawn' } }
  },
})

const answerParams = z.object({ wallet_id: walletIdField, payer_wallet: walletIdField, payment_id: commandIdField })

export const declineDispute = operation({
  name: 'declineDispute',
  method: 'post',
  path: `${answerPath}/decline`,
  tag: 'disputes',
  summary: 'Keep what was paid, as its payee',
  callers: ['wallet'],
  params: answerParams,
  body: z.strictObject({ request_id: requestIdField }).openapi('DeclineDisputeRequest'),
  messages: { request: 'DeclineDisputeRequest', answer: 'DisputeEnded' },
  answers: { 200: { description: 'The money stays', schema: ended } },
  async run({ caller, origin, params, body, idempotencyKey }, { gateway }) {
    const { wallet_id, payer_wallet, payment_id } = params
    const id = commandIdOf(idempotencyKey, body.request_id)
    const payment = paymentIdIn(payment_id, 'payment_id')
    const payer = walletNumberIn(payer_wallet, 'payer_wallet')
    const { result } = await visibleWallet(gateway, caller, wallet_id)
    const wallet = result.number
    await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'disputeAnswer',
      caller,
      origin,
      id,
      digest: requestDigest('disputeAnswer', { wallet, payer, payment: payment_id, consent: false }),
      fields: { wallet, payer, payment, consent: 0 },
      instance: `/v1/wallets/${wallet_id}/disputes`,
      fieldOf,
    })
    return { status: 200, body: { payment_id, payer_wallet, status: 'declined' } }
  },
})

const given = z
  .object({
    return_id: commandIdField,
    payment_id: commandIdField,
    payer_wallet: walletIdField,
    wallet_id: walletIdField,
    status: z.enum(['completed', 'pending']),
    executed_at: timeField.optional(),
    position: positionSchema.optional(),
    status_url: statusUrlField,
  })
  .openapi('DisputeReturn')

export const consentDispute = operation({
  name: 'consentDispute',
  method: 'post',
  path: `${answerPath}/consent`,
  tag: 'disputes',
  summary: 'Give back what was paid, as its payee',
  description:
    'A payment of the payee’s wallet under its return_id, which is made once; the payer’s wallet takes it even frozen or full. 409 while there is too little in the wallet: the case stays open.',
  callers: ['wallet'],
  params: answerParams,
  body: z.strictObject({ return_id: commandIdField }).openapi('ConsentDisputeRequest'),
  messages: { request: 'ConsentDisputeRequest', answer: 'DisputeReturn' },
  answers: {
    200: { description: 'The payer has the money', schema: given },
    202: { description: 'Not known yet', schema: given },
  },
  async run({ caller, origin, params, body }, services) {
    const { wallet_id, payer_wallet, payment_id } = params
    const { gateway } = services
    const id = idIn(body.return_id, 'return_id')
    const payment = paymentIdIn(payment_id, 'payment_id')
    const payer = walletNumberIn(payer_wallet, 'payer_wallet')
    const { result } = await visibleWallet(gateway, caller, wallet_id)
    const wallet = result.number
    const digest = requestDigest('disputeAnswer', { wallet, payer, payment: payment_id, consent: true })
    const fields = { wallet, payer, payment, consent: 1 }
    const request = requestOf({ op: 'disputeAnswer', caller, origin, id, digest, fields })
    const outcome = await gateway.payByCommand(wallet, id, request)
    const asked = { return_id: commandIdText(id), payment_id, payer_wallet, wallet_id }
    const fieldsOf = { ...fieldOf, 'id-reused': 'return_id', 'funds-insufficient': 'wallet_id' } as const
    const told = { asked, fieldOf: fieldsOf, instance: `/v1/wallets/${wallet_id}/disputes` }
    return followedAnswer(told, await rememberedOutcome(services, wallet, id, digest, outcome))
  },
})

const list = z
  .object({
    wallet_id: walletIdField,
    disputes: z.array(dispute),
    followed: asOfSchema.openapi({ description: "How far the journal has followed the wallet's shard" }),
  })
  .openapi('DisputeList')

async function disputeBody(services: Services, one: JournalDispute): Promise<Record<string, unknown>> {
  const { payer, payee, paymentId, amountFen, state, openedMs, expiresMs, changedMs, sealed } = one
  const status = statusOf(state)
  return {
    payment_id: commandIdText(paymentId),
    payer_wallet: await walletText(services, payer),
    payee_wallet: await walletText(services, payee),
    amount: yuanText(amountFen),
    status,
    ...(sealed === undefined ? {} : { reason: services.cases.open({ payer, paymentId }, sealed) }),
    opened_at: timeText(openedMs),
    answer_until: timeText(expiresMs),
    ...(status === 'open' ? {} : { ended_at: timeText(changedMs) }),
  }
}

export const listDisputes = operation({
  name: 'listDisputes',
  method: 'get',
  path: '/v1/wallets/{wallet_id}/disputes',
  tag: 'disputes',
  summary: 'Cases of a wallet, as payer and as payee, newest first',
  description: 'From the journal, which follows the log; `followed` says how far. 503 while the journal is away.',
  callers: ['wallet', 'institution', 'operator'],
  params: z.object({ wallet_id: walletIdField }),
  query: z.strictObject({ limit: countField(pageMax).default(50) }),
  messages: { answer: 'DisputeList' },
  answers: { 200: { description: 'The cases', schema: list } },
  async run({ caller, params: { wallet_id }, query }, services) {
    const { result } = await visibleWallet(services.gateway, caller, wallet_id)
    const found = await services.journal.disputes(result.number, query.limit)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const { disputes, followed } = found.record
    const shown = await Promise.all(disputes.map((one) => disputeBody(services, one)))
    return { status: 200, body: { wallet_id, disputes: shown, followed: asOfBody(followed) } }
  },
})

export const disputeOperations = [openDispute, withdrawDispute, listDisputes, consentDispute, declineDispute]
