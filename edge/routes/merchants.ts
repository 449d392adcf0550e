import { z } from '@hono/zod-openapi'
import { walletKinds } from '../../actors/ledger/ids.ts'
import type { Refusal } from '../../actors/ledger/refusals.ts'
import type { ReadFrom } from '../gateway/shardQueries.ts'
import { callbackUrlField, checkCallbackUrl } from './callbackUrl.ts'
import { type Caller, visibleWallet } from './caller.ts'
import { commandIdOf, runCommand } from './commandDesk.ts'
import { Failure } from './failure.ts'
import { asOfBody, asOfSchema, requestIdField, timeField, timeText, walletIdField } from './fields.ts'
import { ageHeaders, freshQuery, readAsAsked } from './freshness.ts'
import { encodeMerchantText, type MerchantText, readMerchantText } from './merchantText.ts'
import { operation, type Services } from './operation.ts'
import { requestDigest } from './requestDigest.ts'
import { shownField } from './shownField.ts'

const path = '/v1/merchants/{wallet_id}'
const params = z.object({ wallet_id: walletIdField })
const nameField = shownField(64)

const nameEn = nameField.optional().openapi({ description: 'Name that payers see in English', example: 'Tea House' })
const contact = shownField(128).optional().openapi({ description: 'How payers reach it', example: 'care@shop.example' })
const callbackUrl = callbackUrlField.openapi({
  description: 'Where the merchant is told of orders that name no address of their own',
  example: 'https://shop.example/paid',
})

const merchant = z
  .object({
    wallet_id: walletIdField,
    profile_version: z.int().openapi({ description: 'Counts the profiles; 0 while there is none' }),
    name_zh: z.string().optional().openapi({ example: '茶馆' }),
    name_en: z.string().optional(),
    contact: z.string().optional(),
    callback_url: z.string().optional(),
    changed_at: timeField.optional(),
    secret_generation: z.int().openapi({ description: 'Of the secret that signs what the merchant is told' }),
    secret_rotated_at: timeField.optional(),
    as_of: asOfSchema.optional().openapi({ description: 'Left out where the answer is not a reading' }),
  })
  .openapi('Merchant')

/** The wallet of a merchant that the caller may see. */
export async function visibleMerchant({ gateway }: Services, caller: Caller, walletId: string, from?: ReadFrom) {
  const read = await visibleWallet(gateway, caller, walletId, from)
  if (read.result.kind !== walletKinds.merchant) {
    throw new Failure('merchant-required', { fields: [{ field: 'wallet_id', message: 'is no wallet of a merchant' }] })
  }
  return read
}

export const putMerchant = operation({
  name: 'putMerchant',
  method: 'put',
  path,
  tag: 'merchants',
  summary: 'Set what a merchant says of itself',
  description:
    'The whole profile: what is left out is gone. Payers see the names; all texts together may be 1,024 bytes.',
  callers: ['wallet', 'institution'],
  params,
  body: z
    .strictObject({
      name_zh: nameField.openapi({ description: 'Name that payers see in Chinese', example: '茶馆' }),
      name_en: nameEn,
      contact,
      callback_url: callbackUrl,
      request_id: requestIdField,
    })
    .openapi('PutMerchantRequest'),
  messages: { request: 'PutMerchantRequest', answer: 'Merchant' },
  answers: { 200: { description: 'The profile holds', schema: merchant } },
  async run({ caller, origin, params: { wallet_id }, body, idempotencyKey }, services) {
    const { gateway } = services
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { name_zh, name_en, contact, callback_url } = body
    checkCallbackUrl(callback_url, services)
    const texts: MerchantText = {
      name_zh,
      ...(name_en === undefined ? {} : { name_en }),
      ...(contact === undefined ? {} : { contact }),
      ...(callback_url === undefined ? {} : { callback_url }),
    }
    const text = encodeMerchantText(texts)
    const wallet = (await visibleWallet(gateway, caller, wallet_id)).result.number
    const fieldOf: Partial<Record<Refusal, string>> = { 'merchant-required': 'wallet_id', 'wallet-closed': 'wallet_id' }
    const taken = await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'merchantPut',
      caller,
      origin,
      id,
      digest: requestDigest('merchantPut', { wallet, ...texts }),
      fields: { wallet, textLength: text.length },
      text,
      instance: `/v1/merchants/${wallet_id}`,
      fieldOf,
    })
    const { result } = await gateway.ask(wallet, { type: 'merchant', wallet }, 'owner')
    const changed = { profile_version: taken.value, changed_at: timeText(taken.executed.timeMs) }
    return { status: 200, body: { wallet_id, ...changed, ...texts, ...secretBody(result) } }
  },
})

function secretBody(view: { secretGeneration: number; rotatedMs: number } | null) {
  const { secretGeneration, rotatedMs } = view ?? { secretGeneration: 1, rotatedMs: 0 }
  return {
    secret_generation: secretGeneration,
    ...(rotatedMs === 0 ? {} : { secret_rotated_at: timeText(rotatedMs) }),
  }
}

async function findMerchant(services: Services, wallet: number, wallet_id: string, from: ReadFrom) {
  const { asOf, result } = await services.gateway.ask(wallet, { type: 'merchant', wallet }, from)
  const written = await services.journal.merchant(wallet)
  const record = written.kind === 'found' ? written.record : undefined
  // The text of an earlier profile is not this one's.
  const same = record !== undefined && record.profileVersion === result?.profileVersion
  const texts = readMerchantText(same ? record.content : undefined)
  const version = result?.profileVersion ?? 0
  const changed = version === 0 ? {} : { changed_at: timeText(result!.changedMs) }
  const body = { wallet_id, profile_version: version, ...texts, ...changed, ...secretBody(result) }
  return { body: { ...body, as_of: asOfBody(asOf) }, headers: ageHeaders(asOf) }
}

export const showMerchant = operation({
  name: 'showMerchant',
  method: 'get',
  path,
  tag: 'merchants',
  summary: 'What a merchant says of itself',
  description:
    "Its version is read from the shard's memory; names, contact and callback come from the journal, and are left out until it has followed.",
  callers: ['wallet', 'institution', 'operator'],
  params,
  query: freshQuery,
  messages: { answer: 'Merchant' },
  answers: { 200: { description: 'The merchant', schema: merchant } },
  async run({ caller, params: { wallet_id }, query }, services) {
    const { result } = await visibleMerchant(services, caller, wallet_id)
    const read = (from: ReadFrom) => findMerchant(services, result.number, wallet_id, from)
    return { status: 200, ...(await readAsAsked(query, read)) }
  },
})

export const merchantOperations = [putMerchant, showMerchant]
