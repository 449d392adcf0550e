import { z } from '@hono/zod-openapi'
import { merchantUsersMax } from '../../actors/ledger/merchantUserTable.ts'
import type { MerchantUserView } from '../../actors/ledger/merchantUserViews.ts'
import { keyAlgorithms, merchantRoles } from '../../actors/ledger/records.ts'
import type { ReadFrom } from '../gateway/shardQueries.ts'
import { type Caller, subUserRoles } from './caller.ts'
import { commandIdOf, runCommand } from './commandDesk.ts'
import { badField, Failure } from './failure.ts'
import {
  amountField,
  asOfBody,
  asOfSchema,
  countField,
  requestIdField,
  timeField,
  timeText,
  walletIdField,
  yuanText,
} from './fields.ts'
import { ageHeaders, freshQuery, readAsAsked } from './freshness.ts'
import type { JournalMerchantUser } from './journal.ts'
import { visibleMerchant } from './merchants.ts'
import { operation, type Services } from './operation.ts'
import { requestDigest } from './requestDigest.ts'
import { shownField } from './shownField.ts'
import { publicKeyField } from './walletKeyField.ts'

const path = '/v1/merchants/{wallet_id}/users'
const ofMerchant = z.object({ wallet_id: walletIdField })
const userNoField = countField(merchantUsersMax)
const ofUser = z.object({ wallet_id: walletIdField, user_no: userNoField })
const roleField = z.enum(subUserRoles).openapi({
  description:
    'cashier: makes orders without splits, closes and reads orders and their codes; refunder: that and refunds up to its limit; accountant: reads orders, refunds, statements, entries, balance and what the merchant was told',
})
const limitField = z.string().optional().openapi({
  description: 'Yuan that a refunder may send back in one refund',
  example: '200.00',
})
const labelField = shownField(40)
  .optional()
  .openapi({ description: 'What the merchant calls it; kept sealed', example: 'Till 2' })
const versionField = z.int().openapi({ description: 'Counts how often the number was given a key' })

const user = z
  .object({
    user_no: z.int(),
    version: versionField,
    keyid: z.string().openapi({ description: 'What its signatures name', example: 'M1048576/users/2' }),
    role: roleField,
    refund_limit: limitField,
    public_key: z.string(),
    label: labelField,
    changed_at: timeField,
  })
  .openapi('MerchantUser')

type Shown = Pick<MerchantUserView, 'number' | 'version' | 'role' | 'limit' | 'key' | 'changedMs'>

const roleBody = ({ role, limit }: Pick<MerchantUserView, 'role' | 'limit'>) => ({
  role,
  ...(role === 'refunder' ? { refund_limit: yuanText(limit) } : {}),
})

function userBody(walletId: string, shown: Shown, label: string | undefined): Record<string, unknown> {
  const { number, version, key, changedMs } = shown
  return {
    user_no: number,
    version,
    keyid: `${walletId}/users/${number}`,
    ...roleBody(shown),
    public_key: Buffer.from(key).toString('hex'),
    ...(label === undefined ? {} : { label }),
    changed_at: timeText(changedMs),
  }
}

/** What a merchant called its sub-user; nothing where the journal does not know it, or it was sealed for another. */
function labelOf({ labels }: Services, merchant: number, { number, label }: JournalMerchantUser) {
  if (label === undefined) return undefined
  try {
    return labels.open({ merchant, number, commandId: label.commandId }, label.sealed)
  } catch {
    return undefined
  }
}

