import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import {
  chromiumFile,
  keepScreenshot,
  noChromium,
  openBrowser,
  type TrustingBrowser,
} from '../../../deploy/chromium.ts'
import { addAuthenticator, type VirtualAuthenticator } from '../../../deploy/virtualAuthenticator.ts'
import type { RegionFacts } from '../../region.ts'
import { fenOf, yuanOf } from '../transfers.ts'

const phone = { width: 390, height: 844 }
const stepTimeoutMs = 60_000
const pollMs = 500

type Say = (line: string) => void

/** What the page of an order has to show before its payer confirms. */
export type Bill = {
  readonly url: string
  readonly payee: string
  readonly orderNo: string
  readonly amount: string
  readonly description: string
}

/** Somebody at a browser as small as a phone, with a wallet whose payments a passkey signs. */
export class PayerAtBrowser {
  readonly walletId: string
  readonly #browser: TrustingBrowser
  readonly #page: Page
  readonly #authenticator: VirtualAuthenticator
  readonly #walletUrl: string
  /** What the wallet must hold, by what it paid and was given back. */
  #fen: number

  private constructor(
    walletId: string,
    browser: TrustingBrowser,
    page: Page,
    authenticator: VirtualAuthenticator,
    walletUrl: string,
    fen: number,
  ) {
    this.walletId = walletId
    this.#browser = browser
    this.#page = page
    this.#authenticator = authenticator
    this.#walletUrl = walletUrl
    this.#fen = fen
  }

  /** Opens a browser and makes a wallet on the page for that. @returns undefined, said in one line, without a browser */
  static async begin({ edgeUrl, caFile }: RegionFacts, say: Say): Promise<PayerAtBrowser | undefined> {
    // A passkey belongs to a name, and an address of numbers is none.
    const url = edgeUrl.replace('127.0.0.1', 'localhost')
    const browser = await browserBefore(url, caFile, say)
    if (browser === undefined) return undefined
    try {
      const page = await browser.newPage(phone)
      page.setDefaultTimeout(stepTimeoutMs)
      const authenticator = await addAuthenticator(page)
      await page.goto(`${url}/wallet`)
      await page.locator('#make-wallet').click()
      await page.locator('#have').waitFor()
      const walletId = await page.locator('#wallet-id').innerText()
      const balance = await page.locator('#balance').innerText()
      await keepScreenshot(page, 'demo-wallet')
      say(`wallet    ${walletId}, made in Chromium with a passkey, holds ${balance} yuan`)
      return new PayerAtBrowser(walletId, browser, page, authenticator, `${url}/wallet`, fenOf(balance))
    } catch (error) {
      await browser.close()
      throw error
    }
  }

  /**
   * Opens the address of a code, looks whether what is asked is what was ordered, and confirms it.
   * @returns the payment's id, as the page shows it
   * @throws Error when the page shows something else, or the payment is not made
   */
  async pay(bill: Bill, say: Say): Promise<string> {
    await this.#openBill(bill)
    const shares = await this.#page.locator('.shares .yes li').allInnerTexts()
    if (shares.length === 0) throw new Error(`the page of ${bill.orderNo} does not say what its payer agrees to share`)
    await keepScreenshot(this.#page, `demo-pay-${bill.orderNo}`)
    const { width, height } = phone
    say(`pay page  ${width}×${height}: ${bill.payee}, ¥${bill.amount}, ${bill.description}`)
    say(`consent   the merchant learns ${shares.join('; ')}`)
    await this.#page.locator('#payable button[type=submit]').click()
    await this.#page.locator('#done, #declined').locator('visible=true').waitFor()
    if (await this.#page.locator('#declined').isVisible()) {
      throw new Error(`${bill.orderNo} was not paid: ${await this.#page.locator('#reason').innerText()}`)
    }
    await keepScreenshot(this.#page, `demo-paid-${bill.orderNo}`)
    const [passkey] = await this.#authenticator.passkeys()
    say(`passkey   confirmed by its person, who was verified: signature ${passkey?.signCount}`)
    const title = await this.#page.locator('#done h1').innerText()
    const paid = await this.#page.locator('#done [data-amount]').innerText()
    if (paid !== bill.amount) throw new Error(`the page says that ${paid} yuan were paid for ${bill.orderNo}`)
    this.#fen -= fenOf(bill.amount)
    const paymentId = await this.#page.locator('#paid-id').innerText()
    say(`paid      the page says: ${title}, ¥${paid}, from ${await this.#page.locator('#paid-from').innerText()}`)
    return paymentId
  }

  /** The names on the page follow the log a moment later: until they have, the page is opened again. */
  async #openBill({ url, payee, orderNo, amount, description }: Bill): Promise<void> {
    const untilMs = performance.now() + stepTimeoutMs
    for (;;) {
      await this.#page.goto(url)
      const shown = await this.#page.locator('main').innerText()
      const missing = [payee, orderNo, amount, description].filter((part) => !shown.includes(part))
      if (missing.length === 0) return
      if (performance.now() > untilMs) throw new Error(`the page of ${orderNo} does not show ${missing.join(', ')}`)
      await sleep(pollMs)
    }
  }

  /**
   * Looks at the wallet's page until money that was given back is its latest entry, and in its balance.
   * @throws Error when it never is
   */
  async seesRefund(amount: string, say: Say): Promise<void> {
    this.#fen += fenOf(amount)
    const expected = yuanOf(this.#fen)
    await this.#page.goto(this.#walletUrl)
    await this.#page.locator('#have').waitFor()
    const latest = this.#page.locator('#entries li').first()
    const untilMs = performance.now() + stepTimeoutMs
    for (;;) {
      const [entry, balance] = [await latest.allInnerTexts(), await this.#page.locator('#balance').innerText()]
      const [text = ''] = entry
      if (text.includes(`+¥${amount}`) && balance === expected) {
        await keepScreenshot(this.#page, 'demo-wallet-refunded')
        say(`wallet    its page shows: ${text.split('\n')[0]} +¥${amount}, balance ¥${balance}`)
        return
      }
      if (performance.now() > untilMs) {
        throw new Error(`the wallet's page shows ¥${balance} and no refund of ${amount} that makes it ¥${expected}`)
      }
      await sleep(pollMs)
      await this.#page.locator('#refresh').click()
    }
  }

  /** What went wrong in the pages, by their own account. */
  get faults(): readonly string[] {
    return this.#browser.faults
  }

  async end(): Promise<void> {
    await this.#browser.close()
  }
}

async function browserBefore(url: string, caFile: string, say: Say): Promise<TrustingBrowser | undefined> {
  const without = (why: string): undefined => {
    say(`browser   none, all orders are paid by a wallet app's key: ${why}`)
  }
  if (chromiumFile === undefined) return without(noChromium)
  try {
    return await openBrowser([{ url, ca: readFileSync(caFile, 'utf8') }])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    return without('playwright-core is not installed')
  }
}
