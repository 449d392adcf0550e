import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { describe, test } from 'vitest'
import { chromiumFile, noChromium } from '../deploy/chromium.ts'

export { keepScreenshot, openBrowser, type Seat, type TrustingBrowser as TestBrowser } from '../deploy/chromium.ts'
export { addAuthenticator, type VirtualAuthenticator as TestAuthenticator } from '../deploy/virtualAuthenticator.ts'

/** A suite that needs a browser: without one it is left out with a line that says so, but in CI it fails. */
export function describeInBrowser(name: string, suite: () => void): void {
  if (chromiumFile !== undefined) {
    describe(name, suite)
  } else if (process.env.CI) {
    test(`${name}: there is a browser`, () => {
      throw new Error(`${noChromium}: apt-get install chromium`)
    })
  } else {
    process.stderr.write(`skipped: ${name}: ${noChromium}\n`)
    describe.skip(name, suite)
  }
}

/** What axe finds that keeps somebody from using the page: serious and critical, each as one line. */
export async function barriersOf(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
}
