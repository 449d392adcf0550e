import { createHash, X509Certificate } from 'node:crypto'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { connect } from 'node:tls'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { describe, test } from 'vitest'

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

const executablePath = findChromium()

/** A suite that needs a browser: without one it is left out with a line that says so, but in CI it fails. */
export function describeInBrowser(name: string, suite: () => void): void {
  if (executablePath !== undefined) {
    describe(name, suite)
  } else if (process.env.CI) {
    test(`${name}: there is a browser`, () => {
      throw new Error(`none of ${executableNames.join(', ')} is on PATH: apt-get install chromium`)
    })
  } else {
    process.stderr.write(`skipped: ${name}: none of ${executableNames.join(', ')} is on PATH\n`)
    describe.skip(name, suite)
  }
}

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

export type TestBrowser = {
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
export async function openBrowser(servers: readonly TrustedServer[] = []): Promise<TestBrowser> {
  const pins = await Promise.all(servers.map(keyPinOf))
  const browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
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

/** A passkey as the authenticator holds it. */
export type Passkey = {
  readonly credentialId: string
  readonly isResidentCredential: boolean
  readonly privateKey: string
  readonly signCount: number
  readonly rpId?: string
  readonly userHandle?: string
}

/** What a phone's fingerprint reader is to a page. */
export type TestAuthenticator = {
  /** Whether it knows its person from now on. */
  verify(knows: boolean): Promise<void>
  passkeys(): Promise<readonly Passkey[]>
  /** Puts a passkey into it that another page's authenticator has made. */
  take(passkey: Passkey): Promise<void>
}

/** Gives a page an authenticator that touches itself; passkeys stay in it for as long as the page is open. */
export async function addAuthenticator(page: Page): Promise<TestAuthenticator> {
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    async verify(knows) {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: knows })
    },
    async passkeys() {
      return (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials
    },
    async take(passkey) {
      await session.send('WebAuthn.addCredential', { authenticatorId, credential: { ...passkey } })
    },
  }
}

/** Keeps how a page looks, all of it, where `SCREENSHOTS_DIR` says; nowhere when it says nothing. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS_DIR
  if (!folder) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, animations: 'disabled' })
}

/** What axe finds that keeps somebody from using the page: serious and critical, each as one line. */
export async function barriersOf(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
}
