import { z } from '@hono/zod-openapi'
import { userIdText, walletIdText, walletKinds } from '../../actors/ledger/ids.ts'
import { walletActions } from '../../actors/ledger/records.ts'
import type { WalletView } from '../../actors/ledger/views.ts'
import type { AsOf } from '../../actors/log/queries.ts'
import { userNumberIn, visibleUser, visibleWallet } from './caller.ts'
import { commandIdOf, runCommand } from './commandDesk.ts'
import {
  asOfBody,
  asOfSchema,
  limitText,
  requestIdField,
  timeField,
  timeText,
  userIdField,
  walletIdField,
  yuanText,
} from './fields.ts'
import { ageHeaders, freshQuery, readAsAsked } from './freshness.ts'
import { linkedAccountBody, linkedAccountSchema } from './linkedAccounts.ts'
import { operation } from './operation.ts'
import { reasonField, reasonOf } from './reason.ts'
import { requestDigest } from './requestDigest.ts'
import { givenKey, walletKeyFields } from './walletKeyField.ts'

const walletParams = z.object({ wallet_id: walletIdField })
const classField = z
  .int()
  .min(0)
  .max(4)
  .openapi({ description: 'Class 1-4 by strength of identification, 0 corporate', example: 4 })
const kindField = z.enum(Object.keys(walletKinds) as ['personal', 'merchant'])
const statusField = z.enum(['open', 'frozen', 'closed'])
const yuan = z.string().openapi({ example: '100.50' })

const opened = z
  .object({
    user_id: userIdField,
    wallet_id: walletIdField,
    class: classField,
    kind: kindField,
    institution_id: z.int(),
    key_version: z.int(),
  })
  .openapi('WalletOpened')

export const openWallet = operation({
  name: 'openWallet',
  method: 'post',
  path: '/v1/wallets',
  tag: 'wallets',
  summary: 'Open a wallet for a user of the institution',
  callers: ['institution'],
  body: z
    .strictObject({
      user_id: userIdField,
      class: classField,
      kind: kindField,
      ...walletKeyFields,
      request_id: requestIdField,
    })
    .openapi('OpenWalletRequest'),
  messages: { request: 'OpenWalletRequest', answer: 'WalletOpened' },
  answers: { 201: { description: 'The wallet', schema: opened } },
  async run({ caller, origin, body, idempotencyKey }, { gateway, site }) {
    const id = commandIdOf(idempotencyKey, body.request_id)
    const user = userNumberIn(body.user_id, 'user_id')
    const kind = walletKinds[body.kind]
    await visibleUser(gateway, caller, body.user_id)
    const { algorithm, key } = await givenKey(body, body.user_id, id, site)
    const asked = { user, class: body.class, kind, algorithm }
    const taken = await runCommand(gateway, gateway.shardOf(user), {
      op: 'walletOpen',
      caller,
      origin,
      id,
      digest: requestDigest('walletOpen', { ...asked, key: Buffer.from(key).toString('hex') }),
      fields: { ...asked, key },
      instance: `/v1/users/${body.user_id}`,
      fieldOf: {
        'kyc-insufficient': 'class',
        'key-invalid': 'public_key',
        'user-unknown': 'user_id',
        'rule-invalid': 'class',
      },
    })
    const wallet_id = walletIdText(taken.value, kind)
    const of = { class: body.class, kind: body.kind, institution_id: caller.number, key_version: 1 }
    return { status: 201, body: { user_id: body.user_id, wallet_id, ...of } }
  },
})

const wallet = z
  .object({
    user_id: userIdField,
    wallet_id: walletIdField,
    linked_accounts: z.array(linkedAccountSchema),
    balance: yuan,
    held: yuan.openapi({ description: 'Set aside for payees, no longer in the balance' }),
    pending_in: yuan.openapi({ description: 'Recharges under way' }),
    class: classField,
    kind: kindField,
    risk_level: z.int(),
    status: statusField,
    institution_id: z.int(),
    key_version: z.int(),
    limits: z.object({
      balance: yuan.nullable(),
      single: yuan.nullable(),
      day: yuan.nullable(),
      year: yuan.nullable(),
      day_used: yuan,
      year_used: yuan,
    }),
    key_recovery: z
      .object({ started_at: timeField, effective_at: timeField })
      .optional()
      .openapi({ description: 'A new key waits: it will sign from then on, unless the present one objects' }),
    as_of: asOfSchema,
  })
  .openapi('Wallet')

