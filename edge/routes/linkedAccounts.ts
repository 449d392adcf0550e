import { z } from '@hono/zod-openapi'
import { linkTypes } from '../../actors/ledger/records.ts'
import type { LinkView } from '../../actors/ledger/views.ts'
import { type AccountVault, isAccountNumber, maskAccount } from './accounts.ts'
import { visibleWallet } from './caller.ts'
import { commandIdOf, runCommand } from './commandDesk.ts'
import { badField, Failure } from './failure.ts'
import {
  amountField,
  asOfBody,
  asOfSchema,
  countField,
  linkIdMax,
  requestIdField,
  walletIdField,
  yuanText,
} from './fields.ts'
import { ageHeaders, freshQuery, readAsAsked } from './freshness.ts'
import { operation } from './operation.ts'
import { requestDigest } from './requestDigest.ts'

const typeField = z.enum(Object.keys(linkTypes) as ['bank', 'payment'])
const maskedField = z.string().openapi({ description: 'Always masked', example: '622588******1234' })

/** The account number as a client sends it, once; from then on it is shown masked and kept sealed. */
export const accountNumberField = z
  .string()
  .refine(isAccountNumber, 'must be an account number: 10 to 30 digits, after up to two capital letters')
  .openapi({ example: '6225880123451234' })

export const linkedAccountSchema = z
  .object({
    link_id: z.int(),
    account_type: typeField,
    account_no: maskedField,
    balance_limit: z.union([z.number(), z.string()]).openapi({
      description: 'Yuan that may be drawn a day; a number when whole, else a decimal string',
      example: 50_000,
    }),
    drawn_today: z.string().openapi({ example: '0.00' }),
    status: z.enum(['active', 'closed']),
  })
  .openapi('LinkedAccount')

/** Whole yuan stay a number, as in the shape of record. */
const limitBody = (fen: number): number | string => (fen % 100 === 0 ? fen / 100 : yuanText(fen))

export function linkedAccountBody(link: LinkView): Record<string, unknown> {
  return {
    link_id: link.link,
    account_type: link.type === linkTypes.bank ? 'bank' : 'payment',
    account_no: link.masked,
    balance_limit: limitBody(link.limit),
    drawn_today: yuanText(link.drawnToday),
    status: link.active ? 'active' : 'closed',
  }
}

const walletParams = z.object({ wallet_id: walletIdField })
const path = '/v1/wallets/{wallet_id}/linked-accounts'

const linked = z
  .object({
    link_id: z.int(),
    account_type: typeField,
    account_no: maskedField,
    balance_limit: linkedAccountSchema.shape.balance_limit,
  })
  .openapi('AccountLinked')

export const linkAccount = operation({
  name: 'linkAccount',
  method: 'post',
  path,
  tag: 'linked accounts',
  summary: 'Link a bank or payment account to a wallet',
  callers: ['wallet', 'institution'],
  params: walletParams,
  body: z
    .strictObject({
      account_type: typeField,
      account_no: accountNumberField,
      balance_limit: amountField,
      request_id: requestIdField,
    })
    .openapi('LinkAccountRequest'),
  messages: { request: 'LinkAccountRequest', answer: 'AccountLinked' },
  answers: { 201: { description: 'The link', schema: linked } },
  async run({ caller, origin, params, body, idempotencyKey }, { gateway, vault }) {
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { result } = await visibleWallet(gateway, caller, params.wallet_id)
    const masked = maskAccount(body.account_no)
    const sealed = vault.sealAccount(result.number, body.account_no)
    const fingerprint = vault.fingerprint(body.account_no)
    const limit = body.balance_limit
    const account = Buffer.from(fingerprint).toString('hex')
    const taken = await runCommand(gateway, gateway.shardOf(result.number), {
      op: 'linkOpen',
      caller,
      origin,
      id,
      digest: requestDigest('linkOpen', { wallet: result.number, type: body.account_type, account, limit }),
      fields: {
        wallet: result.number,
        limit,
        fingerprint,
        type: linkTypes[body.account_type],
        sealedLength: sealed.length,
        maskedLength: masked.length,
        masked: new TextEncoder().encode(masked),
        sealed,
      },
      instance: path.replace('{wallet_id}', params.wallet_id),
      fieldOf: { 'linked-account-duplicate': 'account_no' },
    })
    const shown = { account_type: body.account_type, account_no: masked, balance_limit: limitBody(limit) }
    return { status: 201, body: { link_id: taken.value, ...shown } }
  },
})

