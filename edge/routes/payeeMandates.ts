import { z } from '@hono/zod-openapi'
import { languageOf } from '../problem.ts'
import { visibleWallet } from './caller.ts'
import { Failure } from './failure.ts'
import { asOfBody, asOfSchema, countField, walletIdField } from './fields.ts'
import type { PayeeMandate } from './journal.ts'
import { mandateBody, mandateSchema, mandateStatuses } from './mandateBody.ts'
import { operation } from './operation.ts'
import { partyOf } from './parties.ts'
import { cursorField, timeCursorIn, timeCursorText } from './timeCursor.ts'

const pageDefault = 50
const pageMax = 200

const list = z
  .object({
    wallet_id: walletIdField.openapi({ description: 'The payee' }),
    mandates: z.array(mandateSchema),
    next_cursor: z.string().nullable(),
    followed: z.array(asOfSchema).openapi({ description: 'How far the journal has followed each shard' }),
  })
  .openapi('PayeeMandateList')

const placeOf = ({ shard, seq, index, signedMs }: PayeeMandate) => ({ shard, seq, index, timeMs: signedMs })

export const listPayeeMandates = operation({
  name: 'listPayeeMandates',
  method: 'get',
  path: '/v1/payees/{wallet_id}/mandates',
  tag: 'mandates',
  summary: 'By which mandates a wallet is paid, newest first',
  description:
    'Whoever signed them, in whichever shard: wallet_id of each is its payer, by which it is read and collected. Of the payer no more is shown than its masked name. From the journal, which follows the logs; `followed` says how far. 503 while the journal is away.',
  callers: ['wallet', 'institution', 'operator'],
  params: z.object({ wallet_id: walletIdField }),
  query: z.strictObject({
    status: z.enum(mandateStatuses).optional(),
    limit: countField(pageMax).default(pageDefault),
    cursor: cursorField,
  }),
  messages: { answer: 'PayeeMandateList' },
  answers: { 200: { description: 'One page', schema: list } },
  async run({ caller, params: { wallet_id }, query: { status, limit, cursor }, header }, services) {
    const before = timeCursorIn(cursor)
    const { result } = await visibleWallet(services.gateway, caller, wallet_id)
    const state = status === 'ended' ? 'over' : status
    const found = await services.journal.mandatesFor(result.number, state, before, limit)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const { mandates, followed, more } = found.record
    const language = languageOf(header('accept-language'))
    const bodyOf = async (mandate: PayeeMandate) => {
      const payer = await partyOf(services, mandate.payer, language)
      const name = payer.name === undefined ? {} : { payer_name: payer.name }
      return { ...mandateBody(payer.wallet_id, wallet_id, mandate, mandate.purpose), ...name }
    }
    const shown = await Promise.all(mandates.map(bodyOf))
    const last = mandates.at(-1)
    const next_cursor = timeCursorText(last && placeOf(last), more)
    return { status: 200, body: { wallet_id, mandates: shown, next_cursor, followed: followed.map(asOfBody) } }
  },
})

export const payeeMandateOperations = [listPayeeMandates]
