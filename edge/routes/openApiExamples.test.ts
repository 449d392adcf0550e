import { afterEach, beforeEach, expect, test } from 'vitest'
import { newId } from '../client/node.ts'
import { createApp } from './app.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { type Described, TestDocument } from './testDocument.ts'
import { samples, signerOf } from './testOperations.ts'
import { openOwn } from './testThings.ts'
import type { Web } from './web.ts'

let api: TestApi
let other: TestWallet
beforeEach(async () => {
  api = new TestApi()
  await api.begin()
  other = await api.openWallet()
})
afterEach(() => api.close())

const served = await createApp({} as Web, { ready: () => ({ ready: true, detail: {} }) }).request('/openapi.json')
const document = new TestDocument((await served.json()) as object)

/** What names something that has to exist, to be new or to be of now: no document can
 * show one that is. Nor does it know how much there is to move. */
const living =
  /(_id|_wallet|_key|_no|_at|_token|_url)$|^(amount|signature|timestamp|webauthn|order|number|user_id|date|month|splits|signatures)$/

/** The document's example, with what must live in place of what is only shown. */
function enlivened(example: Readonly<Record<string, unknown>>, alive: Readonly<Record<string, unknown>>) {
  const shown = Object.entries(example).filter(([name]) => !living.test(name))
  const lives = Object.entries(alive).filter(([name]) => living.test(name))
  return Object.fromEntries([...shown, ...lives])
}

const exampleOf = ({ requestBody }: Described) => requestBody?.content['application/json']?.example
const answered = document.operations.filter(
  (one) => samples[one.operationId] !== undefined && document.answerOf(one, Number(statusOf(one))) !== undefined,
)

function statusOf({ responses }: Described): string {
  return Object.keys(responses).find((status) => status.startsWith('2'))!
}

test('every request has an example, and is one that its schema takes', () => {
  const bodies = document.operations.filter(({ requestBody }) => requestBody?.content['application/json'] !== undefined)
  expect(bodies.length).toBeGreaterThan(20)
  for (const one of bodies) {
    expect([one.operationId, document.differences(document.bodyOf(one)!, exampleOf(one))]).toEqual([
      one.operationId,
      [],
    ])
  }
})

test.each(answered.map((one) => [one.operationId, one] as const))(
  '%s: what the document shows is done',
  async (name, one) => {
    const { by, sample } = samples[name]!
    const own = await openOwn(api, name)
    const { path, json } = await sample(api, own, other)
    const example = exampleOf(one) as Record<string, unknown> | undefined
    const asked = json === undefined || example === undefined ? {} : { json: enlivened(example, json) }
    const signer = signerOf(api, by, own, other)
    const headers: Record<string, string> = one.method === 'delete' ? { 'idempotency-key': newId() } : {}
    const told = await api.ask(one.method.toUpperCase(), path, { ...(signer && { by: signer }), ...asked, headers })
    expect([told.status, told.body], JSON.stringify(asked)).toEqual([Number(statusOf(one)), told.body])
    expect(document.differences(document.answerOf(one, told.status)!, told.body)).toEqual([])
  },
)

test('submitBatch: what the document shows is done, line by line', async () => {
  const batch = document.operations.find(({ operationId }) => operationId === 'submitBatch')!
  const example = String(batch.requestBody!.content['application/x-ndjson']!.example)
  const [payer, payee] = [await api.openWallet(), await api.openWallet()]
  await api.fund(payer, '5.00')
  const bytes = example
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, newId())
    .replace(/\d{4}-\d\d-\d\dT[^"]+/, new Date().toISOString())
    .replaceAll('W1048576', payer.walletId)
    .replaceAll('M1048577', payee.walletId)
  const by = api.institution.signer
  const told = await api.ask('POST', '/v1/payment-batches', { by, bytes, type: 'application/x-ndjson' })
  expect(told).toMatchObject({ status: 200, body: { status: 'completed', completed: 2 } })
  expect(document.differences(document.answerOf(batch, 200)!, told.body)).toEqual([])
})
