import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { payLinkStateSchema } from '../pay/payLinkState.ts'
import { problems } from '../problem.ts'
import { addRequestExamples, writePatternsPlainly } from './documentText.ts'
import type { Operation } from './operation.ts'
import { paymentRequestSchema, paymentSchema } from './payments.ts'

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().openapi({ description: 'Short form for programs', example: 'INSUFFICIENT_BALANCE' }),
    reason: z.enum(Object.keys(problems) as [string, ...string[]]).openapi({ description: 'Name in the closed list' }),
    detail: z.string().optional(),
    instance: z.string().optional(),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .openapi({ description: 'Which part of the request is wrong' }),
  })
  .openapi('Problem', { description: 'RFC 9457 problem, in Chinese or English by Accept-Language' })

const batchSchema = z
  .object({
    batch_id: z.string(),
    status: z.enum(['completed', 'partly_refused', 'refused', 'pending']),
    count: z.int(),
    completed: z.int(),
    refused: z.int(),
    pending: z.int(),
    outcomes: z
      .array(
        z.object({
          from: z.int(),
          to: z.int(),
          outcome: z.enum(['completed', 'refused', 'pending', 'unknown']),
          code: z.string().optional(),
          reason: z.string().optional(),
        }),
      )
      .openapi({ description: 'Records in a row that ended alike, from and to inclusive' }),
  })
  .openapi('Batch')

const media = ['application/json', 'application/x-protobuf'] as const
type Path = Parameters<OpenAPIHono['openAPIRegistry']['registerPath']>[0]

const contentOf = (schema: z.ZodType, example?: object) =>
  Object.fromEntries(
    media.map((type) => [type, { schema, ...(example === undefined || type !== media[0] ? {} : { example }) }]),
  )

export const refusedAnswer = {
  description: 'Refused, or not possible now: the problem says why',
  content: { 'application/problem+json': { schema: problemSchema } },
}

const traceHeaders = z.object({
  'x-device-fingerprint': z.string().optional().openapi({ description: 'What tells the device again; kept hashed' }),
  'x-geo-location': z.string().optional().openapi({ description: '"latitude,longitude" in degrees' }),
})
const commandHeaders = traceHeaders.extend({
  'idempotency-key': z
    .string()
    .optional()
    .openapi({ description: 'Id of the command, the same on every try; or request_id in the body' }),
})

const pendingSchema = z
  .looseObject({
    request_id: z.string().optional(),
    status: z.string().optional().openapi({ example: 'pending' }),
    status_url: z.string().openapi({ description: 'Where to ask' }),
  })
  .openapi('Pending', {
    description: 'The outcome is not known yet: ask again under the same id. It is named as the request named it.',
  })

/** Enters one operation into the document that /openapi.json serves. */
export function describe(app: OpenAPIHono, operation: Operation): void {
  const {
    method,
    path,
    tag,
    summary,
    description,
    callers,
    params,
    query,
    body,
    example,
    answers,
    media = [],
  } = operation
  const further = Object.fromEntries(media.map((type) => [type, { schema: { type: 'string' } as const }]))
  const responses: Record<string, object> = { default: refusedAnswer }
  // Every command goes through a log, and may be answered before its outcome is known.
  if (method !== 'get') responses[202] = { description: 'Not known yet', content: contentOf(pendingSchema) }
  for (const [status, { description: text, schema }] of Object.entries(answers)) {
    responses[status] = { description: text, content: { ...contentOf(schema), ...further } }
  }
  const request = {
    ...(params === undefined ? {} : { params }),
    ...(query === undefined ? {} : { query }),
    ...(method === 'get' ? {} : { headers: commandHeaders }),
    ...(body === undefined ? {} : { body: { content: contentOf(body, example), required: true } }),
  }
  app.openAPIRegistry.registerPath({
    method,
    path,
    operationId: operation.name,
    tags: [tag],
    summary,
    description: `${description ?? ''}${description ? ' ' : ''}Callers: ${callers.join(', ')}.`,
    security: [{ httpMessageSignature: [] }],
    request,
    responses,
  } as Path)
}

