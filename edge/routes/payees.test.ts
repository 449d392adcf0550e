import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseUserId } from '../../actors/ledger/ids.ts'
import { newId } from '../client/node.ts'
import { TestApi, type TestWallet } from './testApi.ts'

const commandId = new Uint8Array(16).fill(9)
let api: TestApi
let payer: TestWallet
let payee: TestWallet
beforeAll(async () => {
  api = new TestApi()
  await api.begin()
  payer = await api.openWallet()
  payee = await api.openWallet(api.otherInstitution)
  const by = { actor: 2, commandId }
  const sealed = api.web.services.names.seal(by, '张小明')
  api.names = new Map([[parseUserId(payee.userId)!, { ...by, sealed }]])
})
afterAll(() => api.close())

const look = (walletId: string, by = payer.signer) => api.ask('GET', `/v1/payees/${walletId}`, { by })
const act = ({ walletId }: TestWallet, action: string) =>
  api.ask('POST', `/v1/wallets/${walletId}/${action}`, { by: api.institution.signer, json: { request_id: newId() } })

describe('who is about to pay', () => {
  test('sees the masked name, the class and whether it can be paid, and nothing else', async () => {
    const told = await look(payee.walletId)
    expect(told.body).toEqual({
      wallet_id: payee.walletId,
      kind: 'personal',
      class: 1,
      can_receive: true,
      masked_name: '**明',
      name_status: 'shown',
    })
  })

  test('is told when nobody entered a name, and when names cannot be read now', async () => {
    expect((await look(payer.walletId)).body).toMatchObject({ masked_name: null, name_status: 'none' })
    const { names } = api
    api.names = undefined
    expect(await look(payee.walletId)).toMatchObject({ status: 200, body: { name_status: 'unavailable' } })
    api.names = names
  })

  test('is not told why a frozen wallet cannot be paid', async () => {
    const frozen = await api.openWallet()
    await act(frozen, 'freeze')
    const { body } = await look(frozen.walletId)
    expect(body.can_receive).toBe(false)
    expect(JSON.stringify(body)).not.toMatch(/froz/)
  })

  test('learns nothing of a closed wallet, nor of one under the other letter', async () => {
    const closed = await api.openWallet()
    await act(closed, 'close')
    const never = await look('W999999999')
    expect(never).toMatchObject({ status: 404, body: { reason: 'payee-unknown' } })
    for (const walletId of [closed.walletId, payee.walletId.replace('W', 'M')]) {
      expect((await look(walletId)).bytes).toEqual(never.bytes)
    }
  })

  test('must say who asks', async () => {
    expect((await api.ask('GET', `/v1/payees/${payee.walletId}`)).status).toBe(401)
  })
})

test('the institution enters a name, and is shown what payers will see', async () => {
  const by = api.institution.signer
  const opened = await api.ask('POST', '/v1/users', {
    by,
    json: { kyc_level: 1, legal_name: 'Alice Brown', request_id: newId() },
  })
  expect(opened).toMatchObject({ status: 201, body: { masked_name: 'A*** B.' } })
  const renamed = { legal_name: 'Alice Green', request_id: newId() }
  const told = await api.ask('PATCH', `/v1/users/${opened.body.user_id}`, { by, json: renamed })
  expect(told).toMatchObject({ status: 200, body: { masked_name: 'A*** G.' } })
  const other = { ...renamed, legal_name: 'Alice Black' }
  expect(await api.ask('PATCH', `/v1/users/${opened.body.user_id}`, { by, json: other })).toMatchObject({ status: 409 })
})

test('who looks up one wallet after the other is stopped, and another caller is not', async () => {
  const few = new TestApi({ rateLimits: { lookupsPerMinuteMax: 3 } })
  await few.begin()
  const [curious, patient] = [await few.openWallet(), await few.openWallet()]
  const ask = (by = curious.signer) => few.ask('GET', `/v1/payees/${patient.walletId}`, { by })
  const told = [await ask(), await ask(), await ask(), await ask()]
  expect(told.map(({ status }) => status)).toEqual([200, 200, 200, 429])
  expect(Number(told[3]!.headers.get('retry-after'))).toBeGreaterThan(50)
  expect((await ask(patient.signer)).status).toBe(200)
  few.close()
})