const list = z
  .object({ wallet_id: walletIdField, linked_accounts: z.array(linkedAccountSchema), as_of: asOfSchema })
  .openapi('LinkedAccounts')

export const listAccounts = operation({
  name: 'listLinkedAccounts',
  method: 'get',
  path,
  tag: 'linked accounts',
  summary: 'The accounts linked to a wallet, closed ones too',
  callers: ['wallet', 'institution', 'operator'],
  params: walletParams,
  query: freshQuery,
  messages: { answer: 'LinkedAccounts' },
  answers: { 200: { description: 'The links', schema: list } },
  async run({ caller, params, query }, { gateway }) {
    const { asOf, result } = await readAsAsked(query, (from) => visibleWallet(gateway, caller, params.wallet_id, from))
    const linked_accounts = result.links.map(linkedAccountBody)
    const body = { wallet_id: params.wallet_id, linked_accounts, as_of: asOfBody(asOf) }
    return { status: 200, body, headers: ageHeaders(asOf) }
  },
})

const closed = z.object({ link_id: z.int(), status: z.literal('closed') }).openapi('AccountUnlinked')

export const unlinkAccount = operation({
  name: 'unlinkAccount',
  method: 'delete',
  path: `${path}/{link_id}`,
  tag: 'linked accounts',
  summary: 'Close a link; what is under way over it goes on',
  callers: ['wallet', 'institution'],
  params: z.object({ wallet_id: walletIdField, link_id: countField(linkIdMax) }),
  messages: { answer: 'AccountUnlinked' },
  answers: { 200: { description: 'It is closed', schema: closed } },
  async run({ caller, origin, params, idempotencyKey }, { gateway }) {
    const id = commandIdOf(idempotencyKey, undefined)
    const { result } = await visibleWallet(gateway, caller, params.wallet_id)
    const link = params.link_id
    await runCommand(gateway, gateway.shardOf(result.number), {
      op: 'linkStatus',
      caller,
      origin,
      id,
      digest: requestDigest('linkStatus', { wallet: result.number, link, active: false }),
      fields: { wallet: result.number, link, active: 0 },
      instance: path.replace('{wallet_id}', params.wallet_id),
      fieldOf: { 'linked-account-unknown': 'link_id' },
    })
    return { status: 200, body: { link_id: link, status: 'closed' } }
  },
})

/**
 * The link that a recharge or redemption means: by its number, or by the account's number, full or as shown.
 * @throws Failure that names the field when there is none, or when the number shown fits two
 */
export function chooseLink(
  links: readonly LinkView[],
  linkId: number | undefined,
  accountNo: string | undefined,
  vault: AccountVault,
): number {
  if (accountNo === undefined) {
    if (linkId !== undefined) return linkId
    const message = 'is needed, or link_id'
    throw new Failure('field-missing', { fields: [{ field: 'account_no', message }] })
  }
  // A full number is known by its fingerprint: another account that looks the same masked must not be drawn instead.
  const full = isAccountNumber(accountNo) ? Buffer.from(vault.fingerprint(accountNo)) : undefined
  const isMeant = (link: LinkView): boolean => full?.equals(link.fingerprint) ?? link.masked === accountNo
  if (linkId !== undefined) {
    const named = links.find(({ link }) => link === linkId)
    // Whoever names both means one account: money must not come from another than the number says.
    if (named !== undefined && !isMeant(named)) throw badField('account_no', 'is not the account that link_id names')
    return linkId
  }
  const meant = links.filter(isMeant)
  const fitting = meant.filter(({ active }) => active)
  if (fitting.length > 1) {
    const message = 'is needed: two linked accounts look alike'
    throw new Failure('field-missing', { fields: [{ field: 'link_id', message }] })
  }
  // A request may be one that was made while the account was linked still: the ledger knows its id, or refuses it.
  const [found] = fitting.length > 0 ? fitting : meant.toSorted((a, b) => b.link - a.link)
  if (found !== undefined) return found.link
  throw new Failure('linked-account-unknown', {
    fields: [{ field: 'account_no', message: 'is not linked to this wallet' }],
  })
}

export const linkedAccountOperations = [linkAccount, listAccounts, unlinkAccount]
