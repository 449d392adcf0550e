import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensureCertificates } from '../deploy/certificates.ts'
import { addAuthenticator, barriersOf, describeInBrowser, openBrowser, type TestBrowser } from './browser.fixture.ts'

const html = `<!doctype html><html lang="en"><title>Test</title><main><h1>Test</h1><img src="data:,"></main></html>`
const policy = "default-src 'none'; script-src 'self'; img-src data:"

describeInBrowser('a browser under test', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jiaozi-browser-'))
  let server: Server
  let url: string
  let browser: TestBrowser

  beforeAll(async () => {
    const { caFile, certFile, keyFile } = ensureCertificates(folder, Date.now())
    server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy })
      response.end(html)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `https://localhost:${(server.address() as AddressInfo).port}`
    browser = await openBrowser([{ url, ca: readFileSync(caFile, 'utf8') }])
  })
  afterAll(async () => {
    await browser?.close()
    server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('makes a passkey on localhost under the development authority, and knows its person or not', async () => {
    const page = await browser.newPage()
    await page.goto(url)
    const authenticator = await addAuthenticator(page)
    expect(await makePasskey(page)).toBe('public-key')
    expect(await authenticator.passkeys()).toHaveLength(1)
    await authenticator.verify(false)
    expect(await makePasskey(page)).toBe('NotAllowedError')
  })

  test('speaks the language of its person', async () => {
    const page = await browser.newPage({ language: 'zh-CN', width: 390 })
    const response = await page.goto(url)
    expect(await response?.request().headerValue('accept-language')).toContain('zh-CN')
  })

  test('tells what the content policy stopped, and what bars people', async () => {
    const page = await browser.newPage()
    await page.goto(url)
    expect(browser.faults).toEqual([])
    await page.evaluate(() => document.body.append(Object.assign(document.createElement('script'), { text: '1' })))
    await expect.poll(() => browser.faults.join()).toContain('Content Security Policy')
    expect((await barriersOf(page)).join()).toContain('image-alt')
  })

  test.runIf(process.platform === 'linux')('leaves no process behind', async () => {
    const other = await openBrowser()
    await other.newPage()
    const running = await other.processIds()
    expect(running.length).toBeGreaterThan(1)
    expect(running.filter((pid) => existsSync(`/proc/${pid}`))).toEqual(running)
    await other.close()
    await expect.poll(() => running.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([])
  })

  test('takes no server that another authority vouches for', async () => {
    const stranger = ensureCertificates(join(folder, 'stranger'), Date.now())
    await expect(openBrowser([{ url, ca: readFileSync(stranger.caFile, 'utf8') }])).rejects.toThrow(/certificate/)
  })
})

/** @returns the type of what was made, or the name of the error */
function makePasskey(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const bytes = Uint8Array.of(1, 2, 3, 4)
    try {
      const made = await navigator.credentials.create({
        publicKey: {
          rp: { name: 'Test', id: 'localhost' },
          user: { id: bytes, name: 'test', displayName: 'Test' },
          challenge: bytes,
          pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
          authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
        },
      })
      return made?.type ?? 'nothing'
    } catch (error) {
      return (error as Error).name
    }
  })
}
