import { z } from '@hono/zod-openapi'
import { principalRoles } from '../../actors/ledger/records.ts'
import { commandIdOf, runCommandEverywhere } from './commandDesk.ts'
import { asOfBody, asOfSchema, requestIdField } from './fields.ts'
import { ageHeaders, freshQuery, readAsAsked } from './freshness.ts'
import { operation } from './operation.ts'
import { reasonField, reasonOf } from './reason.ts'
import { requestDigest } from './requestDigest.ts'

const roleField = z.enum(Object.keys(principalRoles) as ['institution', 'operator'])
const ed25519Field = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be the 32 bytes of an Ed25519 public key in lower-case hex')
  .openapi({
    description: 'Ed25519 public key, 32 bytes in hex',
    example: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  })
const principal = z
  .object({
    key_id: z.string().openapi({ example: 'institution:1' }),
    role: roleField,
    number: z.int().min(1).max(255),
    active: z.boolean(),
    public_key: ed25519Field,
  })
  .openapi('Principal')
const list = z.object({ principals: z.array(principal), as_of: asOfSchema }).openapi('Principals')

/** Principals are entered into every shard; the first is asked. */
const askedShard = 0

export const listPrincipals = operation({
  name: 'listPrincipals',
  method: 'get',
  path: '/v1/principals',
  tag: 'principals',
  summary: 'Institutions and operators that may sign requests',
  callers: ['operator'],
  query: freshQuery,
  messages: { answer: 'Principals' },
  answers: { 200: { description: 'All of them', schema: list } },
  async run({ query }, { gateway }) {
    const { asOf, result } = await readAsAsked(query, (from) =>
      gateway.queries.ask(askedShard, { type: 'principals' as const }, from),
    )
    const principals = result.map(({ number, role, active, publicKey }) => {
      const name = role === principalRoles.operator ? 'operator' : 'institution'
      return {
        key_id: `${name}:${number}`,
        role: name,
        number,
        active,
        public_key: Buffer.from(publicKey).toString('hex'),
      }
    })
    return { status: 200, body: { principals, as_of: asOfBody(asOf) }, headers: ageHeaders(asOf) }
  },
})

export const putPrincipal = operation({
  name: 'putPrincipal',
  method: 'put',
  path: '/v1/principals',
  tag: 'principals',
  summary: 'Enter an institution or operator, change its key, or suspend it',
  callers: ['operator'],
  body: z
    .strictObject({
      role: roleField,
      number: z.int().min(1).max(255),
      active: z.boolean().default(true),
      public_key: ed25519Field,
      reason: reasonField,
      request_id: requestIdField,
    })
    .openapi('PutPrincipalRequest'),
  messages: { request: 'PutPrincipalRequest', answer: 'Principal' },
  answers: { 200: { description: 'Every shard has taken it', schema: principal } },
  async run({ caller, origin, body, idempotencyKey }, { gateway }) {
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { role, number, active, public_key } = body
    const { text, ...why } = reasonOf(caller, body.reason)
    const digest = requestDigest('principalPut', { role, number, active, public_key, ...why })
    const publicKey = new Uint8Array(Buffer.from(public_key, 'hex'))
    const fields = { number, role: principalRoles[role], active: active ? 1 : 0, publicKey }
    const fieldOf = { 'rule-invalid': 'number' } as const
    const plan = {
      op: 'principalPut',
      caller,
      origin,
      id,
      digest,
      fields,
      ...(text === undefined ? {} : { text }),
      instance: '/v1/principals',
      fieldOf,
    } as const
    await runCommandEverywhere(gateway, plan)
    return { status: 200, body: { key_id: `${role}:${number}`, role, number, active, public_key } }
  },
})

export const principalOperations = [listPrincipals, putPrincipal]
