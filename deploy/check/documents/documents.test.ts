import { describe, expect, test } from 'vitest'
import { commandRecords } from '../../../actors/ledger/records.ts'
import { refusals } from '../../../actors/ledger/refusals.ts'
import { operations } from '../../../edge/routes/app.ts'
import { apiPage, openApiDocument } from './apiPage.ts'
import { clientApi } from './clientApi.ts'
import { framesPage } from './framesPage.ts'
import { limitsPage } from './limitsPage.ts'
import { refusalsPage } from './refusalsPage.ts'

test('every refusal has its row, in the order in which they take precedence', () => {
  const named = [...refusalsPage().matchAll(/^\| (\d+) \| `([\w-]+)`/gm)].map(([, place, name]) => [
    Number(place),
    name,
  ])
  expect(named).toEqual(refusals.map((name, place) => [place, name]).slice(1))
})

test('limits are yuan with thousands apart', () => {
  expect(limitsPage()).toContain('| 3 | 20,000.00 | 5,000.00 | 10,000.00 | none |')
})

describe('the page of frames', () => {
  test('has a table for every command', () => {
    for (const { name, size } of Object.values(commandRecords)) {
      expect(framesPage()).toContain(`### ${name}, ${size} bytes`)
    }
  })

  test('gives the fields of the header without a gap', () => {
    const header = framesPage().split('### ')[1]!
    const fields = [...header.matchAll(/^\| (\d+) \| (\d+) \|/gm)].map(([, at, bytes]) => [Number(at), Number(bytes)])
    expect(fields.length).toBeGreaterThan(10)
    let end = 0
    for (const [at, bytes] of fields) {
      expect(at).toBe(end)
      end = at! + bytes!
    }
  })
})

test('every operation of the API has its row', async () => {
  const page = apiPage(await openApiDocument())
  for (const { method, path } of operations) expect(page).toContain(`| \`${method.toUpperCase()} ${path}\` |`)
  for (const path of ['/v1/payments', '/v1/payment-batches']) expect(page).toContain(`| \`POST ${path}\` |`)
})

describe('the types of the client', () => {
  test('have every operation, with what it is asked with and what it answers', async () => {
    const types = clientApi(await openApiDocument())
    for (const { name, method, path } of operations) {
      expect(types).toContain(`\n  ${name}: {\n`)
      expect(types).toContain(`\n  ${name}: { method: '${method.toUpperCase()}', path: '${path}',`)
    }
    expect(types).not.toContain('unknown\n')
  })

  test('let nobody write an amount as a number, and say where one is read', async () => {
    const types = clientApi(await openApiDocument())
    const of = (name: string): string => types.split(`export type ${name} = `)[1]!.split('\n}')[0]!
    expect(of('PaymentRequest')).toMatch(/^ {2}amount: string$/m)
    expect(of('PutLimitsRequest')).toMatch(/^ {2}day\??: string \| null$/m)
    expect(of('LinkedAccount')).toMatch(/^ {2}balance_limit: number \| string$/m)
  })
})
