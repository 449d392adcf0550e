import { createHash } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import { bucketCount, commandIdText, userIdText } from '../../actors/ledger/ids.ts'
import { actorOf, type Caller, visibleUser } from './caller.ts'
import { commandIdOf, runCommand } from './commandDesk.ts'
import { asOfBody, asOfSchema, requestIdField, userIdField, walletIdField } from './fields.ts'
import { ageHeaders, freshQuery, readAsAsked } from './freshness.ts'
import { legalNameField } from './legalName.ts'
import { maskedName } from './maskedName.ts'
import { operation, type Services } from './operation.ts'
import { reasonField, reasonOf } from './reason.ts'
import { requestDigest } from './requestDigest.ts'

const kycField = z.int().min(1).max(4).openapi({ description: 'Strength of identification, 1 strongest to 4' })
const riskField = z.int().min(0).max(3).openapi({ description: 'Risk level: 0 ordinary to 3 blocked' })
const userParams = z.object({ user_id: userIdField })
/** In the ledger's record: leave what stands. */
const leaveKyc = 0
const leaveRisk = 255
const nothing = new Uint8Array(0)

/** A new user lives in a bucket that the request's id decides, so that every try of it goes to the same shard. */
function bucketFor(institution: number, id: Uint8Array): number {
  return createHash('sha256').update(`${institution}|`).update(id).digest().readUInt32BE(0) % bucketCount
}

/**
 * The part of a command that enters a legal name. The digest knows the name by its fingerprint: every try seals it anew,
 * and what can be guessed must not lie about as a plain hash.
 */
function namePart({ names, vault }: Services, caller: Caller, id: Uint8Array, legalName: string | undefined) {
  if (legalName === undefined) return { digested: {}, sealed: {} as { text?: Uint8Array }, shown: {} }
  const text = names.seal({ actor: actorOf(caller), commandId: id }, legalName)
  const name = Buffer.from(vault.fingerprint(`name|${legalName}`)).toString('hex')
  return { digested: { name }, sealed: { text }, shown: { masked_name: maskedName(legalName) } }
}

const maskedField = z.string().optional().openapi({ description: 'The name that was entered, as payers see it' })
const opened = z
  .object({ user_id: userIdField, kyc_level: kycField, institution_id: z.int(), masked_name: maskedField })
  .openapi('UserOpened')

export const openUser = operation({
  name: 'openUser',
  method: 'post',
  path: '/v1/users',
  tag: 'users',
  summary: 'Enter a user whom the institution has identified',
  callers: ['institution'],
  body: z
    .strictObject({ kyc_level: kycField, legal_name: legalNameField.optional(), request_id: requestIdField })
    .openapi('OpenUserRequest'),
  messages: { request: 'OpenUserRequest', answer: 'UserOpened' },
  answers: { 201: { description: 'The user', schema: opened } },
  async run({ caller, origin, body, idempotencyKey }, services) {
    const { gateway } = services
    const id = commandIdOf(idempotencyKey, body.request_id)
    const bucket = bucketFor(caller.number, id)
    const { digested, sealed, shown } = namePart(services, caller, id, body.legal_name)
    const taken = await runCommand(gateway, gateway.shardOf(bucket), {
      op: 'userOpen',
      caller,
      origin,
      id,
      digest: requestDigest('userOpen', { kyc_level: body.kyc_level, ...digested }),
      fields: { bucket, kyc: body.kyc_level },
      ...sealed,
      instance: `/v1/users#${commandIdText(id)}`,
      fieldOf: { 'kyc-insufficient': 'kyc_level' },
    })
    const user_id = userIdText(taken.value)
    return { status: 201, body: { user_id, kyc_level: body.kyc_level, institution_id: caller.number, ...shown } }
  },
})

const user = z
  .object({
    user_id: userIdField,
    kyc_level: kycField,
    risk_level: riskField,
    institution_id: z.int(),
    wallets: z.array(walletIdField),
    as_of: asOfSchema,
  })
  .openapi('User')

export const showUser = operation({
  name: 'showUser',
  method: 'get',
  path: '/v1/users/{user_id}',
  tag: 'users',
  summary: 'A user and the wallets of the user',
  callers: ['wallet', 'institution', 'operator'],
  params: userParams,
  query: freshQuery,
  messages: { answer: 'User' },
  answers: { 200: { description: 'The user', schema: user } },
  async run({ caller, params, query }, { gateway }) {
    const { asOf, result } = await readAsAsked(query, (from) => visibleUser(gateway, caller, params.user_id, from))
    const { kyc, risk, institution, wallets } = result
    const levels = { kyc_level: kyc, risk_level: risk, institution_id: institution }
    const body = { user_id: params.user_id, ...levels, wallets, as_of: asOfBody(asOf) }
    return { status: 200, body, headers: ageHeaders(asOf) }
  },
})

const updated = z
  .object({
    user_id: userIdField,
    kyc_level: kycField.optional(),
    risk_level: riskField.optional(),
    masked_name: maskedField,
  })
  .openapi('UserUpdated')

export const updateUser = operation({
  name: 'updateUser',
  method: 'patch',
  path: '/v1/users/{user_id}',
  tag: 'users',
  summary: "Change a user's strength of identification, risk level or legal name",
  description: 'A risk level reaches the limits of every wallet of the user in the same step.',
  callers: ['institution', 'operator'],
  params: userParams,
  body: z
    .strictObject({
      kyc_level: kycField.optional(),
      risk_level: riskField.optional(),
      legal_name: legalNameField.optional(),
      reason: reasonField,
      request_id: requestIdField,
    })
    .openapi('UpdateUserRequest'),
  messages: { request: 'UpdateUserRequest', answer: 'UserUpdated' },
  answers: { 200: { description: 'What was changed', schema: updated } },
  async run({ caller, origin, params, body, idempotencyKey }, services) {
    const { gateway } = services
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { text: said = nothing, ...why } = reasonOf(caller, body.reason)
    const { result } = await visibleUser(gateway, caller, params.user_id)
    const { kyc_level: kyc = leaveKyc, risk_level: risk = leaveRisk } = body
    const { digested, sealed, shown } = namePart(services, caller, id, body.legal_name)
    await runCommand(gateway, gateway.shardOf(result.number), {
      op: 'userUpdate',
      caller,
      origin,
      id,
      digest: requestDigest('userUpdate', { user: result.number, kyc, risk, ...digested, ...why }),
      fields: { user: result.number, kyc, risk, reasonLength: said.length },
      text: new Uint8Array([...(sealed.text ?? nothing), ...said]),
      instance: `/v1/users/${params.user_id}`,
    })
    const kycPart = body.kyc_level === undefined ? {} : { kyc_level: body.kyc_level }
    const riskPart = body.risk_level === undefined ? {} : { risk_level: body.risk_level }
    return { status: 200, body: { user_id: params.user_id, ...kycPart, ...riskPart, ...shown } }
  },
})

export const userOperations = [openUser, showUser, updateUser]
