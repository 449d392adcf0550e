import { createHash, X509Certificate } from 'node:crypto'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { connect } from 'node:tls'
import type { Browser, BrowserContext, Page } from 'playwright-core'

const executableNames = ['chromium', 'chromium-browser', 'google-chrome']
const handshakeTimeoutMs = 10_000

function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const candidates = executableNames.flatMap((name) => folders.map((folder) => join(folder, name)))
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Chromium on this machine; undefined when there is none. */
export const chromiumFile = findChromium()
/** Why there is none. */
export const noChromium = `none of ${executableNames.join(', ')} is on PATH`

/** A server whose certificate the browser shall take: the one that `ca` has signed. */
export type TrustedServer = { readonly url: string; readonly ca: string }

/** What a person sits before. */
export type Seat = {
  readonly width?: number
  readonly height?: number
  /** As a browser asks for it: en-GB, zh-CN. */
  readonly language?: string
  readonly dark?: boolean
}

export type TrustingBrowser = {
  /** What went wrong in any page: scripts that threw, what the content policy stopped, styles and scripts not found. */
  readonly faults: readonly string[]
  /** A page of a person of its own: nothing is shared with the others. */
  newPage(seat?: Seat): Promise<Page>
  processIds(): Promise<readonly number[]>
  /** Ends every process of the browser. */
  close(): Promise<void>
}

/**
 * Starts Chromium. Its own store of authorities is left alone: the certificate of each server is checked here against
 * its authority, and pinned by its key. Passkeys need that, since a page whose certificate is only passed over has none.
 */
export async function openBrowser(servers: readonly TrustedServer[] = []): Promise<TrustingBrowser> {
  const pins = await Promise.all(servers.map(keyPinOf))
  // Only an install with dev dependencies has what drives a browser.
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({
    ...(chromiumFile === undefined ? {} : { executablePath: chromiumFile }),
    // Whoever opened it ends it, and it ends by itself when the pipe to its opener breaks.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [`--ignore-certificate-errors-spki-list=${pins.join(',')}`, '--disable-dev-shm-usage'],
  })
  const faults: string[] = []
  return {
    faults,
    newPage: (seat = {}) => newPage(browser, seat, faults),
    async processIds() {
      const session = await browser.newBrowserCDPSession()
      const { processInfo } = await session.send('SystemInfo.getProcessInfo')
      await session.detach()
      return processInfo.map(({ id }) => id)
    },
    close: () => browser.close(),
  }
}

async function newPage(browser: Browser, seat: Seat, faults: string[]): Promise<Page> {
  const { width = 1280, height = 800, language = 'en-GB', dark = false } = seat
  const context: BrowserContext = await browser.newContext({
    viewport: { width, height },
    locale: language,
    timezoneId: 'Asia/Shanghai',
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    hasTouch: width < 600,
    isMobile: width < 600,
  })
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`))
  page.on('console', (message) => {
    // A refusal of the API is a line in the console too, and no fault of the page.
    const refused = message.text().startsWith('Failed to load resource')
    if (message.type() === 'error' && !refused) faults.push(`${page.url()}: ${message.text()}`)
  })
  page.on('response', (response) => {
    const part = ['script', 'stylesheet', 'image', 'font'].includes(response.request().resourceType())
    if (part && response.status() >= 400) faults.push(`${response.status()} ${response.url()}`)
  })
  return page
}

/** SHA-256 of the public key of the certificate that a server shows. @throws Error when `ca` has not signed it */
async function keyPinOf({ url, ca }: TrustedServer): Promise<string> {
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const certificate = await new Promise<X509Certificate>((resolve, reject) => {
    const socket = connect({ host, port: Number(port || 443), ca, servername: 'localhost' }, () => {
      const { raw } = socket.getPeerCertificate()
      socket.end()
      resolve(new X509Certificate(raw))
    })
    socket.setTimeout(handshakeTimeoutMs, () => socket.destroy(new Error(`${url} does not answer`)))
    socket.once('error', reject)
  })
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64')
}

/** Keeps how a page looks, all of it, where `SCREENSHOTS_DIR` says; nowhere when it says nothing. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS_DIR
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, animations: 'disabled' })
}
