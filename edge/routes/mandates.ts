import { z } from '@hono/zod-openapi'
import { periods } from '../../actors/ledger/calendar.ts'
import { commandIdText } from '../../actors/ledger/ids.ts'
import { purposeBytesMax } from '../../actors/ledger/mandateRecords.ts'
import type { Refusal } from '../../actors/ledger/refusals.ts'
import type { ReadFrom } from '../gateway/shardQueries.ts'
import { type Caller, visibleWallet, walletNumberIn } from './caller.ts'
import { commandIdOf, idIn, runCommand } from './commandDesk.ts'
import { badField, Failure } from './failure.ts'
import {
  amountField,
  asOfBody,
  asOfSchema,
  commandIdField,
  countField,
  requestIdField,
  timeField,
  walletIdField,
} from './fields.ts'
import { ageHeaders, freshQuery, readAsAsked } from './freshness.ts'
import type { JournalMandate } from './journal.ts'
import { mandateBody, mandateKinds, mandatePeriods, mandateSchema } from './mandateBody.ts'
import { namedWallet } from './namedWallet.ts'
import { operation, type Services } from './operation.ts'
import { cursorText, orderCursorIn } from './orderCursor.ts'
import { timeIn } from './paymentRequest.ts'
import { reasonField, reasonOf } from './reason.ts'
import { requestDigest } from './requestDigest.ts'
import { walletText } from './walletText.ts'

const pageDefault = 50
const pageMax = 500
const uint32Max = 0xffff_ffff
const path = '/v1/wallets/{wallet_id}/mandates'
const one = z.object({ wallet_id: walletIdField, mandate_id: commandIdField })

export const mandatePath = (walletId: string, id: string): string => `/v1/wallets/${walletId}/mandates/${id}`
export const noMandate = (): Failure =>
  new Failure('mandate-unknown', {
    fields: [{ field: 'mandate_id', message: 'no mandate with this id is known to you' }],
  })

/** A mandate that the caller gave, is paid by, or administers. For everybody else there is no such mandate. */
export async function visibleMandate(
  { gateway }: Services,
  caller: Caller,
  walletId: string,
  id: Uint8Array,
  from?: ReadFrom,
) {
  const wallet = walletNumberIn(walletId, 'wallet_id')
  const read = await gateway.ask(wallet, { type: 'mandate', wallet, id }, from)
  const payer = await gateway.ask(wallet, { type: 'wallet', number: wallet })
  if (read.result === null || payer.result?.walletId !== walletId) throw noMandate()
  const { payee, payeeInstitution } = read.result
  const { role, number } = caller
  const isPayee = role === 'wallet' ? number === payee : role === 'institution' && number === payeeInstitution
  const isPayer = role === 'wallet' ? number === wallet : role === 'institution' && number === payer.result.institution
  if (!isPayee && !isPayer && role !== 'operator') throw noMandate()
  return { asOf: read.asOf, mandate: read.result, isPayee, isPayer }
}

const fieldOf: Partial<Record<Refusal, string>> = {
  'id-reused': 'mandate_id',
  'id-malformed': 'mandate_id',
  'id-early': 'mandate_id',
  'id-expired': 'mandate_id',
  'id-seen': 'mandate_id',
  'amount-invalid': 'amount',
  'payer-is-payee': 'payee_wallet',
  'payee-unknown': 'payee_wallet',
  'mandate-dates-invalid': 'first_at',
  'mandates-full': 'wallet_id',
}

const body = z
  .strictObject({
    mandate_id: commandIdField,
    payee_wallet: walletIdField,
    kind: z.enum(mandateKinds).openapi({ description: 'Whether the payee collects, or it is paid by itself' }),
    amount: amountField,
    period: z.enum(mandatePeriods).openapi({ description: 'In Shanghai; weeks begin on Monday' }),
    period_amount: amountField.optional().openapi({ description: 'In one period at most; only of what is collected' }),
    first_at: timeField.openapi({
      description:
        'RFC 3339, at most 366 days ahead: from when it may be collected, or of the first payment. A month that lacks its date has the payment on its last day',
    }),
    ends_at: timeField.optional().openapi({ description: 'RFC 3339; from then on nothing is paid' }),
    count_max: z.int().min(1).max(uint32Max).optional().openapi({ description: 'Payments in all' }),
    purpose: z.string().min(1).max(128).optional().openapi({ description: 'What it is for', example: 'Rent' }),
  })
  .openapi('SignMandateRequest')

