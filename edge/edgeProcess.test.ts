import { connect, type SecureVersion } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from './client/node.ts'
import { paymentOf } from './routes/testThings.ts'
import { fund, openTestWallet, startTestEdge, type TestEdge, type TestWallet } from './testEdge.ts'
import { untilReady } from './testRegion.ts'
import { writeMessage } from './wire/protobuf.ts'

const protobuf = { 'content-type': 'application/x-protobuf', accept: 'application/x-protobuf' }
let edge: TestEdge
let payer: TestWallet
let payee: TestWallet
beforeAll(async () => {
  edge = await startTestEdge({ banks: true })
  payer = await openTestWallet(edge)
  payee = await openTestWallet(edge)
  await fund(edge, payer, '100.00')
}, 120_000)
afterAll(() => edge?.close(), 30_000)

const payment = (changes: object = {}) => paymentOf(payer, payee, changes)
const pay = (json: object) => edge.client.call(undefined, 'POST', '/v1/payments', json)
const balance = async ({ walletId, signer }: TestWallet) =>
  (await edge.client.call(signer, 'GET', `/v1/wallets/${walletId}`)).body.balance

/** The version of TLS that a client of exactly this version comes to. */
function handshake(version: SecureVersion): Promise<string | null> {
  const { hostname, port } = new URL(edge.url)
  return new Promise((resolve, reject) => {
    const only = { minVersion: version, maxVersion: version }
    const socket = connect({ host: hostname, port: Number(port), ca: edge.ca, ...only }, () => {
      resolve(socket.getProtocol())
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

describe('the edge as a process of its own', () => {
  test('speaks TLS 1.3 and nothing older', async () => {
    expect(await handshake('TLSv1.3')).toBe('TLSv1.3')
    await expect(handshake('TLSv1.2')).rejects.toThrow(/protocol|handshake/i)
  })

  test('recharges, pays and redeems in Protobuf as in JSON', async () => {
    const before = [await balance(payer), await balance(payee)]
    const bytes = writeMessage('PaymentRequest', payment())
    const { status, raw } = await edge.client.call(undefined, 'POST', '/v1/payments', bytes, protobuf)
    expect([status, Buffer.from(raw).includes('completed')]).toEqual([200, true])
    expect(await pay(payment())).toMatchObject({ status: 200, body: { status: 'completed' } })
    const list = await edge.client.call(payer.signer, 'GET', `/v1/wallets/${payer.walletId}/linked-accounts`)
    const [link] = list.body.linked_accounts as [{ link_id: number }]
    const redemption = { tx_id: newId(), wallet_id: payer.walletId, link_id: link.link_id, amount: '3.00' }
    const redeemed = await edge.client.call(
      payer.signer,
      'POST',
      '/v1/redemptions',
      writeMessage('RedemptionRequest', redemption),
      protobuf,
    )
    expect([200, 202]).toContain(redeemed.status)
    expect(Buffer.from(redeemed.raw).includes(redemption.tx_id)).toBe(true)
    expect(before).toEqual(['100.00', '0.00'])
    expect([await balance(payer), await balance(payee)]).toEqual(['95.00', '2.00'])
  }, 60_000)

  test('answers an id again in the same bytes after it was killed and started anew', async () => {
    const json = payment()
    const first = await pay(json)
    const before = [await balance(payer), await balance(payee)]
    await edge.edge.kill()
    edge.edge.restart()
    await untilReady(`${edge.statusUrl}/readyz`, edge.edge)
    expect(Buffer.from((await pay(json)).raw)).toEqual(Buffer.from(first.raw))
    await expect(pay(payment({ payment_id: json.payment_id, amount: '2.00' }))).rejects.toMatchObject({
      status: 409,
      reason: 'id-reused',
    })
    expect([await balance(payer), await balance(payee)]).toEqual(before)
  }, 60_000)

  test('says that it is alive and ready, and shows what it can do', async () => {
    expect((await fetch(`${edge.statusUrl}/healthz`)).status).toBe(200)
    expect((await fetch(`${edge.statusUrl}/readyz`)).status).toBe(200)
    const { status, body } = await edge.client.call(undefined, 'GET', '/openapi.json')
    expect([status, body.openapi]).toEqual([200, '3.1.0'])
  })
})
