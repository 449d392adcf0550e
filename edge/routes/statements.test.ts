import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../client/node.ts'
import { TestApi, type TestWallet } from './testApi.ts'

let api: TestApi
let own: TestWallet
let shop: TestWallet
let other: TestWallet
beforeAll(async () => {
  api = new TestApi()
  await api.begin()
  own = await api.openWallet()
  shop = await api.openWallet(api.institution, 'merchant')
  other = await api.openWallet(api.otherInstitution)
  api.names = new Map()
})
afterAll(() => api.close())

const marchMs = Date.parse('2026-03-31T16:00:00Z')
const entry = (deltaFen: number) => ({
  executed: { shard: 0, seq: 7, index: 0, timeMs: marchMs - 1_000 },
  kind: deltaFen < 0 ? 1 : 2,
  deltaFen,
  counterparty: 1_048_577,
  counterpartyKind: 1,
  id: new Uint8Array(16).fill(0x70),
  orderNo: undefined,
})
const written = (timeMs: number, ...fen: number[]) => {
  api.statement = { openingFen: 1_000, lines: fen.map(entry), followed: { shard: 0, seq: 9, timeMs } }
}
const get = (path: string, accept?: string, by = own.signer, language = 'en') =>
  api.ask('GET', path, { by, headers: { 'accept-language': language, ...(accept && { accept }) } })
const month = () => `/v1/wallets/${own.walletId}/statements/2026-03`
const day = () => `/v1/merchants/${shop.walletId}/statements/2026-03-31`

describe('a month', () => {
  test('is told in sums and lines, and is complete once its last moment in Shanghai was followed', async () => {
    written(marchMs, -250, 100)
    const sums = { opening: '10.00', money_in: '1.00', money_out: '2.50', closing: '8.50', complete: true }
    expect(await get(month())).toMatchObject({ status: 200, body: { ...sums, lines: [{ balance: '7.50' }, {}] } })
    written(marchMs - 1, -250)
    expect((await get(month())).body).toMatchObject({ complete: false, closing: '7.50' })
  })

  test('is a page or a table to who asks for one, and JSON to everybody else', async () => {
    written(marchMs, -250)
    const page = await get(month(), 'text/html,application/xhtml+xml,*/*;q=0.8', own.signer, 'zh-CN,zh')
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/)
    expect(Buffer.from(page.bytes).toString()).toContain('账户对账单')
    const table = await get(month(), 'text/csv')
    expect(table.headers.get('content-disposition')).toContain(`${own.walletId}-2026-03.csv`)
    expect((await get(month(), '*/*')).headers.get('content-type')).toBe('application/json')
    expect((await get(month(), 'image/png')).status).toBe(406)
  })

  test.each(['2026-13', '2026-3', 'now'])('%s is none', async (text) => {
    const told = await get(`/v1/wallets/${own.walletId}/statements/${text}`)
    expect(told).toMatchObject({ status: 422, body: { errors: [{ field: 'month' }] } })
  })

  test('with too many lines is refused, with what to ask for instead', async () => {
    written(marchMs, ...Array.from({ length: 5_001 }, () => 1))
    expect(await get(month())).toMatchObject({ status: 422, body: { reason: 'statement-too-long' } })
  })
})

describe("a merchant's day", () => {
  test('is a file that does not change any more, known by its checksum', async () => {
    written(marchMs, 250, -100)
    const first = await get(day(), 'text/csv', shop.signer)
    const again = await get(day(), 'text/csv', shop.signer)
    expect(first.bytes).toEqual(again.bytes)
    const told = await get(day(), undefined, shop.signer)
    expect(told.body).toMatchObject({ lines: 2, opening: '10.00', closing: '11.50' })
    expect(first.headers.get('etag')).toBe(`"${told.body.sha256}"`)
    expect(Buffer.from(first.bytes).toString()).toContain(`S,${told.body.sha256}\r\n`)
  })

  test('is refused until it is closed', async () => {
    written(marchMs - 1, 250)
    const told = await get(day(), 'text/csv', shop.signer)
    expect([told.status, told.body.reason, told.headers.get('retry-after')]).toEqual([409, 'statement-open', '60'])
  })

  test('is a merchant’s alone', async () => {
    const path = `/v1/merchants/${own.walletId}/statements/2026-03-31`
    expect(await get(path)).toMatchObject({ status: 422, body: { reason: 'merchant-required' } })
  })
})

describe('a receipt', () => {
  const paid = (more: object = {}) => {
    const id = newId()
    const [payer, payee] = [own, shop].map(({ walletId }) => Number(walletId.slice(1))) as [number, number]
    const executed = { shard: 0, seq: 9, index: 0, timeMs: marchMs }
    const of = { code: 0, complete: true, executed, digest: new Uint8Array(16), amountFen: 1_230, payer, payee }
    api.journal = [{ ...of, id: Buffer.from(id.replaceAll('-', ''), 'hex'), ...more }]
    return `/v1/wallets/${own.walletId}/payments/${id}/receipt`
  }

  test('is for the payer and the payee, and nobody else', async () => {
    const path = paid()
    const parties = { payer: { wallet_id: own.walletId }, payee: { wallet_id: shop.walletId }, amount: '12.30' }
    expect(await get(path)).toMatchObject({ status: 200, body: { status: 'completed', ...parties } })
    expect((await get(path, undefined, shop.signer)).status).toBe(200)
    expect((await get(path, undefined, other.signer)).status).toBe(404)
    const page = await get(path, 'text/html', own.signer, 'zh')
    expect(Buffer.from(page.bytes).toString()).toContain('支付凭证')
  })

  test('there is none of what was refused or is on its way', async () => {
    expect((await get(paid({ code: 28 }))).status).toBe(404)
    expect((await get(paid({ complete: false }))).status).toBe(404)
  })
})