/** What is told the ledger of a mandate, and what its id is known by. */
function termsOf(asked: z.infer<typeof body>) {
  const scheduled = asked.kind === 'schedule'
  if (scheduled && asked.period_amount !== undefined) {
    throw badField('period_amount', 'is of what is collected; a schedule pays once a period')
  }
  if (!scheduled && asked.period_amount === undefined) {
    throw new Failure('field-missing', { fields: [{ field: 'period_amount', message: 'is missing' }] })
  }
  const text = new TextEncoder().encode(asked.purpose ?? '')
  if (text.length > purposeBytesMax) throw badField('purpose', `is longer than ${purposeBytesMax} bytes`)
  const periodAmount = asked.period_amount ?? 0
  if (!scheduled && periodAmount < asked.amount) throw badField('period_amount', 'is less than one payment may be')
  const { amount, period } = asked
  const dates = {
    firstMs: timeIn(asked.first_at, 'first_at'),
    endsMs: asked.ends_at === undefined ? 0 : timeIn(asked.ends_at, 'ends_at'),
  }
  const countMax = period === 'once' ? 1 : (asked.count_max ?? 0)
  return { scheduled, amount, periodAmount, period, ...dates, countMax, text }
}

export const signMandate = operation({
  name: 'signMandate',
  method: 'post',
  path,
  tag: 'mandates',
  summary: 'Allow a payee to be paid: collected by it, or by a schedule',
  description:
    'Of kind collect the payee takes what it needs, within the amount of a payment and of a period. Of kind schedule the amount is paid by itself at its times; one that finds too little money is tried again up to three times, a day apart (a daily one six hours), and is then missed. Limits, funds, state and risk are judged at each payment. The payer cancels at any time. The same mandate_id is the same mandate.',
  callers: ['wallet'],
  params: z.object({ wallet_id: walletIdField }),
  body,
  messages: { request: 'SignMandateRequest', answer: 'Mandate' },
  answers: { 201: { description: 'It is in force', schema: mandateSchema } },
  async run({ caller, origin, params: { wallet_id }, body: asked }, services) {
    const { gateway } = services
    const id = idIn(asked.mandate_id, 'mandate_id')
    const { scheduled, period, text, ...terms } = termsOf(asked)
    const { result } = await visibleWallet(gateway, caller, wallet_id)
    const wallet = result.number
    const payee = await namedWallet(services, asked.payee_wallet, 'payee_wallet')
    const told = { wallet, payee: payee.number, kind: asked.kind, period, ...terms, purpose: asked.purpose ?? '' }
    const taken = await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'mandateSign',
      caller,
      origin,
      id,
      digest: requestDigest('mandateSign', told),
      fields: {
        wallet,
        payee: payee.number,
        payeeInstitution: payee.institution,
        ...terms,
        period: periods[period],
        scheduled: scheduled ? 1 : 0,
        textLength: text.length,
      },
      text,
      instance: mandatePath(wallet_id, commandIdText(id)),
      fieldOf,
      membersOf: () => ({ mandate_id: commandIdText(id) }),
      pending: { mandate_id: commandIdText(id), wallet_id, payee_wallet: asked.payee_wallet },
    })
    // As it was signed: the same request gets the same answer whatever became of it since.
    const { timeMs } = taken.executed
    const nothingYet = { taken: 0, payments: 0, missed: 0, nextMs: terms.firstMs, lastOutcome: 'accepted' } as const
    const times = { signedMs: timeMs, changedMs: timeMs }
    const signed = { id, scheduled, period, ...terms, ...nothingYet, ...times, state: 'active' } as const
    return { status: 201, body: mandateBody(wallet_id, asked.payee_wallet, signed, asked.purpose) }
  },
})

/** What a mandate is for stands in the journal, a moment later than its state. */
async function purposeOf({ journal }: Services, wallet: number, id: Uint8Array): Promise<string | undefined> {
  const found = await journal.mandate(wallet, id)
  return found.kind === 'found' ? found.record.purpose : undefined
}

