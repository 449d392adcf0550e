import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SupervisedRegion, startSupervised } from '../actors/followers/supervisedRegion.fixture.ts'
import { freePort } from '../deploy/freePort.ts'
import { describeInBrowser, openBrowser } from './browser.fixture.ts'
import { done, importWalletKey, Jiaozi, walletSigner } from './client/index.ts'
import { ApiProblem, newId, nodeExchange, signPayment } from './client/node.ts'
import { fund, openTestWallet, type TestWallet } from './testEdge.ts'

const skipped = process.env.JIAOZI_SKIP_NATS
const root = join(import.meta.dirname, '..')
const folder = join(import.meta.dirname, 'client')
const examplePatienceMs = 40_000
const atOnce = 16

let region: SupervisedRegion
let dir: string
let shop: TestWallet
let ann: TestWallet
beforeAll(async () => {
  if (skipped !== undefined) return
  dir = mkdtempSync(join(tmpdir(), 'jiaozi-client-'))
  region = await startSupervised(join(dir, 'data'), ['--shards', '2', '--workers', '1'])
  shop = await openTestWallet(region, { kind: 'merchant', group: 0 })
  ann = await openTestWallet(region)
  await fund(region, ann, '5000.00')
}, 150_000)
afterAll(async () => {
  await region?.stop()
  if (dir !== undefined) rmSync(dir, { recursive: true, force: true })
}, 60_000)

const orderPath = (orderNo = ''): string => `/v1/merchants/${shop.walletId}/orders${orderNo && `/${orderNo}`}`

async function newOrder(amount: string): Promise<string> {
  const order_no = `T-${newId().slice(-12)}`
  const expires_at = new Date(Date.now() + 600_000).toISOString()
  await region.client.call(shop.signer, 'POST', orderPath(), { order_no, amount, expires_at })
  return order_no
}

function pay(payer: TestWallet, payee: TestWallet, amount: string, order?: string) {
  const parties = { payer_wallet: payer.walletId, payee_wallet: payee.walletId, ...(order && { order }) }
  const text = { payment_id: newId(), ...parties, amount, currency: 'CNY-DC', timestamp: new Date().toISOString() }
  return region.client.call(undefined, 'POST', '/v1/payments', signPayment(text, payer.key))
}

/** Asks them all, each to its end. @returns how each ended: `done`, or why it was refused */
async function ends(asking: readonly Promise<unknown>[]): Promise<string[]> {
  const told = asking.map((one) =>
    one.then(
      () => 'done',
      (error: unknown) => (error instanceof ApiProblem ? error.reason : String(error)),
    ),
  )
  return Promise.all(told)
}

const count = (endings: readonly string[], what: string): number => endings.filter((one) => one === what).length

async function balance({ walletId, signer }: TestWallet): Promise<string> {
  return String((await region.client.call(signer, 'GET', `/v1/wallets/${walletId}`)).body.balance)
}

describe.skipIf(skipped !== undefined)('a crowd at one order', () => {
  test('of a hundred payers at once one pays, and the others keep their money', async () => {
    const payers: TestWallet[] = []
    const open = async (): Promise<void> => {
      while (payers.length < 100) payers.push(await openTestWallet(region))
    }
    await Promise.all(Array.from({ length: atOnce }, open))
    expect(count(await ends(payers.map((payer) => pay(ann, payer, '1.00'))), 'done')).toBe(payers.length)
    const before = Number(await balance(shop))
    const order = await newOrder('1.00')
    const endings = await ends(payers.map((payer) => pay(payer, shop, '1.00', order)))
    expect([count(endings, 'done'), count(endings, 'order-paid')]).toEqual([1, payers.length - 1])
    expect(Number(await balance(shop)) - before).toBe(1)
    const left = async () => (await Promise.all(payers.map(balance))).filter((one) => one === '1.00').length
    await expect.poll(left, { timeout: 15_000 }).toBe(payers.length - 1)
  }, 120_000)

  test('of two hundred refunds at once no more go through than were paid for', async () => {
    const order = await newOrder('12.50')
    await pay(ann, shop, '12.50', order)
    const before = await balance(ann)
    const refund = () => ({ refund_id: newId(), amount: '0.10' })
    const asking = Array.from({ length: 200 }, () =>
      region.client.call(shop.signer, 'POST', `${orderPath(order)}/refunds`, refund()),
    )
    const endings = await ends(asking)
    expect([count(endings, 'done'), count(endings, 'refund-exceeds-payment')]).toEqual([125, 75])
    const { body } = await region.client.call(shop.signer, 'GET', orderPath(order))
    expect(body).toMatchObject({ status: 'refunded', refunded: '12.50' })
    expect(Number(await balance(ann)) - Number(before)).toBeCloseTo(12.5, 6)
  }, 60_000)
})

