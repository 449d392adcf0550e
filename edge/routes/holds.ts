import { z } from '@hono/zod-openapi'
import type { HoldView } from '../../actors/ledger/holdViews.ts'
import { commandIdText } from '../../actors/ledger/ids.ts'
import { deviceWord } from '../gateway/frameBodies.ts'
import type { ReadFrom } from '../gateway/shardQueries.ts'
import { type Caller, visibleWallet, walletNumberIn } from './caller.ts'
import { idIn, runCommand } from './commandDesk.ts'
import { Failure } from './failure.ts'
import {
  amountField,
  asOfBody,
  asOfSchema,
  commandIdField,
  countField,
  timeField,
  timeText,
  walletIdField,
  yuanText,
} from './fields.ts'
import { ageHeaders, freshQuery, readAsAsked } from './freshness.ts'
import type { JournalHold } from './journal.ts'
import { namedWallet } from './namedWallet.ts'
import { operation, type Services } from './operation.ts'
import { cursorText, orderCursorIn } from './orderCursor.ts'
import { timeIn } from './paymentRequest.ts'
import { requestDigest } from './requestDigest.ts'
import { walletText } from './walletText.ts'

const pageDefault = 50
const pageMax = 500
const path = '/v1/wallets/{wallet_id}/holds'
const statuses = ['held', 'captured', 'voided', 'expired'] as const

export const holdSchema = z
  .object({
    hold_id: commandIdField,
    wallet_id: walletIdField,
    payee_wallet: walletIdField,
    amount: z.string().openapi({ example: '100.00' }),
    captured: z.string().openapi({ description: 'What the payee has taken of it', example: '0.00' }),
    status: z.enum(statuses),
    placed_at: timeField,
    expires_at: timeField,
    ended_at: timeField.optional().openapi({ description: 'When nothing was held any more' }),
    as_of: asOfSchema.optional().openapi({ description: 'Left out where the answer is not a reading' }),
  })
  .openapi('Hold')

type HoldState = Pick<HoldView, 'id' | 'amount' | 'captured' | 'state' | 'placedMs' | 'expiresMs' | 'changedMs'>

export function holdBody(walletId: string, payeeWallet: string, hold: HoldState): Record<string, unknown> {
  const ended = hold.state === 'held' ? {} : { ended_at: timeText(hold.changedMs) }
  return {
    hold_id: commandIdText(hold.id),
    wallet_id: walletId,
    payee_wallet: payeeWallet,
    amount: yuanText(hold.amount),
    captured: yuanText(hold.captured),
    status: hold.state,
    placed_at: timeText(hold.placedMs),
    expires_at: timeText(hold.expiresMs),
    ...ended,
  }
}

export const holdPath = (walletId: string, holdId: string): string => `/v1/wallets/${walletId}/holds/${holdId}`
export const noHold = (): Failure =>
  new Failure('hold-unknown', { fields: [{ field: 'hold_id', message: 'no hold with this id is known to you' }] })

/** A hold that the caller pays, may take from, or administers. For everybody else there is no such hold. */
export async function visibleHold(
  { gateway }: Services,
  caller: Caller,
  walletId: string,
  id: Uint8Array,
  from?: ReadFrom,
) {
  const wallet = walletNumberIn(walletId, 'wallet_id')
  const read = await gateway.ask(wallet, { type: 'hold', wallet, id }, from)
  const payer = await gateway.ask(wallet, { type: 'wallet', number: wallet })
  if (read.result === null || payer.result?.walletId !== walletId) throw noHold()
  const { payee, payeeInstitution } = read.result
  const { role, number } = caller
  const isPayee = role === 'wallet' ? number === payee : role === 'institution' && number === payeeInstitution
  const isPayer = role === 'wallet' ? number === wallet : role === 'institution' && number === payer.result.institution
  if (!isPayee && !isPayer && role !== 'operator') throw noHold()
  return { asOf: read.asOf, hold: read.result, isPayee }
}

const fieldOf = {
  'id-reused': 'hold_id',
  'id-malformed': 'hold_id',
  'id-early': 'hold_id',
  'id-expired': 'hold_id',
  'id-seen': 'hold_id',
  'amount-invalid': 'amount',
  'funds-insufficient': 'amount',
  'single-limit-exceeded': 'amount',
  'day-limit-exceeded': 'amount',
  'year-limit-exceeded': 'amount',
  'payer-is-payee': 'payee_wallet',
  'payee-unknown': 'payee_wallet',
  'expiry-invalid': 'expires_at',
  'holds-full': 'wallet_id',
} as const