/** The hot path is bound by hand, and documented like the others. */
export function describePayment(app: OpenAPIHono): void {
  app.openAPIRegistry.registerPath({
    method: 'post',
    path: '/v1/payments',
    operationId: 'submitPayment',
    tags: ['payments'],
    summary: 'Pay: debit the payer, credit the payee',
    description:
      'Signed by the payer in the body; needs no other authentication. The same id and body gets the same answer, byte for byte once it is final; the same id with another body gets 409 and does nothing. 202 when the outcome is not known in time: ask at status_url, or send the same request again.',
    security: [],
    request: { headers: traceHeaders, body: { content: contentOf(paymentRequestSchema), required: true } },
    responses: {
      200: { description: 'Debited and credited', content: contentOf(paymentSchema) },
      202: { description: 'Not known yet', content: contentOf(paymentSchema) },
      default: refusedAnswer,
    },
  } as Path)
}

/** Whoever holds a link may ask what is to be paid by it. */
export function describePayLink(app: OpenAPIHono): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/v1/pay-links/{token}',
    operationId: 'showPayLink',
    tags: ['orders'],
    summary: 'What a QR code asks to pay',
    description:
      'The token is the last part of the address in the code. Needs no signature: who holds the code may know what it says. 404 for one that this installation has not made, 410 for one whose time is over.',
    security: [],
    request: { params: z.object({ token: z.string().openapi({ example: 'AAAAB3…' }) }) },
    responses: {
      200: { description: 'What is to be paid', content: contentOf(payLinkStateSchema) },
      default: refusedAnswer,
    },
  } as Path)
}

const bytesSchema = { schema: { type: 'string', format: 'binary' } } as const

const batchExample = [
  { batch_id: '019aa3b4-5c00-7000-8000-000000000001', requested_at: '2026-11-24T08:00:00.000Z' },
  { payer_wallet: 'W1048576', payee_wallet: 'M1048577', amount: '1.00', authorisation: 7 },
  { payer_wallet: 'W1048576', payee_wallet: 'M1048577', amount: '2.50', authorisation: 7 },
]
  .map((line) => `${JSON.stringify(line)}\n`)
  .join('')

/** So is the batch, whose forms are no messages. */
export function describeBatch(app: OpenAPIHono): void {
  const reply = {
    'application/json': { schema: batchSchema },
    'application/vnd.jiaozi.batch-outcomes': bytesSchema,
  }
  app.openAPIRegistry.registerPath({
    method: 'post',
    path: '/v1/payment-batches',
    operationId: 'submitBatch',
    tags: ['payments'],
    summary: 'Up to 8,000 payments of an institution’s own wallets, signed once',
    description:
      'Binary: the log’s own header and records (see the frame layout), digest and token zero; or a line of JSON for the header (batch_id, requested_at, atomic) and one a record (payer_wallet, payee_wallet, amount, authorisation). Each record is judged by itself; atomic batches of one shard are carried out whole or not at all. The same batch_id and body gets the same outcomes, another body 409, and nothing of it is done. 202 while records are pending: send it again. What was asked long ago is answered from the journal: 503 while it has not come so far, 410 for what was never executed. Callers: institution.',
    security: [{ httpMessageSignature: [] }],
    request: {
      headers: traceHeaders,
      body: {
        required: true,
        content: {
          'application/vnd.jiaozi.batch': bytesSchema,
          'application/x-ndjson': { schema: z.string(), example: batchExample },
        },
      },
    },
    responses: {
      200: { description: 'Every outcome is final; some may be refusals', content: reply },
      202: { description: 'Some outcomes are not known yet', content: reply },
      default: refusedAnswer,
    },
  } as Path)
}

/** The document as served. */
export function documentOf(app: OpenAPIHono, version: string): object {
  app.openAPIRegistry.registerComponent('securitySchemes', 'httpMessageSignature', {
    type: 'http',
    scheme: 'signature',
    description:
      'HTTP Message Signatures (RFC 9421) over @method, @path, @query and, where the request has them, content-digest (RFC 9530) and idempotency-key, created within 5 minutes of now. keyid: a wallet id or that of a merchant’s sub-user, <wallet_id>/users/N (ecdsa-p256-sha256), institution:N or operator:N (ed25519).',
  })
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Jiaozi',
      version,
      description: 'Digital-yuan wallets, payments, recharge and redemption. Amounts are decimal strings in yuan.',
    },
  })
  writePatternsPlainly(document)
  addRequestExamples(document)
  return document
}
