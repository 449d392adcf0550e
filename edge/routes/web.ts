import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { SignedMessage } from '../auth/httpSignatures.ts'
import { rateHeaders } from '../auth/rateHeaders.ts'
import type { Admission, RateLimits } from '../auth/rateLimits.ts'
import type { Console } from '../console/consolePages.ts'
import type { Person } from '../console/sessions.ts'
import { answerTypeOf, BodyCutOff, type MediaType, mediaTypeOf, namedTypeOf, readBody } from '../content.ts'
import type { Development } from '../pay/walletPages.ts'
import { languageOf } from '../problem.ts'
import type { LiveStreams } from '../region/liveStream.ts'
import { readMessage, writeMessage } from '../wire/protobuf.ts'
import { readJson } from '../wire/strictJson.ts'
import type { Authentication } from './authentication.ts'
import { actsForWallet, type Caller } from './caller.ts'
import { badField, Failure, shownName } from './failure.ts'
import type { MediaBody, Operation, Services } from './operation.ts'
import { addressBytes, callerAddress, deviceBytes, type Origin, parsePlace } from './origin.ts'
import { type Outcome, outcomeOf } from './problemResponse.ts'

/** What the web side of the API needs. */
export type Web = {
  readonly services: Services
  /** Only in development. */
  readonly development?: Development | undefined
  readonly authentication: Authentication
  readonly limits: RateLimits
  /** Addresses of proxies whose X-Forwarded-For is believed. */
  readonly proxies: ReadonlySet<string>
  readonly onFault: (what: string, error: unknown) => void
  readonly live: LiveStreams
  readonly onAnswered: (operation: string, status: number, ms: number, reason: string) => void
  /** The operator console; absent where nobody has said how people log in. */
  readonly console?: Console
  readonly onLogin?: (person: Person) => void
}

/** What a handler reads of a request besides its body. Hono's context is one. */
export type Call = { readonly req: { header(name: string): string | undefined }; readonly env: unknown }

/** A response that is only to be written. */
type Reply = {
  readonly status: number
  readonly headers: Record<string, string>
  readonly content: MediaBody['content']
}

const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'strict-transport-security': 'max-age=63072000',
}

/** What becomes known of a request while it is handled, and is told with any answer, a refusal too. */
export type Known = {
  caller?: { readonly role: string; readonly number: number }
  /** Of the console, when it asks. */
  session?: Caller['console']
  looksUp?: boolean
}

/** Binds one operation to its path. */
export function bind(app: OpenAPIHono, web: Web, operation: Operation): void {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1')
  const { name, messages } = operation
  app.on(operation.method.toUpperCase(), path, (c) =>
    answer(web, name, messages.answer, c, (known) => perform(web, operation, c, known)),
  )
}

/** As `replyTo`, for Hono. */
export async function answer(...asked: Parameters<typeof replyTo>): Promise<Response> {
  const { status, headers, content } = await replyTo(...asked)
  return new Response(content, { status, headers })
}

/** Runs a handler and makes a reply of whatever it came to. @param message the .proto's name of the answer */
export async function replyTo(
  web: Web,
  name: string,
  message: string,
  c: Call,
  work: (known: Known) => Promise<Outcome>,
): Promise<Reply> {
  const beganMs = performance.now()
  const ip = addressBytes(addressOf(c, web.proxies))
  const known: Known = {}
  let outcome: Outcome
  try {
    admit(web.limits.address(ip))
    outcome = await work(known)
  } catch (error) {
    // Nobody reads this, and nothing failed here: it counts neither as an answer nor as a fault.
    if (error instanceof BodyCutOff) return { status: 400, headers: {}, content: '' }
    outcome = outcomeOf(error, languageOf(c.req.header('accept-language')), web.onFault)
  }
  const reason = outcome.problem ? String(outcome.body.reason) : ''
  web.onAnswered(name, outcome.status, performance.now() - beganMs, reason)
  const limits = rateHeaders(web.limits.standings(ip, known.caller, known.looksUp))
  const cookie = known.session && { 'set-cookie': known.session.renewed }
  return encode({ ...outcome, headers: { ...limits, ...cookie, ...outcome.headers } }, formOf(c), message)
}

/** @throws Failure that says when to try again */
export function admit(admission: Admission): void {
  if (!admission.admitted) throw new Failure('rate-limited', { retryAfterS: admission.retryAfterS })
}

/** The form of the answer; what cannot be given is given as JSON, so that the client learns why. */
function formOf(c: Call): MediaType {
  const request = mediaTypeOf(c.req.header('content-type')) ?? 'json'
  return answerTypeOf(c.req.header('accept'), request) ?? 'json'
}

function encode(outcome: Outcome, form: MediaType, answer: string): Reply {
  const { status, body, headers, problem, message, bytes } = outcome
  const reply = (type: string, content: Reply['content']): Reply => {
    return { status, headers: { ...securityHeaders, ...headers, 'content-type': type }, content }
  }
  if (bytes !== undefined) return reply(bytes.type, bytes.content)
  if (problem) return reply('application/problem+json', JSON.stringify(body))
  if (form === 'json') return reply('application/json', JSON.stringify(body))
  return reply('application/x-protobuf', writeMessage(message ?? answer, body))
}

