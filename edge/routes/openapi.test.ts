import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../client/node.ts'
import { problems } from '../problem.ts'
import { TestApi } from './testApi.ts'
import { bound } from './testOperations.ts'

type Schema = { $ref?: string; properties?: Record<string, Schema>; [name: string]: unknown }
type Content = Record<string, { schema: Schema }>
type Described = {
  operationId: string
  summary: string
  security: object[]
  parameters?: { name: string; in: string }[]
  requestBody?: { content: Content }
  responses: Record<string, { description: string; content: Content }>
}
type Document = {
  openapi: string
  paths: Record<string, Record<string, Described>>
  components: { schemas: Record<string, Schema> }
}

let api: TestApi
let document: Document
let operations: { path: string; method: string; about: Described }[]
beforeAll(async () => {
  api = new TestApi()
  const told = await api.ask('GET', '/openapi.json')
  expect([told.status, told.headers.get('content-type')]).toEqual([200, 'application/json'])
  document = told.body as Document
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, about]) => ({ path, method, about })),
  )
})
afterAll(() => api.close())

describe('the document that is served', () => {
  test('has every operation, each under a name of its own, and says who may ask', () => {
    const names = operations.map(({ about }) => about.operationId)
    expect(names.sort()).toEqual([...bound.map(({ name }) => name), 'submitBatch', 'watchRegion'].sort())
    for (const { about } of operations) {
      expect(about.summary).not.toBe('')
      expect(about.security).toEqual(
        ['submitPayment', 'showPayLink'].includes(about.operationId) ? [] : [{ httpMessageSignature: [] }],
      )
    }
  })

  test('has both forms of every request and answer, and problems in one', () => {
    const forms = ['application/json', 'application/x-protobuf']
    for (const { about } of operations) {
      expect(Object.keys(about.responses.default!.content)).toEqual(['application/problem+json'])
      if (['submitBatch', 'watchRegion'].includes(about.operationId)) continue
      if (about.requestBody) expect(Object.keys(about.requestBody.content)).toEqual(forms)
      const answers = Object.entries(about.responses).filter(([status]) => status !== 'default')
      expect(answers.length).toBeGreaterThan(0)
      for (const [, { content }] of answers) expect(Object.keys(content).slice(0, 2)).toEqual(forms)
    }
  })

  test('says of every command that its outcome may not be known in time', async () => {
    const silent = operations.filter(({ method, about }) => method !== 'get' && !('202' in about.responses))
    expect(silent.map(({ about }) => about.operationId)).toEqual([])
    const slow = new TestApi({ deadlineMs: 50 })
    await slow.begin()
    slow.answersLost = true
    const request_id = newId()
    const told = await slow.ask('POST', '/v1/users', {
      by: slow.institution.signer,
      json: { kyc_level: 1, request_id },
    })
    slow.close()
    expect(told).toMatchObject({ status: 202, body: { request_id, status: 'pending' } })
    expect(Object.keys(document.components.schemas.Pending!.properties!).sort()).toEqual(Object.keys(told.body).sort())
  })

  test('names every problem there is', () => {
    const { reason } = document.components.schemas.Problem!.properties!
    expect(reason!.enum).toEqual(Object.keys(problems))
  })

  test('refers only to what it has, and declares each part of a path', () => {
    const refs = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)
    for (const [, name] of refs) expect(Object.keys(document.components.schemas)).toContain(name)
    for (const { path, about } of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const declared = (about.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name)
      expect(declared.sort()).toEqual(named.sort())
    }
  })

  test('says of every request that it takes nothing more, and how each text and amount looks', () => {
    const requests = operations.flatMap<Schema>(
      ({ about }) => about.requestBody?.content['application/json']?.schema ?? [],
    )
    expect(requests.length).toBeGreaterThan(10)
    for (const { $ref } of requests) {
      const name = $ref!.split('/').at(-1)!
      const schema = document.components.schemas[name]!
      expect([name, schema.additionalProperties]).toEqual([name, false])
      for (const [member, of] of Object.entries(schema.properties ?? {})) {
        const shown = of.example ?? of.enum ?? of.const ?? of.default ?? of.pattern ?? of.minimum ?? of.description
        expect([name, member, shown ?? of.type ?? of.$ref]).not.toContain(undefined)
        if (of.type === 'string')
          expect(`${name}.${member}: ${shown === undefined ? 'nothing' : 'shown'}`).toMatch(/shown$/)
      }
    }
  })
})

test('whether the edge is alive and ready is told without a signature', async () => {
  expect((await api.ask('GET', '/healthz')).status).toBe(200)
  expect(await api.ask('GET', '/readyz')).toMatchObject({ status: 200, body: { ready: true } })
  api.leading = false
  expect(await api.ask('GET', '/readyz')).toMatchObject({ status: 503, body: { ready: false } })
})
