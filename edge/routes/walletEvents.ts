import { z } from '@hono/zod-openapi'
import { businessDay } from '../../actors/ledger/businessTime.ts'
import { eventBody, eventNames } from '../events/eventBody.ts'
import { resumeDaysMax } from '../events/eventHub.ts'
import { type EventPlace, endOfPosition, eventIdText, parseEventId } from '../events/eventPlace.ts'
import { type Caller, visibleWallet } from './caller.ts'
import { badField, Failure } from './failure.ts'
import { asOfBody, asOfSchema, timeField, walletIdField } from './fields.ts'
import { type Answered, operation, type Services } from './operation.ts'

const pageMax = 100
export const eventStreamType = 'text/event-stream'
const slotsRetryAfterS = 5

const event = z
  .object({
    event_id: z.string().openapi({ description: 'Where in the log it happened', example: '512.0.2' }),
    event: z.enum(eventNames as [string, ...string[]]),
    time: timeField,
    id: z.string().optional().openapi({ description: 'Of the payment, recharge, hold or other request' }),
    amount: z.string().optional().openapi({ description: 'Signed: minus left the wallet', example: '-100.50' }),
    counterparty: z.string().optional().openapi({ description: 'The other wallet' }),
    order_no: z.string().optional().openapi({ description: "The merchant's order that was paid" }),
    effective_at: timeField.optional().openapi({ description: 'When a new key signs' }),
    key_version: z.int().optional(),
    status: z.string().optional().openapi({ description: 'Of the case' }),
    link_id: z.int().optional(),
    reason: z.string().optional().openapi({ description: 'Why a payout could not be made' }),
  })
  .openapi('WalletEvent')

const events = z
  .object({
    wallet_id: walletIdField,
    events: z.array(event),
    last_event_id: z.string().openapi({ description: 'Ask for what comes after it' }),
    followed: asOfSchema.openapi({ description: "How far the journal has followed the wallet's shard" }),
  })
  .openapi('WalletEvents')

function placeIn(text: string | undefined, field: string): EventPlace | undefined {
  if (text === undefined) return undefined
  const place = parseEventId(text)
  if (place === undefined) throw badField(field, 'must be the id of an event, such as 512.0.2')
  return place
}

/** What happened so far behind a place, one page of it. */
async function pageAfter(
  { gateway, journal, nowMs }: Services,
  walletId: string,
  wallet: number,
  from: EventPlace | undefined,
): Promise<Answered> {
  const day = businessDay(nowMs()) - resumeDaysMax
  const after = from ?? endOfPosition(0)
  const found = await journal.events([{ ...after, wallet, day }], pageMax)
  if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
  const { followed, events: perWallet } = found.record
  const stands = followed.find(({ shard }) => shard === gateway.shardOf(wallet))
  if (stands === undefined) throw new Failure('journal-unavailable', { retryAfterS: 5 })
  const all = perWallet[0] ?? []
  const last = all.length >= pageMax ? all.at(-1)! : endOfPosition(stands.seq)
  const shown = all.flatMap((one) => eventBody(one) ?? [])
  const body = { wallet_id: walletId, events: shown, last_event_id: eventIdText(last), followed: asOfBody(stands) }
  return { status: 200, body }
}

/** An institution or operator that is suspended hears no more; a viewer is no principal. */
function whileActive({ gateway }: Services, { role, number }: Caller): (() => Promise<boolean>) | undefined {
  if ((role !== 'institution' && role !== 'operator') || number === 0) return undefined
  return async () => (await gateway.principals.find(role, number)) !== undefined
}

export const walletEvents = operation({
  name: 'listWalletEvents',
  method: 'get',
  path: '/v1/wallets/{wallet_id}/events',
  tag: 'wallets',
  summary: 'What happens to a wallet, as it happens',
  description:
    'With Accept: text/event-stream a stream of server-sent events that goes on until the caller, a key change, a suspension, a restart or an hour ends it; Last-Event-ID takes it up where it was, for seven days. Otherwise one page of what has happened since `after`. From the journal, which follows the log: each event once and in order.',
  callers: ['wallet', 'institution', 'operator'],
  media: [eventStreamType],
  params: z.object({ wallet_id: walletIdField }),
  query: z.strictObject({
    after: z.string().max(32).optional().openapi({ description: 'Id of an event', example: '512.0.2' }),
  }),
  messages: { answer: 'WalletEvents' },
  answers: { 200: { description: 'Oldest first', schema: events } },
  async run({ caller, params: { wallet_id }, query, media, header }, services) {
    const resumed = header('last-event-id')
    const from = placeIn(resumed, 'Last-Event-ID') ?? placeIn(query.after, 'after')
    const { result } = await visibleWallet(services.gateway, caller, wallet_id)
    if (media === undefined) return pageAfter(services, wallet_id, result.number, from)
    const listening = {
      wallet: result.number,
      caller: `${caller.role}:${caller.number}`,
      byKey: caller.role === 'wallet',
      goesOn: whileActive(services, caller),
    }
    const stream = services.events.listen({ ...listening, from })
    if (stream === undefined) {
      const detail = 'Too many event streams are open; close one, or wait.'
      throw new Failure('rate-limited', { retryAfterS: slotsRetryAfterS, detail })
    }
    return { status: 200, body: {}, bytes: { type: eventStreamType, content: stream } }
  },
})

export const walletEventOperations = [walletEvents]
