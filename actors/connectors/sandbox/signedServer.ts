import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type HttpBindings, type ServerType, serve } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Logger } from 'pino'
import { z } from 'zod'
import {
  freshTimestamp,
  sameSignature,
  signAnswer,
  signatureHeader,
  signerHeader,
  signRequest,
  timestampHeader,
} from '../wire.ts'
import { parseYuan, yuanText } from '../yuan.ts'
import { type Fault, Faults, faultRequest } from './faults.ts'

export type Call = {
  params: Record<string, string>
  query: URLSearchParams
  body: unknown
  signer: string
  /** Set by the fault switch: refuse for good, for this reason. */
  refuse: string | undefined
}
export type Answer = { status: number; body: Record<string, unknown> }

export type Route = {
  method: 'GET' | 'POST'
  path: string
  /** Name by which faults strike it. */
  operation: string
  /** Who may call it. Routes of the development sandbox alone are open to all on the loopback interface. */
  signers: readonly string[] | 'open'
  run: (call: Call) => Answer | Promise<Answer>
}

export type ServerOptions = {
  host: string
  port: number
  keys: Readonly<Record<string, Buffer>>
  routes: readonly Route[]
  log: Logger
  ready: () => boolean
}

/** What a caller did wrong, in words for the caller. */
export class BadRequest extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'BadRequest'
    this.status = status
  }
}

/** Reads a body or query by its schema. @throws BadRequest that names each field that is wrong */
export function readAs<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new BadRequest(400, z.prettifyError(parsed.error))
  return parsed.data
}

const bodyBytesMax = 256 * 1024

type Env = { Bindings: HttpBindings }

/** Serves signed routes, the fault switch and the probes. Resolves once it listens. */
export function startSignedServer(options: ServerOptions): Promise<ServerType> {
  const faults = new Faults()
  const app = new Hono<Env>()
  app.use(bodyLimit({ maxSize: bodyBytesMax, onError: (c) => c.json({ error: `at most ${bodyBytesMax} bytes` }, 413) }))
  app.get('/healthz', (c) => c.text('ok\n'))
  app.get('/readyz', (c) => c.json({ ready: options.ready() }, options.ready() ? 200 : 503))
  addFaultSwitch(app, faults)
  for (const route of options.routes) {
    app.on(route.method, [route.path], (c) => handle(c, route, options, faults))
  }
  app.notFound((c) => c.json({ error: 'no such route' }, 404))
  app.onError((error, c) => {
    if (error instanceof BadRequest) return c.json({ error: error.message }, error.status as 400)
    options.log.error({ error: error.message }, 'request failed')
    return c.json({ error: 'internal error' }, 500)
  })
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port: options.port, hostname: options.host }, () => resolve(server))
    server.once('error', reject)
  })
}

function addFaultSwitch(app: Hono<Env>, faults: Faults): void {
  app.get('/faults', (c) => c.json({ faults: faults.list() }))
  app.post('/faults', async (c) => {
    const body: unknown = parseJson(await c.req.text())
    return c.json(faults.add(readAs(faultRequest, body)), 201)
  })
  app.delete('/faults', (c) => {
    faults.clear(c.req.query('operation'))
    return c.json({ faults: faults.list() })
  })
}

type Signature = { signer: string; key: Buffer | undefined; requestSignature: string }

async function handle(c: Context<Env>, route: Route, options: ServerOptions, faults: Faults): Promise<Response> {
  const text = await c.req.text()
  const signature = verify(c, route, options, text)
  const fault = faults.draw(route.operation)
  if (fault?.mode === 'slow' || fault?.mode === 'drop') await sleep(fault.delay_ms)
  if (fault?.mode === 'drop') return hangUp(c)
  const refuse = fault?.mode === 'refuse' ? fault.reason : undefined
  const answer = await execute(c, route, text, signature.signer, refuse, fault?.mode === 'execute-twice')
  if (fault?.mode === 'late' || fault?.mode === 'drop-after-execution') await sleep(fault.delay_ms)
  if (fault?.mode === 'drop-after-execution') return hangUp(c)
  const spoiled = fault === undefined ? answer : spoil(answer, fault)
  return send(c, spoiled, signature, fault)
}

