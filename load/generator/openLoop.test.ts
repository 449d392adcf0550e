import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHistogram } from 'node:perf_hooks'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ensureCertificates } from '../../deploy/certificates.ts'
import type { PreparedRequest } from '../profiles/preparedRequests.ts'
import { gatesOf } from './gates.ts'
import { OpenLoop, type OpenLoopOptions, type OpenLoopResult } from './openLoop.ts'

let folder: string
let files: ReturnType<typeof ensureCertificates>
let server: Server | undefined

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-open-loop-'))
  files = ensureCertificates(folder, Date.now())
})
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const completed = '{"status":"completed"}'

function answer(response: ServerResponse, status: number, body = completed): void {
  response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body)
}

const pay = (dueMs: number): PreparedRequest => ({
  kind: 'pay',
  dueMs,
  method: 'POST',
  path: '/v1/payments',
  headers: {},
  body: '{}',
  status: 200,
})

type Serve = (n: number, response: ServerResponse) => void

/** Runs requests due one millisecond apart against a server that does as told with the n-th request it gets. */
async function run(count: number, serve: Serve, connectionsMax = 4): Promise<OpenLoopResult> {
  const dueMs = Float64Array.from({ length: count }, (_, n) => n)
  return (await loopTo(serve, { dueMs, make: pay, signedAheadMax: count, connectionsMax })).run()
}

async function loopTo(
  serve: Serve,
  options: Pick<OpenLoopOptions, 'dueMs' | 'make' | 'signedAheadMax'> & Partial<OpenLoopOptions>,
): Promise<OpenLoop> {
  let served = 0
  const tls = { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) }
  server = createServer(tls, (request, response) => {
    request.resume()
    request.on('end', () => serve(served++, response))
  })
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return new OpenLoop({
    address: { host: '127.0.0.1', port, ca: readFileSync(files.caFile) },
    host: `127.0.0.1:${port}`,
    connectionsMax: 4,
    warmUpMs: 0,
    ...options,
  })
}

test('a server that stalls is seen by every request that was due meanwhile, not only by those on their way', async () => {
  const heldMs = 300
  const held: ServerResponse[] = []
  const { payments, due, right } = await run(
    250,
    (n, response) => {
      if (n >= 8) answer(response, 200)
      else if (held.push(response) === 8) setTimeout(() => held.map((one) => answer(one, 200)), heldMs)
    },
    8,
  )
  expect(right).toBe(due)
  // Due at 0, 1, … 249 ms and none answered before 300 ms: half of them waited 175 ms or more, though eight were sent.
  expect(payments.percentile(50)).toBeGreaterThan(150_000)
  expect(payments.min).toBeGreaterThan(40_000)
})

test('what is not final is asked again with the same bytes until it is', async () => {
  const { right, asks } = await run(8, (n, response) => {
    if (n < 4) answer(response, [202, 429, 503, 202][n]!, '{"status":"pending"}')
    else answer(response, 200)
  })
  expect({ right, asks }).toEqual({ right: 8, asks: 4 })
})

test('a connection that breaks is no answer: the request is sent again', async () => {
  const { right, asks } = await run(4, (n, response) => {
    if (n < 2) response.destroy()
    else answer(response, 200)
  })
  expect({ right, asks }).toEqual({ right: 4, asks: 2 })
})

test('a wrong answer is counted by kind, status and reason, a pending body with status 200 is wrong too', async () => {
  const refused = '{"outcome":"refused","reason":"payments-day-limit"}'
  const bodies = [
    '{"status":422,"reason":"funds-insufficient"}',
    '{}',
    `{"status":"partly_refused",${refused.slice(1)}`,
  ]
  const { right, wrong } = await run(5, (n, response) => {
    if (n < 2) answer(response, 422, bodies[n])
    else answer(response, 200, [bodies[2], '{"status":"pending"}', completed][n - 2])
  })
  expect(right).toBe(1)
  expect(Object.fromEntries(wrong)).toEqual({
    'pay: status 422, funds-insufficient': 1,
    'pay: status 422': 1,
    'pay: status 200, payments-day-limit': 1,
    'pay: status 200, pending': 1,
  })
})

test('no more is signed ahead of the clock while it runs than before it: a long run holds no more than a short one', async () => {
  const [everyMs, signedAheadMax] = [5, 4]
  const aheadMs: number[] = []
  let beganMs = 0
  const made = (dueMs: number): PreparedRequest => {
    if (beganMs > 0) aheadMs.push(dueMs - (performance.now() - beganMs))
    return pay(dueMs)
  }
  const loop = await loopTo((_, response) => answer(response, 200), {
    dueMs: Float64Array.from({ length: 60 }, (_, n) => n * everyMs),
    make: made,
    signedAheadMax,
  })
  expect(loop.prepare()).toBe(signedAheadMax)
  beganMs = performance.now()
  const { right } = await loop.run()
  expect(right).toBe(60)
  expect(aheadMs).toHaveLength(60 - signedAheadMax)
  // The last that is due lies in the past, and the last that is signed so many later.
  expect(Math.max(...aheadMs)).toBeLessThanOrEqual(signedAheadMax * everyMs)
})

test('more than may wait is dropped and said, instead of being sent later', async () => {
  const held: ServerResponse[] = []
  const { due, dropped, right } = await run(
    120,
    (n, response) => {
      if (n > 0) answer(response, 200)
      else setTimeout(() => answer(response, 200), 400)
      held.push(response)
    },
    1,
  )
  expect(dropped).toBeGreaterThan(0)
  expect(right + dropped).toBe(due)
  expect(held).toHaveLength(right)
})

test('gates fail on one request too many that was dropped, wrong, or late, and on a run that measured nothing', () => {
  const gates = { checksRateMin: 0.99, p99MsMax: 100, p999MsMax: 200 }
  const result = (change: Partial<OpenLoopResult>, ms: readonly number[] = Array(1_000).fill(50)): OpenLoopResult => {
    const payments = createHistogram({ lowest: 1, highest: 600_000_000, figures: 3 })
    for (const one of ms) payments.record(one * 1_000)
    const whole = {
      due: 1_000,
      dropped: 0,
      right: 1_000,
      wrong: new Map(),
      asks: 0,
      payments,
      seconds: 1,
      cpuSeconds: 1,
    }
    return { ...whole, reads: payments, lateness: payments, ...change }
  }
  const failing = (one: OpenLoopResult): string[] =>
    gatesOf({ gates }, one)
      .filter(({ holds }) => !holds)
      .map(({ name }) => name)
  expect(failing(result({}))).toEqual([])
  expect(failing(result({ right: 990 }))).toEqual([])
  expect(failing(result({ right: 989 }))).toEqual(['right answers'])
  expect(failing(result({ dropped: 1 }))).toEqual(['sent when due'])
  expect(failing(result({}, [...Array(980).fill(50), ...Array(20).fill(150)]))).toEqual(['payments p99'])
  expect(failing(result({}, [...Array(995).fill(50), ...Array(5).fill(300)]))).toEqual(['payments p99.9'])
  expect(failing(result({}, []))).toEqual(['payments p99', 'payments p99.9'])
  expect(failing(result({ due: 0, right: 0 }, []))).toHaveLength(4)
})