export const placeHold = operation({
  name: 'placeHold',
  method: 'post',
  path,
  tag: 'holds',
  summary: 'Hold money aside for a payee',
  description:
    'It leaves the balance at once and counts against the limits like a payment; the payee takes it in parts, gives the rest up, or it is free again at the expiry. The same hold_id never holds twice.',
  callers: ['wallet'],
  params: z.object({ wallet_id: walletIdField }),
  body: z
    .strictObject({
      hold_id: commandIdField,
      payee_wallet: walletIdField,
      amount: amountField,
      expires_at: timeField.openapi({ description: 'RFC 3339, at most 30 days ahead' }),
    })
    .openapi('PlaceHoldRequest'),
  messages: { request: 'PlaceHoldRequest', answer: 'Hold' },
  answers: { 201: { description: 'It is held', schema: holdSchema } },
  async run({ caller, origin, params: { wallet_id }, body }, services) {
    const { gateway } = services
    const id = idIn(body.hold_id, 'hold_id')
    const expiresMs = timeIn(body.expires_at, 'expires_at')
    const { result } = await visibleWallet(gateway, caller, wallet_id)
    const wallet = result.number
    const payee = await namedWallet(services, body.payee_wallet, 'payee_wallet')
    const { amount } = body
    const taken = await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'holdPlace',
      caller,
      origin,
      id,
      digest: requestDigest('holdPlace', { wallet, payee: payee.number, amount, expiresMs }),
      fields: {
        ...{ wallet, payee: payee.number, amount, expiresMs, payeeInstitution: payee.institution },
        device: deviceWord(origin.device),
      },
      instance: holdPath(wallet_id, commandIdText(id)),
      fieldOf,
      membersOf: () => ({ hold_id: commandIdText(id) }),
      pending: { hold_id: commandIdText(id), wallet_id, payee_wallet: body.payee_wallet },
    })
    // As it was placed: the same request gets the same answer whatever became of it since.
    const { timeMs } = taken.executed
    const placed = { id, amount, captured: 0, state: 'held', placedMs: timeMs, expiresMs, changedMs: timeMs } as const
    return { status: 201, body: holdBody(wallet_id, body.payee_wallet, placed) }
  },
})

export const showHold = operation({
  name: 'showHold',
  method: 'get',
  path: `${path}/{hold_id}`,
  tag: 'holds',
  summary: 'How a hold stands, for its payer and its payee',
  description: 'From the shard’s memory until a day after its expiry; the list of holds has it longer.',
  callers: ['wallet', 'institution', 'operator'],
  params: z.object({ wallet_id: walletIdField, hold_id: commandIdField }),
  query: freshQuery,
  messages: { answer: 'Hold' },
  answers: { 200: { description: 'As it stands', schema: holdSchema } },
  async run({ caller, params: { wallet_id, hold_id }, query }, services) {
    const id = idIn(hold_id, 'hold_id')
    const read = (from: ReadFrom) => visibleHold(services, caller, wallet_id, id, from)
    const { asOf, hold } = await readAsAsked(query, read)
    const payee = await walletText(services, hold.payee)
    const body = { ...holdBody(wallet_id, payee, hold), as_of: asOfBody(asOf) }
    return { status: 200, body, headers: ageHeaders(asOf) }
  },
})

const list = z
  .object({
    wallet_id: walletIdField,
    holds: z.array(holdSchema),
    next_cursor: z.string().nullable(),
    followed: asOfSchema.openapi({ description: "How far the journal has followed the wallet's shard" }),
  })
  .openapi('HoldList')

export const listHolds = operation({
  name: 'listHolds',
  method: 'get',
  path,
  tag: 'holds',
  summary: 'What a wallet holds and held for payees, newest first',
  description: 'From the journal, which follows the log; `followed` says how far. 503 while the journal is away.',
  callers: ['wallet', 'institution', 'operator'],
  params: z.object({ wallet_id: walletIdField }),
  query: z.strictObject({ limit: countField(pageMax).default(pageDefault), cursor: z.string().optional() }),
  messages: { answer: 'HoldList' },
  answers: { 200: { description: 'One page', schema: list } },
  async run({ caller, params: { wallet_id }, query }, services) {
    const before = orderCursorIn(query.cursor)
    const { result } = await visibleWallet(services.gateway, caller, wallet_id)
    const found = await services.journal.holds(result.number, before, query.limit)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const { holds, followed, more } = found.record
    const body = async (one: JournalHold) => holdBody(wallet_id, await walletText(services, one.payee), one)
    const last = holds.at(-1)
    const shown = await Promise.all(holds.map(body))
    const next_cursor = more && last ? cursorText(last) : null
    return { status: 200, body: { wallet_id, holds: shown, next_cursor, followed: asOfBody(followed) } }
  },
})

export const holdOperations = [placeHold, listHolds, showHold]