/** The client for others, over connections that trust this region's authority. */
async function clientOf(wallet: TestWallet): Promise<Jiaozi> {
  const { edgeUrl: baseUrl, caFile } = region.facts
  const exchange = nodeExchange(baseUrl, readFileSync(caFile, 'utf8'))
  const fetch: typeof globalThis.fetch = async (url, { method, headers, body } = {}) => {
    const { pathname, search } = new URL(String(url))
    const sent = body === undefined ? new Uint8Array(0) : (body as Uint8Array)
    const told = await exchange(method!, pathname + search, headers as Record<string, string>, sent, 10_000)
    return new Response(Uint8Array.from(told.body), { status: told.status, headers: told.headers })
  }
  const signer = walletSigner(wallet.walletId, await importWalletKey(pemOf(wallet)))
  return new Jiaozi({ baseUrl, signer, fetch })
}

describe.skipIf(skipped !== undefined)('a merchant with the client', () => {
  test('finds page by page what payers let it collect, and collects it', async () => {
    const [payer, payee] = [await clientOf(ann), await clientOf(shop)]
    for (const purpose of ['Rent', 'Gas', 'Water']) {
      const terms = { kind: 'collect', period: 'month', amount: '3.00', period_amount: '3.00', purpose } as const
      const body = { mandate_id: newId(), payee_wallet: shop.walletId, first_at: new Date().toISOString(), ...terms }
      done(await payer.call('signMandate', { path: { wallet_id: ann.walletId }, body }))
    }
    const path = { wallet_id: shop.walletId }
    const found = () =>
      Array.fromAsync(payee.each('listPayeeMandates', { path, query: { limit: 1, status: 'active' } }))
    const purposes = async () => (await found()).map(({ purpose }) => purpose)
    await expect.poll(purposes, { timeout: 15_000 }).toEqual(['Water', 'Gas', 'Rent'])
    for (const { wallet_id, mandate_id } of await found()) {
      const body = { collection_id: newId(), amount: '2.50' }
      const told = await payee.call('collectMandate', { path: { wallet_id, mandate_id }, body })
      expect(done(told)).toMatchObject({ status: 'completed', wallet_id: ann.walletId })
    }
    const refused = await payer.call('listPayeeMandates', { path, query: {} })
    expect(refused).toMatchObject({ kind: 'refused', problem: { status: 404 } })
  }, 60_000)
})

type Runtime = { readonly name: string; readonly command: string; readonly flags: readonly string[] }
const runtimes: readonly Runtime[] = [
  { name: 'Node', command: process.execPath, flags: ['--no-warnings'] },
  { name: 'Deno', command: join(root, 'node_modules/.bin/deno'), flags: ['run', '-A', '--quiet'] },
]
const pemOf = ({ key }: TestWallet): string => key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

/** One of the examples as a process of its own, which trusts this region's authority. */
class Example {
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  #said = ''