export const putMerchantUser = operation({
  name: 'putMerchantUser',
  method: 'put',
  path: `${path}/{user_no}`,
  tag: 'merchants',
  summary: 'Give one of the merchant’s people or tills a key of its own',
  description:
    'Signed by the merchant’s own key, which alone enters, changes and removes sub-users, 32 at most. The whole of it: a new key, role, limit or label takes the place of the old one, and what the old key signs counts no more. Its requests are signed with `keyid="<wallet_id>/users/<user_no>"` on P-256; a passkey is none of a sub-user’s. When the merchant’s own key is revoked or recovered, all its sub-users are removed.',
  callers: ['wallet'],
  params: ofUser,
  body: z
    .strictObject({
      role: roleField,
      public_key: publicKeyField,
      refund_limit: amountField
        .optional()
        .openapi({ description: 'Yuan that a refunder may send back in one refund', example: '200.00' }),
      label: labelField,
      request_id: requestIdField,
    })
    .openapi('PutMerchantUserRequest'),
  example: {
    role: 'refunder',
    public_key: '036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296',
    refund_limit: '200.00',
    label: 'Till 2',
    request_id: '019aa3b4-5c00-7000-8000-000000000001',
  },
  messages: { request: 'PutMerchantUserRequest', answer: 'MerchantUser' },
  answers: { 200: { description: 'It may sign from now on', schema: user } },
  async run({ caller, origin, params: { wallet_id, user_no: number }, body, idempotencyKey }, services) {
    const { gateway } = services
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { role, public_key: key, label } = body
    const limit = limitIn(role, body.refund_limit)
    const { result } = await visibleMerchant(services, caller, wallet_id)
    const wallet = result.number
    const { text, fingerprint } = labelPart(services, wallet, number, id, label)
    const hex = Buffer.from(key).toString('hex')
    const taken = await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'merchantUserPut',
      caller,
      origin,
      id,
      digest: requestDigest('merchantUserPut', { wallet, number, role, limit, key: hex, label: fingerprint }),
      fields: {
        wallet,
        number,
        role: merchantRoles[role],
        limit,
        algorithm: keyAlgorithms.ecdsaP256,
        key,
        textLength: text.length,
      },
      text,
      instance: userPath(wallet_id, number),
      fieldOf: { 'merchant-required': 'wallet_id', 'key-invalid': 'public_key', 'amount-invalid': 'refund_limit' },
    })
    const entered = { number, version: taken.value, role, limit, key, changedMs: taken.executed.timeMs }
    return { status: 200, body: userBody(wallet_id, entered, label) }
  },
})

const userPath = (walletId: string, number: number): string => `/v1/merchants/${walletId}/users/${number}`

function limitIn(role: Caller['role'], limit: number | undefined): number {
  if (role !== 'refunder' && limit !== undefined) throw badField('refund_limit', 'is for refunders alone')
  if (role === 'refunder' && limit === undefined) {
    throw new Failure('field-missing', { fields: [{ field: 'refund_limit', message: 'is needed for a refunder' }] })
  }
  return limit ?? 0
}

/** The digest knows a label by its fingerprint: every try seals it anew, and what can be guessed must not lie about. */
function labelPart({ labels, vault }: Services, merchant: number, number: number, commandId: Uint8Array, label = '') {
  if (label === '') return { text: new Uint8Array(0), fingerprint: '' }
  const fingerprint = Buffer.from(vault.fingerprint(`label|${label}`)).toString('hex')
  return { text: labels.seal({ merchant, number, commandId }, label), fingerprint }
}

const list = z.object({ wallet_id: walletIdField, users: z.array(user), as_of: asOfSchema }).openapi('MerchantUserList')

async function findUsers(services: Services, wallet: number, wallet_id: string, from: ReadFrom) {
  const { asOf, result } = await services.gateway.ask(wallet, { type: 'merchantUsers', wallet }, from)
  const written = await services.journal.merchantUsers(wallet)
  const records = written.kind === 'found' ? written.record : []
  const users = result.map((shown) => {
    // The label of one who had the number before is not this one's.
    const record = records.find(({ number, version }) => number === shown.number && version === shown.version)
    return userBody(wallet_id, shown, record && labelOf(services, wallet, record))
  })
  return { body: { wallet_id, users, as_of: asOfBody(asOf) }, headers: ageHeaders(asOf) }
}

