import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { type SupervisedRegion, startSupervised, until } from '../../actors/followers/supervisedRegion.fixture.ts'
import {
  addAuthenticator,
  openBrowser,
  type Seat,
  type TestAuthenticator,
  type TestBrowser,
} from '../browser.fixture.ts'
import { newId, newWalletKey } from '../client/node.ts'

/** Somebody at a browser who has a development wallet with ¥500.00 in it. */
export type Payer = {
  readonly page: Page
  readonly authenticator: TestAuthenticator
  readonly walletId: string
  balance(): Promise<string>
}

/** A region as `npm start` starts it, a tea house in it, and a browser before it. */
export class PayTown {
  readonly region: SupervisedRegion
  readonly browser: TestBrowser
  readonly url: string
  readonly merchant: string
  readonly #dir: string

  private constructor(region: SupervisedRegion, browser: TestBrowser, url: string, merchant: string, dir: string) {
    this.region = region
    this.browser = browser
    this.url = url
    this.merchant = merchant
    this.#dir = dir
  }

  static async begin(): Promise<PayTown> {
    const dir = mkdtempSync(join(tmpdir(), 'jiaozi-pay-'))
    const region = await startSupervised(join(dir, 'data'), ['--shards', '2', '--workers', '1'])
    const url = region.facts.edgeUrl.replace('127.0.0.1', 'localhost')
    const browser = await openBrowser([{ url, ca: readFileSync(region.facts.caFile, 'utf8') }])
    return new PayTown(region, browser, url, await openTeaHouse(region), dir)
  }

  /** A page of somebody new, with an authenticator. */
  async open(seat: Seat = {}): Promise<{ page: Page; authenticator: TestAuthenticator }> {
    const page = await this.browser.newPage(seat)
    return { page, authenticator: await addAuthenticator(page) }
  }

  /** Somebody who makes a wallet on the page for that. */
  async payer(seat: Seat = {}): Promise<Payer> {
    const { page, authenticator } = await this.open(seat)
    await page.goto(`${this.url}/wallet`)
    await page.locator('#make-wallet').click()
    await page.locator('#have').waitFor({ timeout: 40_000 })
    const walletId = await page.locator('#wallet-id').innerText()
    return { page, authenticator, walletId, balance: () => this.balance(walletId) }
  }

  async balance(walletId: string): Promise<string> {
    const { client, institution } = this.region
    return String((await client.call(institution, 'GET', `/v1/wallets/${walletId}`)).body.balance)
  }

  /** Makes an order. @returns its number and the address that its QR code holds */
  async order(changes: Record<string, unknown> = {}): Promise<{ orderNo: string; url: string }> {
    const { client, institution } = this.region
    const order_no = `T-${newId().slice(-12)}`
    const expires_at = new Date(Date.now() + 900_000).toISOString()
    const order = { order_no, amount: '12.50', expires_at, description: 'Longjing tea for two', ...changes }
    const path = `/v1/merchants/${this.merchant}/orders`
    await client.call(institution, 'POST', path, order)
    const { body } = await client.call(institution, 'GET', `${path}/${order_no}/qr`)
    return { orderNo: order_no, url: String(body.url) }
  }

  /** The address that the printed code of the tea house holds. */
  async merchantUrl(): Promise<string> {
    const { client, institution } = this.region
    return String((await client.call(institution, 'GET', `/v1/merchants/${this.merchant}/qr`)).body.url)
  }

  async orderNow(orderNo: string): Promise<Record<string, unknown>> {
    const { client, institution } = this.region
    return (await client.call(institution, 'GET', `/v1/merchants/${this.merchant}/orders/${orderNo}`)).body
  }

  async close(orderNo: string): Promise<void> {
    const { client, institution } = this.region
    const path = `/v1/merchants/${this.merchant}/orders/${orderNo}/close`
    await client.call(institution, 'POST', path, { request_id: newId() })
  }

  async end(): Promise<void> {
    await this.browser.close()
    await this.region.stop()
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

async function openTeaHouse({ client, institution }: SupervisedRegion): Promise<string> {
  const user = await client.call(institution, 'POST', '/v1/users', { kyc_level: 1, request_id: newId() })
  const opening = { user_id: user.body.user_id, class: 1, kind: 'merchant', public_key: newWalletKey().publicKeyHex }
  const wallet = await client.call(institution, 'POST', '/v1/wallets', { ...opening, request_id: newId() })
  const path = `/v1/merchants/${wallet.body.wallet_id}`
  const profile = { name_zh: '清风茶馆', name_en: 'Clear Breeze Tea House', request_id: newId() }
  await client.call(institution, 'PUT', path, profile)
  const named = async () => (await client.call(institution, 'GET', path)).body.name_en !== undefined
  await until('the journal has followed the tea house', named)
  return String(wallet.body.wallet_id)
}