  constructor({ command, flags }: Runtime, file: string, wallet: TestWallet, settings: Record<string, string>) {
    const { caFile, edgeUrl } = region.facts
    const trust = { NODE_EXTRA_CA_CERTS: caFile, DENO_CERT: caFile, NO_COLOR: '1' }
    const own = { JIAOZI_URL: edgeUrl, WALLET_ID: wallet.walletId, WALLET_KEY: pemOf(wallet), ...settings }
    this.#child = spawn(command, [...flags, join(folder, 'examples', file)], {
      env: { ...process.env, ...trust, ...own },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const hear = (chunk: Buffer): void => {
      this.#said += chunk.toString()
    }
    this.#child.stdout!.on('data', hear)
    this.#child.stderr!.on('data', hear)
    this.ended = new Promise((resolve) => this.#child.once('exit', (code) => resolve(code)))
  }

  get said(): string[] {
    return this.#said.trim().split('\n')
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

describe.skipIf(skipped !== undefined)('the examples', () => {
  test.each(runtimes.map((one) => [one.name, one] as const))(
    'of a merchant’s server and a wallet sell and pay an order, on %s',
    async (_name, runtime) => {
      const ORDER_NO = `E-${newId().slice(-12)}`
      const merchant = new Example(runtime, 'merchantServer.ts', shop, { ORDER_NO, PORT: String(await freePort()) })
      try {
        await expect.poll(() => merchant.said[0], { timeout: examplePatienceMs }).toBe('created')
        const wallet = new Example(runtime, 'wallet.ts', ann, { ORDER_NO, MERCHANT_ID: shop.walletId })
        expect([await wallet.ended, wallet.said[0]]).toEqual([0, 'completed'])
        expect(await merchant.ended).toBe(0)
        expect(merchant.said).toEqual(['created', `order.paid ${ORDER_NO} 12.50`])
      } finally {
        merchant.kill()
      }
    },
    examplePatienceMs * 2,
  )

  test('have at most thirty lines each', () => {
    for (const file of readdirSync(join(folder, 'examples'))) {
      const lines = readFileSync(join(folder, 'examples', file), 'utf8')
        .trimEnd()
        .split('\n')
      expect([file, lines.length > 30]).toEqual([file, false])
    }
  })
})

/** The client's own files as a browser takes them: without their types, and nothing else of them changed. */
function scriptOf(name: string): string {
  return stripTypeScriptTypes(readFileSync(join(folder, name), 'utf8'))
}

describeInBrowser('the client in a browser', () => {
  test.skipIf(skipped !== undefined)(
    'has a key that nobody can read, pays, and verifies callbacks',
    async () => {
      const url = region.facts.edgeUrl.replace('127.0.0.1', 'localhost')
      const browser = await openBrowser([{ url, ca: readFileSync(region.facts.caFile, 'utf8') }])
      try {
        const page = await browser.newPage()
        await page.route(`${url}/try/**`, (route) => {
          const name = new URL(route.request().url()).pathname.split('/').at(-1)!
          if (name === 'page')
            return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>x</title>' })
          return route.fulfill({ contentType: 'text/javascript', body: scriptOf(name) })
        })
        await page.goto(`${url}/try/page`)
        await page.evaluate("import('/try/index.ts').then((sdk) => { window.sdk = sdk })")
        const key = await page.evaluate(
          'sdk.newWalletKey().then((key) => { window.key = key; return [key.publicKeyHex, key.privateKey.extractable] })',
        )
        const [public_key, readable] = key as [string, boolean]
        expect(readable).toBe(false)
        const { client, institution } = region
        const user = await client.call(institution, 'POST', '/v1/users', { kyc_level: 1, request_id: newId() })
        const opening = { user_id: user.body.user_id, class: 1, kind: 'personal', public_key, request_id: newId() }
        const { body } = await client.call(institution, 'POST', '/v1/wallets', opening)
        await pay(ann, { ...ann, walletId: String(body.wallet_id) }, '20.00')
        const order = await newOrder('12.50')
        const settings = { url, wallet: body.wallet_id, shop: shop.walletId, order }
        const paid = await page.evaluate(`(async ({ url, wallet, shop, order }) => {
          const jiaozi = new sdk.Jiaozi({ baseUrl: url, signer: sdk.walletSigner(wallet, key) })
          const parties = { payer_wallet: wallet, payee_wallet: shop }
          const body = await sdk.signPayment({ ...parties, amount: '12.50', order }, key)
          const { status } = sdk.done(await jiaozi.call('submitPayment', { body }))
          const again = sdk.done(await jiaozi.call('submitPayment', { body }))
          const { balance } = sdk.done(await jiaozi.call('showWallet', { path: { wallet_id: wallet } }))
          const tooMuch = await sdk.signPayment({ ...parties, amount: '1000' }, key)
          const refused = await jiaozi.call('submitPayment', { body: tooMuch })
          const head = { 'webhook-id': 'a', 'webhook-timestamp': '1', 'webhook-signature': 'v1,AAAA' }
          const forged = await sdk.verifyWebhook(head, '{}', ['whsec_AAAA'], { nowMs: 1000 })
          return [status, again.status, balance, refused.kind, refused.problem.reason, forged.kind]
        })(${JSON.stringify(settings)})`)
        expect(paid).toEqual(['completed', 'completed', '7.50', 'refused', 'funds-insufficient', 'forged'])
      } finally {
        await browser.close()
      }
    },
    90_000,
  )
})