/** @throws Failure when no answer could be given in a form that the client takes */
export function checkAccept(c: Call): void {
  if (answerTypeOf(c.req.header('accept'), 'json') !== undefined) return
  const fields = [{ field: 'Accept', message: 'must take application/json or application/x-protobuf' }]
  throw new Failure('not-acceptable', { fields })
}

async function perform(web: Web, operation: Operation, c: Context, known: Known): Promise<Outcome> {
  const media = namedTypeOf(c.req.header('accept'), operation.media ?? [])
  if (media === undefined) checkAccept(c)
  const bytes = await readBody(c.req.raw)
  const caller = await callerOf(web, operation, c, bytes)
  const { role, number } = caller
  known.looksUp = operation.budget === 'lookup'
  // Whoever signs for a wallet takes from what the wallet may ask.
  const budget = actsForWallet(caller) ? 'wallet' : role
  known.caller = { role: budget, number }
  known.session = caller.console
  admit(budget === 'wallet' ? web.limits.wallet(number) : web.limits.principal(role, number))
  if (!operation.callers.includes(role)) throw new Failure('not-allowed')
  if (operation.budget === 'lookup') admit(web.limits.lookup(budget, number))
  const params = check(operation.params, c.req.param())
  const query = check(operation.query ?? noQuery, queryOf(c))
  const message = operation.messages.request
  const body = operation.body === undefined ? undefined : check(operation.body, membersOf(c, bytes, message))
  const idempotencyKey = c.req.header('idempotency-key')
  const origin = originOf(c, web.proxies, undefined, undefined)
  const header = (name: string): string | undefined => c.req.header(name)
  const asked = { caller, origin, params, query, body, idempotencyKey, media, header }
  const { status, body: answered, headers = {}, bytes: other } = await operation.run(asked as never, web.services)
  return { status, body: answered, headers, problem: false, ...(other && { bytes: other }) }
}

/** By a session of the console, or else by the request's signature. */
export async function callerOf(
  web: Web,
  operation: Pick<Operation, 'name' | 'method'>,
  c: Context,
  bytes: Uint8Array,
): Promise<Caller> {
  const inConsole = await web.console?.sessions.callerOf(c, operation)
  return inConsole ?? web.authentication.callerOf(signedMessage(c), bytes, web.services.nowMs())
}

/**
 * A body's members, whatever form they came in. An empty body is an object without members.
 * @param message the .proto's name of the request
 */
export function membersOf(c: Call, bytes: Uint8Array, message: string | undefined): Readonly<Record<string, unknown>> {
  if (bytes.length === 0) return {}
  const type = mediaTypeOf(c.req.header('content-type'))
  if (type === undefined) {
    const fields = [{ field: 'Content-Type', message: 'must be application/json or application/x-protobuf' }]
    throw new Failure('media-type-unsupported', { fields })
  }
  if (type === 'protobuf' && message !== undefined) return readMessage(message, bytes)
  const value = readJson(bytes)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new Failure('malformed-json', { detail: 'The body must be an object.' })
  }
  return value
}

const noQuery = z.strictObject({})

/** Of a parameter that stands there twice nobody could say which one counts. */
function queryOf(c: Context): Record<string, string> {
  const twice = Object.entries(c.req.queries()).find(([, values]) => values.length > 1)
  if (twice !== undefined) throw badField(shownName(twice[0]), 'stands there twice')
  return c.req.query()
}

function check(schema: z.ZodType | undefined, value: unknown): unknown {
  if (schema === undefined) return {}
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.flatMap((issue) => fieldsOf(issue))
  const given = value as Record<string, unknown>
  const missing = parsed.error.issues.every(({ path }) => path.length === 1 && given[String(path[0])] === undefined)
  throw new Failure(missing ? 'field-missing' : 'field-invalid', { fields })
}

/** What is not known is named too: a caller must not believe that we heeded what we passed over. */
function fieldsOf(issue: z.core.$ZodIssue): { field: string; message: string }[] {
  const { path, message } = issue
  if (issue.code !== 'unrecognized_keys') return [{ field: fieldPath(path), message }]
  return issue.keys.map((key) => ({
    field: fieldPath([...path, shownName(key)]),
    message: 'is not known here',
  }))
}

function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}${text === '' ? '' : '.'}${String(step)}`),
    '',
  )
}

export function signedMessage(c: Context): SignedMessage {
  const headers: Record<string, string> = {}
  c.req.raw.headers.forEach((value, name) => {
    headers[name] = value
  })
  return { method: c.req.method, url: new URL(c.req.url), headers }
}

export function addressOf(c: Call, proxies: ReadonlySet<string>): string {
  const socket = (c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming?.socket
  return callerAddress(socket?.remoteAddress ?? '', c.req.header('x-forwarded-for'), proxies)
}

/**
 * Where the request came from. What the body says of device and place counts where the headers say nothing.
 * @throws Failure that names the place when it is none
 */
export function originOf(
  c: Call,
  proxies: ReadonlySet<string>,
  device: string | undefined,
  place: string | undefined,
): Origin {
  const header = c.req.header('x-geo-location')
  const parsed = parsePlace(header ?? place)
  if (parsed === undefined) {
    const field = header === undefined ? 'geo_location' : 'X-Geo-Location'
    throw new Failure('field-invalid', { fields: [{ field, message: 'must be "latitude,longitude" in degrees' }] })
  }
  const ip = addressBytes(addressOf(c, proxies))
  return { ip, device: deviceBytes(c.req.header('x-device-fingerprint') ?? device), ...parsed }
}
