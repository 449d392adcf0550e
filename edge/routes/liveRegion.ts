import type { OpenAPIHono } from '@hono/zod-openapi'
import { Failure } from './failure.ts'
import { refusedAnswer } from './openapi.ts'
import { addressBytes } from './origin.ts'
import { addressOf, admit, answer, callerOf, type Web } from './web.ts'

const nothing = new Uint8Array(0)
const stream = {
  description: 'Goes on until the caller leaves',
  content: { 'text/event-stream': { schema: { type: 'string' } } },
}
const watchRegion = { name: 'watchRegion', method: 'get' } as const

/** What happens now, once a second, for as long as the caller listens. */
export function bindLive(app: OpenAPIHono, web: Web): void {
  app.get('/v1/region/live', async (c) => {
    try {
      admit(web.limits.address(addressBytes(addressOf(c, web.proxies))))
      const caller = await callerOf(web, watchRegion, c, nothing)
      if (caller.role !== 'operator') throw new Failure('not-allowed')
      if (web.live.full) throw new Failure('overloaded', { retryAfterS: 5 })
      // A session that ends, and an operator who is suspended, take their stream along.
      const { principals } = web.services.gateway
      const goesOn = async (): Promise<boolean> =>
        caller.console === undefined
          ? (await principals.find('operator', caller.number)) !== undefined
          : (await web.console?.sessions.stillIn(c)) === true
      const headers = {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      }
      return new Response(web.live.stream(goesOn), { headers })
    } catch (error) {
      return answer(web, watchRegion.name, '', c, () => Promise.reject(error))
    }
  })
}

export function describeLive(app: OpenAPIHono): void {
  app.openAPIRegistry.registerPath({
    method: 'get',
    path: '/v1/region/live',
    operationId: watchRegion.name,
    tags: ['region'],
    summary: 'What happens now: payments by the second and the shards’ commands, as server-sent events',
    description:
      'The first event holds the last minute, each following one the last second: completed, refused, pending and failed payments of this edge, their latencies (p50_ms, p99_ms), why they were refused, and commands a second of each shard. Callers: operator.',
    security: [{ httpMessageSignature: [] }],
    responses: { 200: stream, default: refusedAnswer },
  } as Parameters<OpenAPIHono['openAPIRegistry']['registerPath']>[0])
}
