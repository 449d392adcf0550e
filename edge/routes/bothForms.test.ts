import { fromBinary, toJson } from '@bufbuild/protobuf'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../client/node.ts'
import { messageNamed, writeMessage } from '../wire/protobuf.ts'
import { TestApi, type TestWallet } from './testApi.ts'
import { bound, samples, signerOf } from './testOperations.ts'
import { openOwn } from './testThings.ts'

const protobuf = 'application/x-protobuf'
let api: TestApi
let other: TestWallet
beforeAll(async () => {
  api = new TestApi()
  await api.begin()
  other = await api.openWallet()
})
afterAll(() => api.close())

/** What differs between two wallets, or from one moment to the next, is no difference of form. */
const varying =
  /"[WMU]\d+\\?"|"wh(?:sec|pk)_[^"]+"|"https:[^"]+\/pay\/[\w-]+"|"T-[0-9a-f]{12}"|"\d{4}-\d\d-\d\dT[^"]+"|"[0-9a-f]{8}-[0-9a-f-]{27}"|"[0-9a-f]{64}"|"M\d+\/users\/\d+"|"0[23][0-9a-f]{64}"|"(?:seq|shard|index|link_id)":"?\d+"?/g

/** As protobuf's own library reads it: the answer in JSON and the one in Protobuf say the same. */
function read(answer: string, bytes: Uint8Array): Record<string, unknown> {
  return toJson(messageNamed(answer), fromBinary(messageNamed(answer), bytes), { useProtoFieldName: true }) as never
}

/** JSON as it would be after a way through Protobuf: null and empty lists are not set, whole amounts are texts. */
function asMessage(answer: string, body: Record<string, unknown>): Record<string, unknown> {
  return read(answer, writeMessage(answer, body))
}

describe('every operation takes and answers JSON and Protobuf alike', () => {
  test.each(bound.map((one) => [one.name, one] as const))('%s', async (name, { method, request, answer }) => {
    const answers: string[] = []
    const statuses: number[] = []
    for (const form of ['json', 'protobuf']) {
      const own = await openOwn(api, name)
      const { by, sample } = samples[name]!
      const { path, json } = await sample(api, own, other)
      const signer = signerOf(api, by, own, other)
      const body =
        json === undefined ? {} : form === 'json' ? { json } : { bytes: writeMessage(request!, json), type: protobuf }
      const headers: Record<string, string> = form === 'json' ? {} : { accept: protobuf }
      if (method === 'DELETE') headers['idempotency-key'] = newId()
      const told = await api.ask(method, path, { ...(signer && { by: signer }), ...body, headers })
      expect(told.status, Buffer.from(told.bytes).toString()).toBeLessThan(300)
      expect(told.headers.get('content-type')).toBe(form === 'json' ? 'application/json' : protobuf)
      statuses.push(told.status)
      const members = form === 'json' ? asMessage(answer, told.body) : read(answer, told.bytes)
      expect(Object.keys(members)).not.toEqual([])
      if (form === 'json') expectKnown(answer, told.body)
      answers.push(JSON.stringify(members).replaceAll(varying, '~'))
    }
    expect(statuses[0]).toBe(statuses[1])
    if (!['showTotals', 'listPrincipals', 'showLimits', 'showRiskPolicies'].includes(name))
      expect(answers[0]).toBe(answers[1])
  })

  /** A member of the JSON answer that the message had no field for would be lost. */
  function expectKnown(answer: string, body: Record<string, unknown>): void {
    const fields = messageNamed(answer).fields.map((field) => field.name)
    expect(fields).toEqual(expect.arrayContaining(Object.keys(body)))
  }
})

test('the same payment in the other form is the same payment', async () => {
  const own = await api.openWallet()
  const { path, json } = await samples.submitPayment!.sample(api, own, other)
  const first = await api.ask('POST', path, { json })
  const bytes = writeMessage('PaymentRequest', json!)
  const second = await api.ask('POST', path, { bytes, type: protobuf })
  expect(read('Payment', second.bytes)).toEqual(asMessage('Payment', first.body))
  expect(api.balance(own)).toBe(400)
})
