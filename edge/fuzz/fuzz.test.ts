import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sign9421, signPayment } from '../client/node.ts'
import { type ProblemCode, problems } from '../problem.ts'
import { TestDocument } from '../routes/testDocument.ts'
import { bound } from '../routes/testOperations.ts'
import { writeMessage } from '../wire/protobuf.ts'
import { filled, type Sign } from './testFilled.ts'
import { type Wild, wildRequests } from './testRequests.ts'
import { type Answer, type Raw, type Served, serve } from './testServed.ts'
import { accountNo, settle, type Town } from './testTown.ts'

/** `JIAOZI_FUZZ_REQUESTS=20000 npm test -- edge/fuzz` asks more; `JIAOZI_FUZZ_SEED` other things. */
const requests = Number(process.env.JIAOZI_FUZZ_REQUESTS ?? 2_000)
const seed = Number(process.env.JIAOZI_FUZZ_SEED ?? 20_261_126)
/** A town fills up: so many requests, then a new one. */
const requestsATown = 2_000
const timeoutMs = 60_000 + requests * 50

const rejections: unknown[] = []
const onRejection = (reason: unknown): unknown => rejections.push(reason)
beforeAll(() => void process.on('unhandledRejection', onRejection))
afterAll(() => void process.off('unhandledRejection', onRejection))

test(
  `${requests} requests that are meant ill are each answered as the document says, or with a problem that says what is wrong`,
  async () => {
    const seen = new Map<string, number>()
    for (let from = 0; from < requests; from += requestsATown) {
      const town = await settle()
      const served = await serve(town.api)
      try {
        await besiege(town, served, Math.min(requestsATown, requests - from), seed + from, seen)
      } finally {
        served.close()
        town.api.close()
      }
    }
    process.stdout.write(
      `${[...seen]
        .sort()
        .map(([what, count]) => `${what} ${count}`)
        .join(', ')}\n`,
    )
    expect(rejections).toEqual([])
    // A siege that never gets in proves little, and one that is never turned away as little.
    expect([...seen.keys()]).toEqual(
      expect.arrayContaining(['200', '201', '400', '401', '403', '404', '409', '413', '415', '422']),
    )
  },
  timeoutMs,
)

async function besiege(
  town: Town,
  served: Served,
  numRuns: number,
  from: number,
  seen: Map<string, number>,
): Promise<void> {
  const document = new TestDocument((await town.api.ask('GET', '/openapi.json')).body)
  const wild = wildRequests(document, town)
  await fc.assert(
    fc.asyncProperty(wild, async (one) => {
      const answer = await served.send(rawOf(town, one))
      seen.set(String(answer.status), (seen.get(String(answer.status)) ?? 0) + 1)
      // One fault must not be found again in every request after it.
      expect(town.api.faults.splice(0)).toEqual([])
      expect(rejections).toEqual([])
      judge(document, one, answer)
    }),
    { numRuns, seed: from, endOnFailure: false },
  )
  // Who could do nothing more after the first of them would have made all others the same: see `ending`.
  for (const { walletId, signer } of [town.wallets.ann, town.wallets.shop]) {
    expect(await town.api.ask('GET', `/v1/wallets/${walletId}`, { by: signer })).toMatchObject({ status: 200 })
  }
}

/** The request as it goes over the wire, signed as its plan says. */
function rawOf({ signers, ann }: Town, wild: Wild): Raw {
  const { name, method, type, signer, spoilt } = wild
  const sign: Sign = (payment) => signPayment(payment, ann.key).signature
  const body = 'bytes' in wild.body ? wild.body.bytes : bytesOf(name, type, filled(wild.body.text, sign))
  const path = filled(wild.path, sign)
  const target = wild.query === '' ? path : `${path}?${filled(wild.query, sign)}`
  const headers = [...(type === undefined || body.length === 0 ? [] : ['content-type', type]), ...wild.headers]
  const by = signers[signer]
  if (by === undefined) return { method, path: target, headers, body }
  const url = new URL(spoilt === 'path' ? '/v1/other' : target, 'http://edge.test')
  const atMs = Date.now() - (spoilt === 'stale' ? 400_000 : 0)
  const signed = sign9421(by, method, url, spoilt === 'body' ? Buffer.from('{}') : body, atMs, idAmong(headers))
  if (spoilt === 'signature') signed.signature = signed.signature!.replace(/[B-Zb-z](?=.{9})/, 'A')
  if (spoilt === 'input') {
    signed['signature-input'] = wild.input.replaceAll('<now>', String(Math.floor(Date.now() / 1_000)))
  }
  return { method, path: target, headers: [...headers, ...Object.entries(signed).flat()], body }
}

/** The Idempotency-Key as a server reads it from names and values in turns; undefined where there is none. */
function idAmong(headers: readonly string[]): string | undefined {
  const ids = headers.filter((_, n) => n % 2 === 1 && headers[n - 1] === 'idempotency-key')
  return ids.length === 0 ? undefined : ids.map((id) => id.trim()).join(', ')
}

/** What is good JSON goes as good Protobuf where the request says that it is Protobuf. */
function bytesOf(name: string, type: string | undefined, text: string): Uint8Array {
  const message = type === 'application/x-protobuf' ? bound.find((one) => one.name === name)?.request : undefined
  try {
    return message === undefined ? Buffer.from(text) : writeMessage(message, JSON.parse(text))
  } catch {
    return Buffer.from(text)
  }
}

/** Full or busy: the only reasons for which a town that works may answer 503. */
const passing: ReadonlySet<string> = new Set(['shard-full', 'ids-exhausted', 'orders-full'])

const answerTypes: readonly string[] = [
  'application/json',
  'application/x-protobuf',
  'application/vnd.jiaozi.batch-outcomes',
  'text/event-stream',
  'text/html',
  'text/csv',
  'text/plain',
  'image/svg+xml',
  'image/png',
]

type Problem = {
  status: number
  reason: ProblemCode
  detail?: string
  errors?: { field: string; message: string }[]
}

function judge(document: TestDocument, { name, method }: Wild, { status, type, text }: Answer): void {
  const operation = document.operations.find((one) => one.operationId === name)!
  expect(text).not.toMatch(/node_modules|\.ts\b|\bat \w+ \(|TypeError|RangeError|SyntaxError|PRIVATE KEY/)
  expect(text).not.toContain(accountNo)
  if (status < 300) {
    expect(answerTypes).toContain(type)
    // With another method it was another operation that answered.
    const schema = method === operation.method.toUpperCase() ? document.answerOf(operation, status) : undefined
    if (schema === undefined || type !== 'application/json') return
    expect(document.differences(schema, JSON.parse(text))).toEqual([])
    return
  }
  expect([status, type]).toEqual([status, 'application/problem+json'])
  const problem = JSON.parse(text) as Problem
  const schema = document.answerOf(operation, status)!
  expect(document.differences(schema, problem, '$', true)).toEqual([])
  const { reason, errors } = problem
  expect([reason, problem.status]).toEqual([reason, status])
  expect([reason, problems[reason].status]).toEqual([reason, status])
  if (status >= 500) expect([...passing]).toContain(reason)
  const needsField = reason === 'field-invalid' || reason === 'field-missing'
  const named = errors?.every(({ field, message }) => field !== '' && message !== '') ?? !needsField
  expect([reason, named]).toEqual([reason, true])
  expect(text.length).toBeLessThan(4_096)
}