export const showMandate = operation({
  name: 'showMandate',
  method: 'get',
  path: `${path}/{mandate_id}`,
  tag: 'mandates',
  summary: 'How a mandate stands, for its payer and its payee',
  description:
    'From the shard’s memory until at least a day after its end; the list of mandates has it longer. What it is for comes from the journal, and is left out until that has followed.',
  callers: ['wallet', 'institution', 'operator'],
  params: one,
  query: freshQuery,
  messages: { answer: 'Mandate' },
  answers: { 200: { description: 'As it stands', schema: mandateSchema } },
  async run({ caller, params: { wallet_id, mandate_id }, query }, services) {
    const id = idIn(mandate_id, 'mandate_id')
    const read = (from: ReadFrom) => visibleMandate(services, caller, wallet_id, id, from)
    const { asOf, mandate } = await readAsAsked(query, read)
    const payee = await walletText(services, mandate.payee)
    const purpose = await purposeOf(services, mandate.walletNumber, id)
    const body = { ...mandateBody(wallet_id, payee, mandate, purpose), as_of: asOfBody(asOf) }
    return { status: 200, body, headers: ageHeaders(asOf) }
  },
})

export const cancelMandate = operation({
  name: 'cancelMandate',
  method: 'post',
  path: `${path}/{mandate_id}/cancel`,
  tag: 'mandates',
  summary: 'Cancel a mandate: nothing more is paid by it',
  description: 'At once, and to cancel one twice changes nothing. What is on its way to the payee is not called back.',
  callers: ['wallet', 'institution', 'operator'],
  params: one,
  body: z.strictObject({ reason: reasonField, request_id: requestIdField }).openapi('CancelMandateRequest'),
  messages: { request: 'CancelMandateRequest', answer: 'Mandate' },
  answers: { 200: { description: 'It is cancelled', schema: mandateSchema } },
  async run({ caller, origin, params: { wallet_id, mandate_id }, body: asked, idempotencyKey }, services) {
    const { gateway } = services
    const id = commandIdOf(idempotencyKey, asked.request_id)
    const { text, ...why } = reasonOf(caller, asked.reason)
    const mandateId = idIn(mandate_id, 'mandate_id')
    const { mandate, isPayer } = await visibleMandate(services, caller, wallet_id, mandateId)
    if (!isPayer && caller.role !== 'operator') throw new Failure('not-allowed')
    const wallet = mandate.walletNumber
    await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'mandateCancel',
      caller,
      origin,
      id,
      digest: requestDigest('mandateCancel', { wallet, mandate: mandate_id, ...why }),
      fields: { wallet, mandate: mandateId },
      ...(text && { text }),
      instance: mandatePath(wallet_id, mandate_id),
      fieldOf: { 'mandate-unknown': 'mandate_id', 'mandate-ended': 'mandate_id' },
    })
    const { result } = await gateway.ask(wallet, { type: 'mandate', wallet, id: mandateId }, 'owner')
    if (result === null) throw noMandate()
    const payee = await walletText(services, result.payee)
    const purpose = await purposeOf(services, wallet, mandateId)
    return { status: 200, body: mandateBody(wallet_id, payee, result, purpose) }
  },
})

const list = z
  .object({
    wallet_id: walletIdField,
    mandates: z.array(mandateSchema),
    next_cursor: z.string().nullable(),
    followed: asOfSchema.openapi({ description: "How far the journal has followed the wallet's shard" }),
  })
  .openapi('MandateList')

export const listMandates = operation({
  name: 'listMandates',
  method: 'get',
  path,
  tag: 'mandates',
  summary: 'What a wallet allows and allowed payees to be paid, newest first',
  description: 'From the journal, which follows the log; `followed` says how far. 503 while the journal is away.',
  callers: ['wallet', 'institution', 'operator'],
  params: z.object({ wallet_id: walletIdField }),
  query: z.strictObject({ limit: countField(pageMax).default(pageDefault), cursor: z.string().optional() }),
  messages: { answer: 'MandateList' },
  answers: { 200: { description: 'One page', schema: list } },
  async run({ caller, params: { wallet_id }, query }, services) {
    const before = orderCursorIn(query.cursor)
    const { result } = await visibleWallet(services.gateway, caller, wallet_id)
    const found = await services.journal.mandates(result.number, before, query.limit)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const { mandates, followed, more } = found.record
    const bodyOf = async (mandate: JournalMandate) =>
      mandateBody(wallet_id, await walletText(services, mandate.payee), mandate, mandate.purpose)
    const last = mandates.at(-1)
    const shown = await Promise.all(mandates.map(bodyOf))
    const next_cursor = more && last ? cursorText(last) : null
    return { status: 200, body: { wallet_id, mandates: shown, next_cursor, followed: asOfBody(followed) } }
  },
})

export const mandateOperations = [signMandate, listMandates, showMandate, cancelMandate]
