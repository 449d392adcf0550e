import { z } from '@hono/zod-openapi'
import { walletIdText, walletKinds } from '../../actors/ledger/ids.ts'
import { standings } from '../../actors/ledger/standings.ts'
import { badField, Failure } from './failure.ts'
import { countField, timeField, timeText, walletIdField } from './fields.ts'
import type { ListedMerchant, MerchantFilter } from './inspection.ts'
import { readMerchantText } from './merchantText.ts'
import { operation } from './operation.ts'
import { nameOf, standingField } from './riskFields.ts'

const pageDefault = 50
const pageMax = 200
const searchLengthMax = 64
const idPrefix = /^[Mm](\d{0,16})$/
const cursorPattern = /^\d{1,16}$/

const listed = z
  .object({
    wallet_id: walletIdField,
    institution: z.int().openapi({ description: 'The institution that it belongs to' }),
    status: z.enum(['open', 'frozen', 'closed']),
    standing: standingField,
    name_zh: z.string().optional().openapi({ example: '茶馆' }),
    name_en: z.string().optional(),
    contact: z.string().optional(),
    profile_version: z.int().openapi({ description: 'Counts the profiles; 0 while there is none' }),
    changed_at: timeField.nullable().openapi({ description: 'When the profile was' }),
  })
  .openapi('ListedMerchant')
const page = z.object({ merchants: z.array(listed), next_cursor: z.string().nullable() }).openapi('MerchantList')

function filterOf(search: string | undefined): MerchantFilter {
  if (search === undefined || search.trim() === '') return {}
  const id = idPrefix.exec(search.trim())
  return id === null ? { name: search.trim() } : { prefix: id[1]! }
}

function listedBody({ wallet, institution, state, standing, profileVersion, changedMs, content }: ListedMerchant) {
  const { callback_url: _, ...texts } = readMerchantText(content)
  return {
    wallet_id: walletIdText(wallet, walletKinds.merchant),
    institution,
    status: state,
    standing: nameOf(standings, standing),
    ...texts,
    profile_version: profileVersion,
    changed_at: profileVersion === 0 ? null : timeText(changedMs),
  }
}

export const listMerchants = operation({
  name: 'listMerchants',
  method: 'get',
  path: '/v1/merchants',
  tag: 'merchants',
  summary: 'All merchants by the number of their wallet, or those whose id or name fits',
  description: 'From the journal. What begins with M and goes on in digits is the beginning of an id.',
  callers: ['operator'],
  query: z.strictObject({
    search: z
      .string()
      .max(searchLengthMax)
      .regex(/^\P{C}*$/u, 'must be a line of text')
      .optional()
      .openapi({ description: 'The beginning of an id, or a part of a name in either language', example: 'M1048' }),
    limit: countField(pageMax).default(pageDefault),
    cursor: z.string().optional().openapi({ description: 'The next_cursor of the page before' }),
  }),
  messages: { answer: 'MerchantList' },
  answers: { 200: { description: 'One page', schema: page } },
  async run({ query: { search, limit, cursor } }, { inspection }) {
    if (cursor !== undefined && !cursorPattern.test(cursor)) {
      throw badField('cursor', 'must be the next_cursor of an earlier page')
    }
    const found = await inspection.merchants(filterOf(search), Number(cursor ?? 0), limit)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const { merchants, more } = found.record
    const last = merchants.at(-1)
    const next_cursor = more && last ? String(last.wallet) : null
    return { status: 200, body: { merchants: merchants.map(listedBody), next_cursor } }
  },
})

export const merchantListOperations = [listMerchants]
