import type { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { SignedMessage } from '../auth/httpSignatures.ts'
import { answerTypeOf, type MediaType, mediaTypeOf, readBody } from '../content.ts'
import { languageOf } from '../problem.ts'
import { readJson } from '../wire/strictJson.ts'
import type { Authentication } from './authentication.ts'
import { Failure } from './failure.ts'
import type { Operation, Services } from './operation.ts'
import { addressBytes, callerAddress, deviceBytes, type Origin, parsePlace } from './origin.ts'
import { type Outcome, outcomeOf } from './problemResponse.ts'

/** What the web side of the API needs. */
export type Web = {
  readonly services: Services
  readonly authentication: Authentication
  /** Addresses of proxies whose X-Forwarded-For is believed. */
  readonly proxies: ReadonlySet<string>
  readonly onFault: (what: string, error: unknown) => void
  readonly onAnswered: (operation: string, status: number, ms: number) => void
}

const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'strict-transport-security': 'max-age=63072000',
}

/** Binds one operation to its path. */
export function bind(app: OpenAPIHono, web: Web, operation: Operation): void {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1')
  app.on(operation.method.toUpperCase(), path, (c) => answer(web, operation.name, c, () => perform(web, operation, c)))
}

/** Runs a handler and makes a response of whatever it came to. */
export async function answer(web: Web, name: string, c: Context, work: () => Promise<Outcome>): Promise<Response> {
  const beganMs = performance.now()
  let outcome: Outcome
  try {
    outcome = await work()
  } catch (error) {
    outcome = outcomeOf(error, languageOf(c.req.header('accept-language')), web.onFault)
  }
  web.onAnswered(name, outcome.status, performance.now() - beganMs)
  return encode(outcome, formOf(c))
}

/** The form of the answer; what cannot be given is given as JSON, so that the client learns why. */
export function formOf(c: Context): MediaType {
  const request = mediaTypeOf(c.req.header('content-type')) ?? 'json'
  return answerTypeOf(c.req.header('accept'), request) ?? 'json'
}

function encode({ status, body, headers, problem }: Outcome, _form: MediaType): Response {
  const type = problem ? 'application/problem+json' : 'application/json'
  const all = { ...securityHeaders, ...headers, 'content-type': type }
  return new Response(JSON.stringify(body), { status, headers: all })
}

async function perform(web: Web, operation: Operation, c: Context): Promise<Outcome> {
  if (answerTypeOf(c.req.header('accept'), 'json') === undefined) throw new Failure('not-acceptable')
  const bytes = await readBody(c.req.raw)
  const caller = await web.authentication.callerOf(signedMessage(c), bytes, web.services.nowMs())
  if (!operation.callers.includes(caller.role)) throw new Failure('not-allowed')
  const params = check(operation.params, c.req.param(), '')
  const query = check(operation.query, c.req.query(), '')
  const body = operation.body === undefined ? undefined : check(operation.body, membersOf(c, bytes), '')
  const idempotencyKey = c.req.header('idempotency-key')
  const origin = originOf(c, web.proxies, undefined, undefined)
  const asked = { caller, origin, params, query, body, idempotencyKey }
  const { status, body: answered, headers = {} } = await operation.run(asked as never, web.services)
  return { status, body: answered, headers, problem: false }
}

/** A body's members, whatever form they came in. An empty body is an object without members. */
export function membersOf(c: Context, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  if (bytes.length === 0) return {}
  const type = mediaTypeOf(c.req.header('content-type'))
  if (type === undefined) {
    const fields = [{ field: 'Content-Type', message: 'must be application/json or application/x-protobuf' }]
    throw new Failure('media-type-unsupported', { fields })
  }
  const value = readJson(bytes)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new Failure('malformed-json', { detail: 'The body must be an object.' })
  }
  return value
}

function check(schema: z.ZodType | undefined, value: unknown, at: string): unknown {
  if (schema === undefined) return {}
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.map(({ path, message }) => ({ field: at + fieldPath(path), message }))
  const given = value as Record<string, unknown>
  const missing = parsed.error.issues.every(({ path }) => path.length === 1 && given[String(path[0])] === undefined)
  throw new Failure(missing ? 'field-missing' : 'field-invalid', { fields })
}

function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}${text === '' ? '' : '.'}${String(step)}`),
    '',
  )
}

function signedMessage(c: Context): SignedMessage {
  const headers: Record<string, string> = {}
  c.req.raw.headers.forEach((value, name) => {
    headers[name] = value
  })
  return { method: c.req.method, url: new URL(c.req.url), headers }
}

/**
 * Where the request came from. What the body says of device and place counts where the headers say nothing.
 * @throws Failure that names the place when it is none
 */
export function originOf(
  c: Context,
  proxies: ReadonlySet<string>,
  device: string | undefined,
  place: string | undefined,
): Origin {
  const socket = (c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming?.socket
  const address = callerAddress(socket?.remoteAddress ?? '', c.req.header('x-forwarded-for'), proxies)
  const header = c.req.header('x-geo-location')
  const parsed = parsePlace(header ?? place)
  if (parsed === undefined) {
    const field = header === undefined ? 'geo_location' : 'X-Geo-Location'
    throw new Failure('field-invalid', { fields: [{ field, message: 'must be "latitude,longitude" in degrees' }] })
  }
  return { ip: addressBytes(address), device: deviceBytes(c.req.header('x-device-fingerprint') ?? device), ...parsed }
}
