import { z } from '@hono/zod-openapi'
import { commandIdText, walletIdText } from '../../actors/ledger/ids.ts'
import { postingKinds } from '../../actors/ledger/outcomes.ts'
import { visibleWallet } from './caller.ts'
import { badField, Failure } from './failure.ts'
import {
  asOfBody,
  asOfSchema,
  commandIdField,
  countField,
  positionSchema,
  timeField,
  walletIdField,
  yuanText,
} from './fields.ts'
import type { JournalEntry } from './journal.ts'
import { operation } from './operation.ts'

const pageDefault = 50
const pageMax = 500

/** Names of the journal's kinds of postings. */
export const kindNames: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries({
    payment_out: postingKinds.paymentOut,
    payment_in: postingKinds.paymentIn,
    payment_returned: postingKinds.paymentReturned,
    recharge: postingKinds.recharge,
    redemption: postingKinds.redemption,
    redemption_returned: postingKinds.redemptionReturned,
    refund_out: postingKinds.refundOut,
    refund_in: postingKinds.refundIn,
    refund_returned: postingKinds.refundReturned,
    hold_placed: postingKinds.holdPlaced,
    hold_released: postingKinds.holdReleased,
    split_out: postingKinds.splitOut,
    split_in: postingKinds.splitIn,
    split_returned: postingKinds.splitReturned,
  }).map(([name, code]) => [code, name]),
)

const entry = z
  .object({
    id: commandIdField,
    kind: z.enum(Object.values(kindNames) as [string, ...string[]]),
    amount: z.string().openapi({ description: 'Signed: minus left the wallet', example: '-100.50' }),
    counterparty: z
      .string()
      .nullable()
      .openapi({ description: 'The other wallet, null for banks', example: 'W1048577' }),
    position: positionSchema,
    time: timeField,
  })
  .openapi('Entry')
const page = z
  .object({
    wallet_id: walletIdField,
    entries: z.array(entry),
    next_cursor: z.string().nullable(),
    followed: asOfSchema.openapi({ description: "How far the journal has followed the wallet's shard" }),
  })
  .openapi('Entries')

const cursorPattern = /^(\d{1,16})\.(\d{1,6})\.(\d{1,3})$/

function cursorIn(text: string | undefined): EntryCursor | undefined {
  if (text === undefined) return undefined
  const match = cursorPattern.exec(text)
  if (match === null) throw badField('cursor', 'must be the next_cursor of an earlier page')
  return { seq: Number(match[1]), index: Number(match[2]), kind: Number(match[3]) }
}

/** Where a page ended: a wallet may pay and be paid by one record, so that the kind belongs to an entry's place. */
export type EntryCursor = { seq: number; index: number; kind: number }

function entryBody({
  id,
  kind,
  deltaFen,
  counterparty,
  counterpartyKind,
  executed,
}: JournalEntry): Record<string, unknown> {
  const sign = deltaFen < 0 ? '-' : ''
  return {
    id: commandIdText(id),
    kind: kindNames[kind] ?? String(kind),
    amount: sign + yuanText(Math.abs(deltaFen)),
    counterparty: counterparty === 0 ? null : walletIdText(counterparty, counterpartyKind),
    position: { shard: executed.shard, seq: executed.seq, index: executed.index },
    time: new Date(executed.timeMs).toISOString(),
  }
}

export const listEntries = operation({
  name: 'listEntries',
  method: 'get',
  path: '/v1/wallets/{wallet_id}/entries',
  tag: 'wallets',
  summary: 'What moved in a wallet, newest first',
  description:
    'From the journal, which follows the log; `followed` says how far. Answers 503 while the journal is away, with how far it had come; balances and payments do not need it.',
  callers: ['wallet', 'institution', 'operator', 'accountant'],
  params: z.object({ wallet_id: walletIdField }),
  query: z.strictObject({
    limit: countField(pageMax).default(pageDefault),
    cursor: z.string().optional(),
  }),
  messages: { answer: 'Entries' },
  answers: { 200: { description: 'One page', schema: page } },
  async run({ caller, params, query }, { gateway, journal }) {
    const before = cursorIn(query.cursor)
    const { result } = await visibleWallet(gateway, caller, params.wallet_id)
    const found = await journal.entries(result.number, before, query.limit)
    if (found.kind !== 'found') {
      const detail = 'Lists come from the journal, which is not available now; balances and payments are.'
      const shard = gateway.shardOf(result.number)
      const last = found.kind === 'away' ? found.lastFollowed?.find((one) => one.shard === shard) : undefined
      const members = last === undefined ? {} : { followed: asOfBody(last) }
      throw new Failure('journal-unavailable', { retryAfterS: 5, detail, members })
    }
    const { entries, followed, more } = found.record
    const last = entries.at(-1)
    const next = more && last ? `${last.executed.seq}.${last.executed.index}.${last.kind}` : null
    const body = {
      wallet_id: params.wallet_id,
      entries: entries.map(entryBody),
      next_cursor: next,
      followed: asOfBody(followed),
    }
    return { status: 200, body }
  },
})

export const entryOperations = [listEntries]
