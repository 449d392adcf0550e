import type { CDPSession, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { barriersOf, describeInBrowser, keepScreenshot, type Seat } from '../browser.fixture.ts'
import { PayTown } from './payTown.fixture.ts'
import { en } from './texts/en.ts'
import { zh } from './texts/zh.ts'

const seats: Readonly<Record<string, Seat>> = {
  'small-phone-en': { width: 320, height: 640 },
  'phone-zh-dark': { width: 390, height: 844, language: 'zh-CN', dark: true },
  'desktop-en': {},
}
const journalTimeoutMs = 20_000
const submit = '#payable button[type=submit]'

// Others may be at work on the machine: a page that comes late is no page that is wrong.
vi.setConfig({ testTimeout: 120_000 })

/** Pixels that a page is wider than its window. */
const overflowOf = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)

/** Looks at a page as everybody must be able to use it, and keeps how it looks. */
async function look(page: Page, name: string): Promise<void> {
  await keepScreenshot(page, name)
  expect(await barriersOf(page)).toEqual([])
  expect(await overflowOf(page)).toBe(0)
}

describeInBrowser('paying on the page', () => {
  let town: PayTown
  beforeAll(async () => {
    town = await PayTown.begin()
  }, 120_000)
  afterAll(() => town?.end())

  const visibleTitle = (page: Page): Promise<string> => page.locator('h1:visible').innerText()

  describe.each(Object.entries(seats))('at a %s', (name, seat) => {
    const texts = seat.language === 'zh-CN' ? zh : en

    test('a person makes a wallet, opens an order and pays it with a passkey', async () => {
      const { page } = await town.open(seat)
      await page.goto(`${town.url}/wallet`)
      await look(page, `wallet-new-${name}`)
      await page.locator('#make-wallet').click()
      await page.locator('#have').waitFor({ timeout: 40_000 })
      expect(await page.locator('#balance').innerText()).toBe('500.00')
      await page.locator('#entries li').first().waitFor({ timeout: journalTimeoutMs })
      await page.locator('#make-order').click()
      await page.locator('#code').waitFor()
      await look(page, `wallet-${name}`)

      const { url, orderNo } = await town.order()
      const described = async () => (await town.orderNow(orderNo)).description
      await expect.poll(described, { timeout: journalTimeoutMs }).toBe('Longjing tea for two')
      await page.goto(url)
      expect(await visibleTitle(page)).toBe(texts === zh ? '清风茶馆' : 'Clear Breeze Tea House')
      const shown = await page.locator('main').innerText()
      for (const part of ['12.50', 'Longjing tea for two', orderNo, ...texts.shares, ...texts.keeps]) {
        expect(shown).toContain(part)
      }
      await look(page, `pay-${name}`)
      await page.locator(submit).click()
      await page.locator('#done').waitFor()
      expect(await visibleTitle(page)).toBe(texts.paid)
      await look(page, `paid-${name}`)
      expect(await town.orderNow(orderNo)).toMatchObject({ status: 'paid', amount: '12.50' })

      await page.reload()
      await page.locator('#mine').waitFor()
      expect(await visibleTitle(page)).toBe(texts.paidByYou)
      const stranger = await town.browser.newPage(seat)
      await stranger.goto(url)
      await stranger.locator('#other').waitFor()
      expect(await visibleTitle(stranger)).toBe(texts.paidByOther)
      await look(stranger, `paid-by-other-${name}`)
      await stranger.close()
    })
  })

  test('from the wallet a person pays the order it made, comes back, pays by link, and is forgotten', async () => {
    const { page } = await town.payer({ width: 390, height: 844 })
    await page.locator('#make-order').click()
    await page.locator('#open-order').click()
    await page.locator(submit).click()
    await page.locator('#done a').click()
    await expect.poll(() => page.locator('#balance').innerText(), { timeout: journalTimeoutMs }).toBe('487.50')
    const entries = () => page.locator('#entries').innerText()
    await expect.poll(entries, { timeout: journalTimeoutMs }).toContain('−¥12.50')
    await look(page, 'wallet-after-phone-en')

    await page.locator('#link').fill('https://elsewhere.example/pay/x')
    await page.locator('#by-link button').click()
    await page.locator('#link-wrong').waitFor()
    const { url } = await town.order({ amount: '1.00' })
    await page.locator('#link').fill(url)
    await page.locator('#by-link button').click()
    await page.locator(submit).click()
    await page.locator('#done a').click()
    await expect.poll(() => page.locator('#balance').innerText(), { timeout: journalTimeoutMs }).toBe('486.50')

    await page.locator('#forget').click()
    await page.locator('#make-wallet').waitFor()
    await page.reload()
    await page.locator('#make-wallet').waitFor()
    expect(await page.locator('#have').isVisible()).toBe(false)
  })

  test('whom the device does not know gets no wallet, and may try again', async () => {
    const { page, authenticator } = await town.open()
    await authenticator.verify(false)
    await page.goto(`${town.url}/wallet`)
    await page.locator('#make-wallet').click()
    await expect.poll(() => page.locator('#told').innerText(), { timeout: 40_000 }).toBe(en.notConfirmed)
    await authenticator.verify(true)
    await page.locator('#make-wallet').click()
    await page.locator('#have').waitFor({ timeout: 40_000 })
  })

  test('the switch changes the language, and the keyboard is enough to pay', async () => {
    const { page, balance } = await town.payer()
    await page.goto((await town.order()).url)
    await page.locator('nav a').click()
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN')
    await page.keyboard.press('Tab')
    expect(await page.locator(':focus').innerText()).toBe(zh.skip)
    for (let n = 0; n < 10 && !(await page.locator(`${submit}:focus`).isVisible()); n++)
      await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.locator('#done').waitFor()
    expect(await page.locator(':focus').innerText()).toBe(zh.paid)
    expect(await balance()).toBe('487.50')
  })

  test('an amount above the balance is declined in words, and nothing is taken', async () => {
    const { page, balance } = await town.payer({ width: 390, height: 844 })
    await page.goto((await town.order({ amount: '900.00' })).url)
    await page.locator(submit).click()
    await page.locator('#declined').waitFor()
    expect(await page.locator('#reason').innerText()).toBe('The wallet holds less than the amount.')
    await look(page, 'declined-phone-en')
    await page.locator('#again').click()
    await page.locator('#payable').waitFor()
    expect(await balance()).toBe('500.00')
  })

  test('an amount above the limit of the wallet is declined for that reason', async () => {
    const { page, balance } = await town.payer({ language: 'zh-CN' })
    await page.goto((await town.order({ amount: '60000.00' })).url)
    await page.locator(submit).click()
    await page.locator('#declined').waitFor()
    expect(await page.locator('#reason').innerText()).toBe('超过单笔限额')
    await look(page, 'declined-desktop-zh')
    expect(await balance()).toBe('500.00')
  })

  test('an order that expires while its page is open is not paid, and the page says so', async () => {
    const { page, balance } = await town.payer({ width: 390, height: 844 })
    const expiresMs = Date.now() + 9_000
    await page.goto((await town.order({ expires_at: new Date(expiresMs).toISOString() })).url)
    await page.locator('#payable').waitFor()
    await expect.poll(() => Date.now() > expiresMs + 500, { timeout: 20_000 }).toBe(true)
    await page.locator(submit).click()
    await expect.poll(() => visibleTitle(page), { timeout: 20_000 }).toBe(en.expired)
    await look(page, 'expired-phone-en')
    expect(await balance()).toBe('500.00')
  })

  test('a forged code says so', async () => {
    const page = await town.browser.newPage({ width: 390, height: 844, language: 'zh-CN' })
    const { url } = await town.order()
    const response = await page.goto(`${url.slice(0, -3)}AAA`)
    expect([response?.status(), await visibleTitle(page)]).toEqual([404, zh.forged])
    await look(page, 'forged-phone-zh')
  })

  test('an order that its merchant has closed says so', async () => {
    const page = await town.browser.newPage({ width: 390, height: 844, dark: true })
    const { url, orderNo } = await town.order()
    await town.close(orderNo)
    await page.goto(url)
    expect(await visibleTitle(page)).toBe(en.closed)
    await look(page, 'closed-phone-en-dark')
  })

  test('of two wallets that pay one order at once one wins, and the other is told and keeps its money', async () => {
    const payers = [await town.payer(), await town.payer()]
    const { url, orderNo } = await town.order()
    let open = (): void => undefined
    const opened = new Promise<void>((resolve) => {
      open = resolve
    })
    let waiting = 0
    for (const { page } of payers) {
      await page.route('**/v1/payments', async (route) => {
        waiting += 1
        await opened
        await route.continue()
      })
      await page.goto(url)
      await page.locator(submit).click()
    }
    await expect.poll(() => waiting, { timeout: 20_000 }).toBe(2)
    open()
    for (const { page } of payers) await page.locator('#done, #declined').locator('visible=true').waitFor()
    const won = await Promise.all(payers.map(({ page }) => page.locator('#done').isVisible()))
    expect(won.sort()).toEqual([false, true])
    const loser = (await payers[0]!.page.locator('#done').isVisible()) ? payers[1]! : payers[0]!
    expect(await loser.page.locator('#reason').innerText()).toBe('The order has been paid.')
    await expect.poll(loser.balance, { timeout: 20_000 }).toBe('500.00')
    const winner = payers.find((payer) => payer !== loser)!
    expect(await winner.balance()).toBe('487.50')
    expect(await town.orderNow(orderNo)).toMatchObject({ status: 'paid', payer_wallet: winner.walletId })
  })

  test('whoever the phone does not recognise cannot pay: neither on the page nor behind its back', async () => {
    const { page, authenticator, balance } = await town.payer()
    const { url, orderNo } = await town.order()
    await page.goto(url)
    await authenticator.verify(false)
    await page.locator(submit).click()
    await expect.poll(() => page.locator('#told').innerText(), { timeout: 20_000 }).toBe(en.notConfirmed)
    await keepScreenshot(page, 'not-confirmed-desktop-en')
    // A page that was tampered with asks for a touch alone; the authenticator signs, and says that it knew nobody.
    await page.evaluate(() => {
      const get = navigator.credentials.get.bind(navigator.credentials)
      navigator.credentials.get = (options) => {
        Object.assign(options!.publicKey!, { userVerification: 'discouraged' })
        return get(options)
      }
    })
    const answered = page.waitForResponse('**/v1/payments')
    await page.locator(submit).click()
    const { status, body } = await answered.then(async (one) => ({ status: one.status(), body: await one.json() }))
    expect(status).toBe(401)
    expect(body.errors).toEqual([
      { field: 'webauthn.authenticator_data', message: 'says that the person was not verified' },
    ])
    expect(await balance()).toBe('500.00')
    expect(await town.orderNow(orderNo)).toMatchObject({ status: 'created' })
  })

  test('an answer that was lost is asked for again, under the same number, and the order is paid once', async () => {
    const { page, balance } = await town.payer({ width: 390, height: 844 })
    const { url } = await town.order()
    await page.goto(url)
    const lost = await loseAnswers(page, 2)
    await page.locator(submit).click()
    await page.locator('#unknown').waitFor()
    await look(page, 'unknown-phone-en')
    await page.locator('#done').waitFor({ timeout: 20_000 })
    expect(lost.ids).toHaveLength(3)
    expect(new Set(lost.ids).size).toBe(1)
    expect(await balance()).toBe('487.50')
  })

  test('whoever closes the page before the outcome is known finds it when coming back', async () => {
    const { page, balance } = await town.payer()
    const { url } = await town.order()
    await page.goto(url)
    await loseAnswers(page, 1)
    await page.locator(submit).click()
    await page.locator('#unknown').waitFor()
    await page.goto(url)
    await page.locator('#mine').waitFor()
    expect(await balance()).toBe('487.50')
  })

  test('at the code of a merchant the payer types the amount', async () => {
    const { page, balance } = await town.payer({ width: 320, height: 640 })
    await page.goto(await town.merchantUrl())
    await page.locator(submit).click()
    expect(await page.locator('#amount-wrong').innerText()).toBe(en.amountWrong)
    expect(await page.locator('#amount').evaluate((field) => field === document.activeElement)).toBe(true)
    await look(page, 'pay-merchant-small-phone-en')
    for (const wrong of ['0', '1.234', '-1', '1e3', 'x']) {
      await page.locator('#amount').fill(wrong)
      await page.locator(submit).click()
      await page.locator('#amount-wrong').waitFor()
    }
    await page.locator('#amount').fill('0.1')
    await page.locator(submit).click()
    await page.locator('#done').waitFor()
    expect(await page.locator('#done [data-amount]').innerText()).toBe('0.10')
    expect(await balance()).toBe('499.90')
  })

  test('no page has run or shown anything that its policy forbids', () => {
    expect(town.browser.faults).toEqual([])
  })
})

/** Cuts the next answers to payments off behind the server's back: what was asked is done, and nobody is told. */
async function loseAnswers(page: Page, count: number): Promise<{ ids: string[] }> {
  const session: CDPSession = await page.context().newCDPSession(page)
  const ids: string[] = []
  let left = count
  session.on('Fetch.requestPaused', ({ requestId, request }) => {
    ids.push(String(JSON.parse(request.postData ?? '{}').payment_id))
    left -= 1
    if (left >= 0) void session.send('Fetch.failRequest', { requestId, errorReason: 'ConnectionReset' })
    else void session.send('Fetch.continueRequest', { requestId })
  })
  await session.send('Fetch.enable', { patterns: [{ urlPattern: '*/v1/payments', requestStage: 'Response' }] })
  return { ids }
}
