import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../client/node.ts'
import { TestApi, type TestWallet } from '../routes/testApi.ts'
import { newOrder } from '../routes/testThings.ts'
import { assetUrl } from './assets.ts'
import { en } from './texts/en.ts'
import { zh } from './texts/zh.ts'

const scriptBytesMax = 15_000
let api: TestApi
let merchant: TestWallet
beforeAll(async () => {
  api = new TestApi()
  await api.begin()
  merchant = await api.openWallet(api.institution, 'merchant')
})
afterAll(() => api.close())

async function tokenOf(changes: object = {}): Promise<{ token: string; order: string }> {
  const order = await newOrder(api, merchant, changes)
  const path = `/v1/merchants/${merchant.walletId}/orders/${order}/qr`
  const told = await api.ask('GET', path, { by: merchant.signer })
  return { token: String(told.body.url).split('/pay/')[1]!, order }
}
const pageOf = async (path: string, headers: Record<string, string> = {}) => {
  const told = await api.ask('GET', path, { headers: { accept: 'text/html', ...headers } })
  return { ...told, text: Buffer.from(told.bytes).toString() }
}
const closed = (order: string) =>
  api.ask('POST', `/v1/merchants/${merchant.walletId}/orders/${order}/close`, {
    by: merchant.signer,
    json: { request_id: newId() },
  })