export const listMerchantUsers = operation({
  name: 'listMerchantUsers',
  method: 'get',
  path,
  tag: 'merchants',
  summary: 'Who may sign for a merchant beside its own key',
  description:
    "Read from the shard's memory; labels come from the journal, and are left out until it has followed. Sub-users themselves do not see one another.",
  callers: ['wallet', 'institution', 'operator'],
  params: ofMerchant,
  query: freshQuery,
  messages: { answer: 'MerchantUserList' },
  answers: { 200: { description: 'Those that may sign now, by number', schema: list } },
  async run({ caller, params: { wallet_id }, query }, services) {
    const { result } = await visibleMerchant(services, caller, wallet_id)
    const read = (from: ReadFrom) => findUsers(services, result.number, wallet_id, from)
    return { status: 200, ...(await readAsAsked(query, read)) }
  },
})

const entered = z
  .object({
    version: versionField,
    role: roleField,
    refund_limit: limitField,
    label: labelField,
    status: z.enum(['active', 'replaced', 'removed']),
    changed_at: timeField.openapi({ description: 'When it was entered, or of one that was removed when that was' }),
  })
  .openapi('MerchantUserEntry')
const history = z
  .object({ wallet_id: walletIdField, user_no: z.int(), entries: z.array(entered) })
  .openapi('MerchantUserHistory')

function entryBody(services: Services, merchant: number, record: JournalMerchantUser, newest: boolean) {
  const { version, removed, changedMs } = record
  const label = labelOf(services, merchant, record)
  return {
    version,
    ...roleBody(record),
    ...(label === undefined ? {} : { label }),
    status: removed ? 'removed' : newest ? 'active' : 'replaced',
    changed_at: timeText(changedMs),
  }
}

const noUser = (): Failure =>
  new Failure('merchant-user-unknown', { fields: [{ field: 'user_no', message: 'nobody ever had this number' }] })

export const showMerchantUser = operation({
  name: 'showMerchantUser',
  method: 'get',
  path: `${path}/{user_no}`,
  tag: 'merchants',
  summary: 'Who ever had a sub-user’s number, newest first',
  description:
    'What `by` of an order or a refund means: its version stands here, also once it was removed. From the journal; 503 while that is away.',
  callers: ['wallet', 'institution', 'operator'],
  params: ofUser,
  messages: { answer: 'MerchantUserHistory' },
  answers: { 200: { description: 'All that was entered under the number', schema: history } },
  async run({ caller, params: { wallet_id, user_no } }, services) {
    const { result } = await visibleMerchant(services, caller, wallet_id)
    const found = await services.journal.merchantUsers(result.number, user_no)
    if (found.kind === 'away') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const records = found.kind === 'found' ? found.record : []
    if (records.length === 0) throw noUser()
    const entries = records.map((record, n) => entryBody(services, result.number, record, n === 0))
    return { status: 200, body: { wallet_id, user_no, entries } }
  },
})

const removed = z
  .object({ wallet_id: walletIdField, user_no: z.int(), status: z.literal('removed') })
  .openapi('MerchantUserRemoved')

export const removeMerchantUser = operation({
  name: 'removeMerchantUser',
  method: 'delete',
  path: `${path}/{user_no}`,
  tag: 'merchants',
  summary: 'Take a sub-user’s key away',
  description: 'From this position of the log on it does nothing more, in either region. By the merchant’s own key.',
  callers: ['wallet'],
  params: ofUser,
  messages: { answer: 'MerchantUserRemoved' },
  answers: { 200: { description: 'It may sign no more', schema: removed } },
  async run({ caller, origin, params: { wallet_id, user_no: number }, idempotencyKey }, services) {
    const { gateway } = services
    const id = commandIdOf(idempotencyKey, undefined)
    const { result } = await visibleMerchant(services, caller, wallet_id)
    const wallet = result.number
    await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'merchantUserRemove',
      caller,
      origin,
      id,
      digest: requestDigest('merchantUserRemove', { wallet, number }),
      fields: { wallet, number },
      instance: userPath(wallet_id, number),
      fieldOf: { 'merchant-user-unknown': 'user_no' },
    })
    return { status: 200, body: { wallet_id, user_no: number, status: 'removed' } }
  },
})

export const merchantUserOperations = [putMerchantUser, listMerchantUsers, showMerchantUser, removeMerchantUser]
