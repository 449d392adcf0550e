import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ZodObject } from 'zod'
import { newId } from '../client/node.ts'
import { operations } from '../routes/app.ts'
import type { TestWallet } from '../routes/testApi.ts'
import { type Sample, samples } from '../routes/testOperations.ts'
import { newProposal, openOwn } from '../routes/testThings.ts'
import { type ConsoleRole, consoleRoles } from './roles.ts'
import { TestConsole } from './testConsole.ts'

const people: Readonly<Record<ConsoleRole, string>> = { viewer: 'wei.lan', operator: 'li.na', approver: 'chen.hao' }
const cookies = new Map<ConsoleRole, string>()
let own: TestConsole
let other: TestWallet
beforeAll(async () => {
  own = new TestConsole()
  await own.begin()
  other = await own.api.openWallet()
  const key = { role: 'operator', number: 2, active: true, public_key: '5b'.repeat(32), reason: 'a second person' }
  await own.api.ask('PUT', '/v1/principals', { by: own.api.operator.signer, json: { ...key, request_id: newId() } })
  for (const role of consoleRoles) cookies.set(role, await own.logIn(people[role]))
  // The edge reads the ledger's principals anew every few seconds.
  while ((await own.ask(cookies.get('approver')!, 'GET', '/v1/totals')).status !== 200) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}, 30_000)
afterAll(() => own.close())

/** What the second person alone does. */
const approvals: readonly string[] = ['approveProposal', 'rejectProposal']

/** Everybody in the console reads what operators read; of what they may do an operator does most, a viewer nothing. */
function mayAsk(role: ConsoleRole, { name, method, callers }: (typeof operations)[number]): boolean {
  if (!callers.includes('operator')) return false
  return method === 'get' || role === (approvals.includes(name) ? 'approver' : 'operator')
}

const cases = operations.flatMap((one) =>
  consoleRoles.map((role) => [one.name, role, mayAsk(role, one) ? 'may' : 'may not', one] as const),
)

/** The approver is the second operator, who must not have proposed it. */
async function sampleOf(name: string, about: TestWallet): Promise<Sample> {
  if (!approvals.includes(name)) return samples[name]!.sample(own.api, about, other)
  const id = await newProposal(own.api, {}, own.api.operator)
  return { path: `/v1/proposals/${id}/${name.replace('Proposal', '')}`, json: { request_id: newId() } }
}

test.each(cases)('%s: %s %s', async (name, role, may, { method, body }) => {
  const about = await openOwn(own.api, name)
  const { path, json } = await sampleOf(name, about)
  const takesReason = body !== undefined && 'reason' in ((body as ZodObject).shape ?? {})
  const reasoned = takesReason ? { reason: 'it is due', ...json } : json
  const headers: Record<string, string> = method === 'delete' ? { 'idempotency-key': newId() } : {}
  const told = await own.ask(cookies.get(role)!, method.toUpperCase(), path, reasoned, headers)
  if (may === 'may') expect(told.status, JSON.stringify(told.body)).toBeLessThan(300)
  else expect(told).toMatchObject({ status: 403, body: { reason: 'not-allowed' } })
})