describe('the page of a payment code', () => {
  test('says whom, how much and what is shared, in the language of the browser or of the switch', async () => {
    const { token, order } = await tokenOf({ amount: '12.50' })
    const english = await pageOf(`/pay/${token}`, { 'accept-language': 'en-GB,en;q=0.9' })
    expect(english.status).toBe(200)
    for (const part of ['<html lang="en">', merchant.walletId, '12.50', order, en.sharesTitle, en.pay]) {
      expect(english.text).toContain(part)
    }
    const chinese = await pageOf(`/pay/${token}`, { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' })
    for (const part of ['<html lang="zh-CN">', zh.sharesTitle, zh.shares[0]!, zh.keeps[0]!]) {
      expect(chinese.text).toContain(part)
    }
    expect((await pageOf(`/pay/${token}?lang=zh`)).text).toContain('<html lang="zh-CN">')
  })

  test('runs nothing but its own scripts, is shown in no frame, and tells nobody where it is', async () => {
    const { headers, text } = await pageOf(`/pay/${(await tokenOf()).token}`)
    const policy = headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(policy).not.toContain('unsafe')
    expect(policy).toContain("frame-ancestors 'none'")
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(text).not.toMatch(/ style=| on\w+=/)
  })

  test('has at most 15 kB of script, what the script reads included', async () => {
    const { text } = await pageOf(`/pay/${(await tokenOf()).token}?lang=zh`)
    const loaded = [...text.matchAll(/<script type="module" src="([^"]+)"/g)].map(([, url]) => url!)
    const inline = [...text.matchAll(/<script(?! type="module")[^>]*>([\s\S]*?)<\/script>/g)].map(
      ([, content]) => content!,
    )
    expect(loaded).toHaveLength(2)
    const files = await Promise.all(loaded.map(async (url) => (await api.ask('GET', url)).bytes.length))
    const bytes = [...files, ...inline.map((content) => Buffer.byteLength(content))].reduce((sum, n) => sum + n, 0)
    expect(bytes).toBeGreaterThan(1_000)
    expect(bytes).toBeLessThanOrEqual(scriptBytesMax)
    const imported = loaded.map((url) =>
      readFileSync(join(import.meta.dirname, 'assets', url.split('/').at(-1)!), 'utf8'),
    )
    for (const [, from] of imported.join().matchAll(/from '\.\/([^']+)'/g)) {
      expect(loaded.some((url) => url.endsWith(`/${from}`))).toBe(true)
    }
  })

  test('shows what merchants write as text, whatever it is', async () => {
    const evil = '</script><script>alert(1)</script>"\'&<img src=x onerror=alert(1)>'
    api.orderText = JSON.stringify({ description: evil })
    const { text } = await pageOf(`/pay/${(await tokenOf({ description: evil })).token}`)
    api.orderText = undefined
    expect(text).toContain('&lt;/script&gt;&lt;script&gt;alert(1)')
    expect(text.match(/<script/g)).toHaveLength(3)
    expect(text).not.toContain('<img')
  })

  test('of an order that was closed says so and cannot be paid', async () => {
    const { token, order } = await tokenOf()
    expect((await closed(order)).status).toBe(200)
    const { status, text } = await pageOf(`/pay/${token}`)
    expect([status, text.includes(en.closed), text.includes('<form')]).toEqual([200, true, false])
  })
})

describe('a code that cannot be paid gets a page and a problem that say why', () => {
  const both = async (token: string) => {
    const { body, status } = await api.ask('GET', `/v1/pay-links/${token}`)
    const page = await pageOf(`/pay/${token}`)
    expect(page.status).toBe(status)
    expect(page.text).not.toContain('<form')
    return { status, reason: body.reason, text: page.text }
  }

  test('when it was forged or altered', async () => {
    const { token } = await tokenOf()
    const altered = token.slice(0, 30) + (token[30] === 'A' ? 'B' : 'A') + token.slice(31)
    for (const one of ['forged', 'A'.repeat(80), altered, `${token}A`]) {
      const told = await both(one)
      expect([told.status, told.reason]).toEqual([404, 'pay-link-invalid'])
      expect(told.text).toContain(en.forged)
    }
  })

  test('when the time of its order is over', async () => {
    const { token } = await tokenOf({ expires_at: new Date(Date.now() + 1_500).toISOString() })
    expect((await api.ask('GET', `/v1/pay-links/${token}`)).body).toMatchObject({ status: 'payable' })
    await expect.poll(async () => (await both(token)).status, { timeout: 10_000 }).toBe(410)
    const told = await both(token)
    expect([told.reason, told.text.includes(en.expired)]).toEqual(['pay-link-expired', true])
  })

  test('when its order was another one of the same number', async () => {
    const { order } = await tokenOf()
    const merchantNumber = Number(merchant.walletId.slice(1))
    const link = { kind: 'order', merchant: merchantNumber, orderNo: order, expiresMs: Date.now() + 60_000 } as const
    expect(await both(api.web.services.payLinks.tokenOf(link))).toMatchObject({ status: 410 })
  })

  test('when the shard does not answer: then it may be tried again', async () => {
    const { token } = await tokenOf()
    api.leading = false
    const page = await pageOf(`/pay/${token}`)
    api.leading = true
    expect(page.status).toBe(503)
    expect(page.text).toContain(en.unavailable)
    expect(page.headers.get('retry-after')).not.toBeNull()
  })
})

describe('codes as pictures', () => {
  const paths = async () => {
    const order = await newOrder(api, merchant)
    return [`/v1/merchants/${merchant.walletId}/orders/${order}/qr`, `/v1/merchants/${merchant.walletId}/qr`]
  }

  test('come as SVG and PNG to whoever asks for a picture or for anything', async () => {
    for (const path of await paths()) {
      for (const accept of ['image/png', '*/*', 'image/svg+xml, */*;q=0.8']) {
        const asked = { by: merchant.signer, headers: { accept } }
        const svg = await api.ask('GET', `${path}?format=svg`, asked)
        expect([svg.status, svg.headers.get('content-type')]).toEqual([200, 'image/svg+xml'])
        expect(Buffer.from(svg.bytes).toString()).toMatch(/^<svg[\s\S]*<\/svg>$/)
        const png = await api.ask('GET', `${path}?format=png`, asked)
        expect([png.status, png.headers.get('content-type')]).toEqual([200, 'image/png'])
        expect(Buffer.from(png.bytes.subarray(1, 4)).toString()).toBe('PNG')
      }
      expect((await api.ask('GET', `${path}?format=gif`, { by: merchant.signer })).status).toBe(422)
    }
  })

  test('are not made of what is no merchant, nor of an order that cannot be paid', async () => {
    const person = await api.openWallet()
    const told = await api.ask('GET', `/v1/merchants/${person.walletId}/qr`, { by: person.signer })
    expect(told.body.reason).toBe('merchant-required')
    const { order } = await tokenOf()
    await closed(order)
    const path = (of: string) => `/v1/merchants/${merchant.walletId}/orders/${of}/qr`
    expect((await api.ask('GET', path(order), { by: merchant.signer })).body.reason).toBe('order-closed')
    expect((await api.ask('GET', path('none'), { by: merchant.signer })).body.reason).toBe('order-unknown')
  })
})

test('there are development wallets only in development', async () => {
  for (const path of ['/wallet', '/wallet/state']) expect((await pageOf(path)).status).toBe(404)
  expect((await api.ask('POST', '/wallet/begin', { json: {} })).status).toBe(404)
})

test('a browser may keep the files of the pages for ever, since their address changes with them', async () => {
  for (const name of readdirSync(join(import.meta.dirname, 'assets'))) {
    const told = await api.ask('GET', assetUrl(name as 'pay.js'))
    expect([told.status, told.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable'])
  }
  expect((await api.ask('GET', '/assets/pay/000000000000/pay.js')).status).toBe(404)
})

test('every text there is in one language is there in the other', () => {
  const shape = (texts: object): unknown =>
    Object.entries(texts).map(([name, value]) => [name, Array.isArray(value) ? value.length : typeof value])
  expect(shape(zh)).toEqual(shape(en))
  expect(Object.keys(zh.kinds)).toEqual(Object.keys(en.kinds))
})