/** The shape of record, and what else is known of the wallet. */
export function walletBody(view: WalletView, asOf: AsOf): Record<string, unknown> {
  const { limits, recovery } = view
  return {
    user_id: userIdText(view.userNumber),
    wallet_id: view.walletId,
    linked_accounts: view.links.filter((link) => link.active).map(linkedAccountBody),
    balance: yuanText(view.balance),
    held: yuanText(view.held),
    pending_in: yuanText(view.pendingIn),
    class: view.class,
    kind: view.kind === walletKinds.merchant ? 'merchant' : 'personal',
    risk_level: view.risk,
    status: view.state,
    institution_id: view.institution,
    key_version: view.keyVersion,
    limits: {
      balance: limitText(limits.balance),
      single: limitText(limits.single),
      day: limitText(limits.day),
      year: limitText(limits.year),
      day_used: yuanText(view.dayOut),
      year_used: yuanText(view.yearOut),
    },
    ...(recovery && {
      key_recovery: { started_at: timeText(recovery.startedMs), effective_at: timeText(recovery.effectiveMs) },
    }),
    as_of: asOfBody(asOf),
  }
}

export const showWallet = operation({
  name: 'showWallet',
  method: 'get',
  path: '/v1/wallets/{wallet_id}',
  tag: 'wallets',
  summary: 'A wallet: balance, linked accounts, limits',
  description: "Read from the shard's memory; `as_of` says how fresh it is.",
  callers: ['wallet', 'institution', 'operator', 'accountant'],
  params: walletParams,
  query: freshQuery,
  messages: { answer: 'Wallet' },
  answers: { 200: { description: 'The wallet', schema: wallet } },
  async run({ caller, params, query }, { gateway }) {
    const { asOf, result } = await readAsAsked(query, (from) => visibleWallet(gateway, caller, params.wallet_id, from))
    return { status: 200, body: walletBody(result, asOf), headers: ageHeaders(asOf) }
  },
})

const changed = z.object({ wallet_id: walletIdField, status: statusField }).openapi('WalletStatusChanged')
const change = z.strictObject({ reason: reasonField, request_id: requestIdField }).openapi('ChangeWalletStatusRequest')

function statusOperation(name: string, action: keyof typeof walletActions, status: string, summary: string) {
  return operation({
    name,
    method: 'post',
    path: `/v1/wallets/{wallet_id}/${action}`,
    tag: 'wallets',
    summary,
    callers: action === 'close' ? ['wallet', 'institution', 'operator'] : ['institution', 'operator'],
    params: walletParams,
    body: change,
    messages: { request: 'ChangeWalletStatusRequest', answer: 'WalletStatusChanged' },
    answers: { 200: { description: 'It is so now', schema: changed } },
    async run({ caller, origin, params, body, idempotencyKey }, { gateway }) {
      const id = commandIdOf(idempotencyKey, body.request_id)
      const { text, ...why } = reasonOf(caller, body.reason)
      const { result } = await visibleWallet(gateway, caller, params.wallet_id)
      await runCommand(gateway, gateway.shardOf(result.number), {
        op: 'walletStatus',
        caller,
        origin,
        id,
        digest: requestDigest('walletStatus', { wallet: result.number, action, ...why }),
        fields: { wallet: result.number, action: walletActions[action] },
        ...(text === undefined ? {} : { text }),
        instance: `/v1/wallets/${params.wallet_id}`,
        fieldOf: { 'wallet-not-empty': 'wallet_id', 'wallet-closed': 'wallet_id', 'wallet-frozen': 'wallet_id' },
      })
      return { status: 200, body: { wallet_id: params.wallet_id, status } }
    },
  })
}

export const walletOperations = [
  openWallet,
  showWallet,
  statusOperation('freezeWallet', 'freeze', 'frozen', 'Freeze a wallet: it can neither pay nor be paid'),
  statusOperation('unfreezeWallet', 'unfreeze', 'open', 'Unfreeze a wallet'),
  statusOperation('closeWallet', 'close', 'closed', 'Close an empty wallet for good'),
]