/** Proves who calls. @throws BadRequest 401, which carries no signature: a stranger gets nothing signed by us */
function verify(c: Context<Env>, route: Route, options: ServerOptions, body: string): Signature {
  const signer = c.req.header(signerHeader) ?? ''
  const requestSignature = c.req.header(signatureHeader) ?? ''
  const timestampMs = freshTimestamp(c.req.header(timestampHeader), Date.now())
  const key = Object.hasOwn(options.keys, signer) ? options.keys[signer] : undefined
  const { pathname, search } = new URL(c.req.url)
  const request = { method: c.req.method, path: pathname + search, timestampMs: timestampMs ?? 0, body }
  const genuine =
    key !== undefined && timestampMs !== undefined && sameSignature(signRequest(key, request), requestSignature)
  if (route.signers === 'open')
    return { signer: genuine ? signer : '', key: genuine ? key : undefined, requestSignature }
  if (!genuine) throw new BadRequest(401, 'the request is not signed by a known caller within the last five minutes')
  if (!route.signers.includes(signer)) throw new BadRequest(403, `this is not for "${signer}" to ask`)
  return { signer, key, requestSignature }
}

async function execute(
  c: Context<Env>,
  route: Route,
  text: string,
  signer: string,
  refuse: string | undefined,
  twice: boolean,
): Promise<Answer> {
  const body = route.method === 'GET' ? undefined : parseJson(text)
  const call: Call = { params: c.req.param(), query: new URL(c.req.url).searchParams, body, signer, refuse }
  try {
    const [answer] = await Promise.all(twice ? [route.run(call), route.run(call)] : [route.run(call)])
    return answer!
  } catch (error) {
    // The caller has proved who it is, so that a complaint about its request is signed like any answer.
    if (!(error instanceof BadRequest)) throw error
    return { status: error.status, body: { error: error.message } }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new BadRequest(400, 'the body is not JSON')
  }
}

function spoil(answer: Answer, fault: Fault): Answer {
  if (fault.mode === 'error-after-execution') return { status: 500, body: { error: 'internal error' } }
  if (fault.mode === 'error-body') return { status: 200, body: { error: 'temporarily unavailable' } }
  const { amount } = answer.body
  if (fault.mode !== 'wrong-amount' || typeof amount !== 'string') return answer
  return { ...answer, body: { ...answer.body, amount: yuanText((parseYuan(amount) ?? 0) + 1) } }
}

function send(c: Context<Env>, answer: Answer, signature: Signature, fault: Fault | undefined): Response {
  const body = JSON.stringify(answer.body)
  const headers: Record<string, string> = { 'content-type': 'application/json' }
  if (signature.key !== undefined) {
    const timestampMs = Date.now()
    const { requestSignature } = signature
    const key = fault?.mode === 'wrong-signature' ? randomBytes(32) : signature.key
    headers[timestampHeader] = String(timestampMs)
    headers[signatureHeader] = signAnswer(key, { status: answer.status, requestSignature, timestampMs, body })
  }
  if (fault?.mode === 'duplicate-answer') return sendTwice(c.env, answer.status, headers, body)
  return c.body(body, answer.status as 200, headers)
}

/** The second answer follows unasked on the same connection, where a careless client takes it for the next one. */
function sendTwice(
  { incoming, outgoing }: { incoming: unknown; outgoing: unknown },
  status: number,
  headers: Record<string, string>,
  body: string,
): Response {
  const { socket } = incoming as IncomingMessage
  const all = { ...headers, 'content-length': String(Buffer.byteLength(body)) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  const response = outgoing as ServerResponse
  response.writeHead(status, all)
  response.end(body, () => {
    setTimeout(() => {
      if (socket.writable) socket.write(`HTTP/1.1 ${status} OK\r\n${lines.join('')}\r\n${body}`)
    }, 1)
  })
  return RESPONSE_ALREADY_SENT
}

function hangUp(c: Context<Env>): Response {
  ;(c.env.incoming as IncomingMessage).socket.destroy()
  return RESPONSE_ALREADY_SENT
}
