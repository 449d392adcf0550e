import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  pay,
  type SentPayment,
  type SupervisedRegion,
  startSupervised,
} from '../../actors/followers/supervisedRegion.fixture.ts'
import {
  barriersOf,
  describeInBrowser,
  keepScreenshot,
  openBrowser,
  type Seat,
  type TestBrowser,
} from '../browser.fixture.ts'
import { newId } from '../client/node.ts'
import { fund, openTestWallet, type TestWallet } from '../testEdge.ts'

const paymentsMade = 12

describeInBrowser('the operator console', () => {
  let folder: string
  let region: SupervisedRegion
  let browser: TestBrowser
  let url: string
  let alice: TestWallet
  let shop: TestWallet
  const paid: SentPayment[] = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jiaozi-console-'))
    region = await startSupervised(join(folder, 'd'), ['--shards', '2', '--workers', '1'])
    url = region.facts.edgeUrl
    browser = await openBrowser([{ url, ca: readFileSync(region.facts.caFile, 'utf8') }])
    alice = await openTestWallet(region)
    shop = await openTestWallet(region, { kind: 'merchant', group: 0 })
    await fund(region, alice, '800.00')
    await makeShop()
    for (let n = 1; n <= paymentsMade; n++) paid.push(await pay(region, alice, shop, `${n}.50`))
    await pay(region, alice, shop, '5000.00').catch(() => undefined)
  }, 180_000)

  afterAll(async () => {
    await browser?.close()
    await region?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  async function makeShop(): Promise<void> {
    const { client } = region
    const profile = { name_zh: '松间茶馆', name_en: 'Pine Tea House', contact: 'care@tea.example', request_id: newId() }
    await client.call(shop.signer, 'PUT', `/v1/merchants/${shop.walletId}`, profile)
    const expires_at = new Date(Date.now() + 3_600_000).toISOString()
    for (const order_no of ['T-1001', 'T-1002']) {
      const order = { order_no, amount: '36.00', expires_at, description: 'Long Jing, 50 g' }
      await client.call(shop.signer, 'POST', `/v1/merchants/${shop.walletId}/orders`, order)
    }
    const closed = `/v1/merchants/${shop.walletId}/orders/T-1002/close`
    await client.call(shop.signer, 'POST', closed, { request_id: newId() })
  }

  /** As `npx jiaozi drill run` leaves it in the data folder. */
  function writeDrill(): void {
    const reports = join(folder, 'd', 'drills', 'planned-move-2026-11-26T041248')
    mkdirSync(reports, { recursive: true })
    const found = {
      rto_ms: 180,
      after_word_ms: 180,
      rpo_payments: 0,
      rpo_fen: 0,
      answered: 9_123,
      difference_fen: 0,
      doubled: 0,
    }
    const figures = Object.fromEntries(Object.entries(found).map(([name, value]) => [`planned-move.${name}`, value]))
    const claims = ['every acknowledged payment is in both regions', 'no payment took effect twice']
    const rows = claims.map((name) => ({ what: 'check', name, verdict: 'pass', detail: '9,123 answered' }))
    const when = '2026-11-26T04:13:20.000Z'
    const report = { name: 'drill.planned-move', when, verdict: 'pass', figures, rows, notes: [] }
    writeFileSync(join(reports, 'report.json'), JSON.stringify(report))
    const script = '<script>document.body.style.color = "red"</script>'
    const style = '<style>body { color: rgb(1, 2, 3) }</style>'
    const page = `<!doctype html><html lang="en"><title>Drill</title>${style}<h1>Failover drill</h1>${script}</html>`
    writeFileSync(join(reports, 'report.html'), page)
  }

  /** Logs in as a person would: by the button, at the issuer, and back. */
  async function logIn(person: string, seat: Seat = {}): Promise<Page> {
    const page = await browser.newPage(seat)
    await page.goto(`${url}/console/`)
    await page.locator('a[href="/console/login"]').click()
    await page.getByRole('link', { name: person }).click()
    await page.locator('main#content h1').waitFor()
    return page
  }

  const open = async (page: Page, path: string): Promise<void> => {
    await page.goto(`${url}/console${path}`)
    await page.locator('main#content h1').waitFor()
  }

  /** What the console's own script could send, whatever its buttons say. */
  const ask = (page: Page, method: string, path: string, body: object): Promise<number> =>
    page.evaluate(
      async ([how, where, what]) => {
        const headers = { 'x-jiaozi-console': '1', 'content-type': 'application/json' }
        return (await fetch(where, { method: how, headers, body: what })).status
      },
      [method, path, JSON.stringify(body)] as const,
    )

  async function clean(page: Page, name: string): Promise<void> {
    await keepScreenshot(page, `console-${name}`)
    expect([name, await barriersOf(page)]).toEqual([name, []])
  }

  test('asks who one is, and shows nothing before that', async () => {
    const page = await browser.newPage()
    await page.goto(`${url}/console/audit`)
    await page.getByRole('heading', { name: 'Operator console' }).waitFor()
    await clean(page, 'login')
    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Who are you today?' }).waitFor()
    await clean(page, 'issuer')
  })

  test('a viewer sees everything and can change nothing, by button or by request', async () => {
    const page = await logIn('Wei Lan')
    await page.getByText('Viewer').waitFor()
    await page.locator('.tile').first().waitFor()
    await expect.poll(() => page.locator('.chart canvas').count()).toBe(3)
    await clean(page, 'live')
    await open(page, `/wallets/${alice.walletId}`)
    const freeze = page.getByRole('button', { name: 'Freeze' })
    await freeze.waitFor()
    expect(await freeze.isDisabled()).toBe(true)
    await clean(page, 'wallet-viewer')
    const path = `/v1/wallets/${alice.walletId}/freeze`
    expect(await ask(page, 'POST', path, { reason: 'by hand', request_id: newId() })).toBe(403)
    expect(await ask(page, 'PUT', '/v1/limits', {})).toBe(403)
  }, 60_000)

  test('a payment is found and told step by step, with its places in both logs', async () => {
    const page = await logIn('Li Na')
    await page.getByRole('link', { name: 'Payments' }).click()
    await expect.poll(() => page.locator('tbody tr').count(), { timeout: 15_000 }).toBeGreaterThanOrEqual(paymentsMade)
    await clean(page, 'payments')
    const { payment_id } = paid[4]!.signed
    await page.getByRole('searchbox', { name: 'Search' }).fill(String(payment_id))
    await page.getByRole('button', { name: 'Search' }).click()
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1)
    await page
      .locator('tbody')
      .getByRole('link', { name: String(payment_id) })
      .click()
    await page.getByText('Requested by the payer').waitFor()
    const steps = await page.locator('.step-head b').allTextContents()
    expect(steps).toEqual(['Requested by the payer', 'Debited', 'Credited', 'Completed'])
    const places = await page.locator('.steps .position').allTextContents()
    expect(places.filter((text) => /^\d+:\d+\.\d+$/.test(text)).length).toBe(2)
    await clean(page, 'payment')
  }, 60_000)

  test('an operator freezes a wallet, says why, and everybody finds it in the audit', async () => {
    const page = await logIn('Li Na')
    await open(page, `/wallets/${alice.walletId}`)
    await page.getByRole('button', { name: 'Freeze' }).click()
    const dialog = page.getByRole('dialog')
    const submit = dialog.getByRole('button', { name: 'Freeze' })
    expect(await submit.isDisabled()).toBe(true)
    await dialog.getByLabel('Reason').fill('stolen phone, ticket 4711')
    await clean(page, 'freeze')
    await submit.click()
    await page.locator('.headline').getByText('Frozen').waitFor()
    expect((await region.client.call(alice.signer, 'GET', `/v1/wallets/${alice.walletId}`)).body.status).toBe('frozen')
    await page.getByText('stolen phone, ticket 4711').waitFor()
    await clean(page, 'wallet')
    await page.getByRole('link', { name: 'Audit' }).click()
    const row = page.locator('tbody tr', { hasText: 'stolen phone, ticket 4711' })
    await row.waitFor()
    expect(await row.textContent()).toMatch(/operator:1.*freeze/s)
    await clean(page, 'audit')
    await open(page, `/wallets/${alice.walletId}`)
    await page.getByRole('button', { name: 'Unfreeze' }).click()
    await dialog.getByLabel('Reason').fill('the phone was found')
    await dialog.getByRole('button', { name: 'Unfreeze' }).press('Enter')
    await page.locator('.headline').getByText('Open').waitFor()
  }, 60_000)

  test('a rule is proposed by one person and in force when another agrees', async () => {
    const page = await logIn('Li Na')
    await open(page, '/risk')
    await page.getByRole('button', { name: 'Propose a rule' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Kind').selectOption('payer-frequency')
    await dialog.getByLabel('Payments at most').fill('500')
    await dialog.getByLabel('Reason').fill('nobody pays 500 times a minute')
    await clean(page, 'propose')
    await dialog.getByRole('button', { name: 'Propose a rule' }).click()
    await page.getByText('nobody pays 500 times a minute').waitFor()
    expect(await page.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true)
    const second = await logIn('Chen Hao')
    await open(second, '/proposals')
    await second.getByText('nobody pays 500 times a minute').waitFor()
    await clean(second, 'proposals')
    await second.getByRole('button', { name: 'Approve' }).click()
    await second.getByRole('dialog').getByLabel('Reason').fill('agreed')
    await second.getByRole('dialog').getByRole('button', { name: 'Approve' }).click()
    await second.locator('.proposal .badge').getByText('Done').waitFor()
    await open(second, '/risk')
    await second.getByText('In force', { exact: true }).waitFor()
    await clean(second, 'risk')
  }, 60_000)

  test('a merchant is found by a part of its name, with its orders and how it stands', async () => {
    const page = await logIn('Wei Lan')
    await page.getByRole('link', { name: 'Merchants' }).click()
    await page.getByRole('link', { name: 'Pine Tea House' }).waitFor()
    await page.getByRole('searchbox').fill('nobody')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByText('No merchant fits.').waitFor()
    await page.getByRole('searchbox').fill('pine tea')
    await page.getByRole('button', { name: 'Search' }).click()
    const row = page.locator('tbody tr', { hasText: shop.walletId })
    await row.getByText('May be paid').waitFor()
    await clean(page, 'merchants')
    await row.getByRole('link', { name: 'Pine Tea House' }).click()
    await page.getByText('T-1001').waitFor()
    await page.getByRole('region', { name: 'Standing as a payee' }).waitFor()
  }, 60_000)

  test('what a drill has shown is listed, and its own page opens where it can do nothing', async () => {
    const page = await logIn('Wei Lan')
    await open(page, '/drills')
    await page.getByText('No drill has been run').waitFor()
    writeDrill()
    await open(page, '/drills')
    const row = page.locator('tbody tr', { hasText: 'planned-move' })
    for (const text of ['Passed', '0.18 s', '9,123']) await row.getByText(text).waitFor()
    await clean(page, 'drills')
    await row.getByRole('link', { name: 'planned-move' }).click()
    await page.getByText('every acknowledged payment is in both regions').waitFor()
    await clean(page, 'drill')
    const popup = page.waitForEvent('popup')
    await page.getByRole('link', { name: 'Open the report' }).click()
    const report = await popup
    await report.getByText('Failover drill').waitFor()
    expect(await report.evaluate(() => [getComputedStyle(document.body).color, window.origin])).toEqual([
      'rgb(1, 2, 3)',
      'null',
    ])
    await report.close()
  }, 60_000)

  test('an edge that was killed throws nobody out, and lets nobody in again', async () => {
    const [page, other] = [await logIn('Li Na'), await logIn('Wei Lan')]
    await other.getByRole('button', { name: 'Sign out' }).click()
    await other.getByRole('link', { name: 'Sign in' }).waitFor()
    process.kill(region.facts.pids.edge!, 'SIGKILL')
    const answers = () =>
      page.goto(`${url}/console/audit`).then(
        () => true,
        () => false,
      )
    await expect.poll(answers, { timeout: 30_000 }).toBe(true)
    await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor()
    await page.getByText('Li Na').first().waitFor()
    await other.goto(`${url}/console/audit`)
    await other.getByRole('link', { name: 'Sign in' }).waitFor()
  }, 90_000)

  test('a payee is suspended by one person, who must ask a second one for the rest', async () => {
    const page = await logIn('Li Na')
    await open(page, `/merchants/${shop.walletId}`)
    await page.getByRole('button', { name: 'Suspend' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Cause').selectOption('complaints')
    await dialog.getByLabel('Reason').fill('twelve complaints in a day')
    await dialog.getByRole('button', { name: 'Suspend' }).click()
    await page.locator('.standing').getByText('Suspended').waitFor()
    const standing = page.getByRole('region', { name: 'Standing as a payee' })
    await standing.getByText('Complaints').first().waitFor()
    await page.getByRole('button', { name: 'Propose a change' }).click()
    await dialog.getByLabel('Standing as a payee').selectOption('good')
    await dialog.getByLabel('Cause').selectOption('resolved')
    await dialog.getByLabel('Reason').fill('all of them were answered')
    await dialog.getByRole('button', { name: 'Propose a change' }).click()
    await dialog.waitFor({ state: 'detached' })
    await clean(page, 'merchant')
  }, 60_000)

  test('what a merchant was told is shown, and sent again on demand', async () => {
    const page = await logIn('Li Na')
    await open(page, `/merchants/${shop.walletId}`)
    await page.getByRole('link', { name: 'order.closed' }).click()
    await page.getByRole('button', { name: 'Send again' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Send again' }).click()
    await dialog.waitFor({ state: 'detached' })
    await clean(page, 'webhook')
    await open(page, '/webhooks')
    await page.getByText('Every merchant could be told.').waitFor()
    await clean(page, 'webhooks')
    await open(page, '/audit?act=webhookReplay')
    await expect.poll(() => page.locator('tbody tr').count(), { timeout: 15_000 }).toBe(1)
  }, 60_000)

  test('an approver watches the region and does not act', async () => {
    const page = await logIn('Chen Hao')
    await page.getByText('Approver').waitFor()
    await open(page, '/region')
    await expect.poll(() => page.locator('.processes .badge.good').count(), { timeout: 15_000 }).toBeGreaterThan(4)
    expect(await page.locator('tbody tr').count()).toBe(2)
    await clean(page, 'region')
    const path = `/v1/wallets/${alice.walletId}/freeze`
    expect(await ask(page, 'POST', path, { reason: 'by hand', request_id: newId() })).toBe(403)
  }, 60_000)

  test('every page is there in both languages, in the dark and on a phone', async () => {
    const page = await logIn('魏岚', { language: 'zh-CN', dark: true })
    const pages = {
      live: '/',
      wallets: '/wallets',
      merchants: '/merchants',
      merchant: `/merchants/${shop.walletId}`,
      drills: '/drills',
      limits: '/limits',
      reconciliation: '/reconciliation',
    }
    for (const [name, path] of Object.entries(pages)) {
      await open(page, path)
      await expect.poll(() => page.locator('.loading').count(), { timeout: 15_000 }).toBe(0)
      await clean(page, `${name}-zh-dark`)
    }
    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN')
    await page.getByRole('button', { name: 'English' }).click()
    await page.getByRole('heading', { name: 'Reconciliation', level: 1 }).waitFor()
    const phone = await logIn('Wei Lan', { width: 390, height: 844 })
    for (const path of ['/', '/payments', `/wallets/${alice.walletId}`]) {
      await open(phone, path)
      await expect.poll(() => phone.locator('.loading').count(), { timeout: 15_000 }).toBe(0)
      const wide = await phone.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect([path, wide]).toEqual([path, 0])
      await clean(phone, `phone${path.split('/')[1] === '' ? '-live' : `-${path.split('/')[1]}`}`)
    }
  }, 90_000)

  test('logging out ends it, and going back shows nothing', async () => {
    const page = await logIn('Li Na')
    await open(page, '/audit')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: 'Sign in' }).waitFor()
    await page.goto(`${url}/console/audit`)
    await page.getByRole('link', { name: 'Sign in' }).waitFor()
    expect(await page.locator('table').count()).toBe(0)
  }, 60_000)

  test('no page threw, broke its policy or missed a part of itself', () => {
    expect(browser.faults).toEqual([])
  })
})
