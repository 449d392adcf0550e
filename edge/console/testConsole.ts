import { serve } from '@hono/node-server'
import type { ConsoleSettings } from '../../actors/log/settings.ts'
import { freePort } from '../../deploy/freePort.ts'
import { createApp } from '../routes/app.ts'
import { TestApi } from '../routes/testApi.ts'
import { toldBy } from '../routes/testRequest.ts'
import { sessionCookie } from './cookies.ts'
import { memoryEndedSessions } from './endedSessions.ts'
import { createIssuer } from './issuer/issuer.ts'
import { openConsole } from './openConsole.ts'
import { consoleHeader } from './sessions.ts'

export const origin = 'https://127.0.0.1:8443'
const clientId = 'jiaozi-console'

/** The API with a console before it and a real issuer, on a loopback port, behind its logins. */
export class TestConsole {
  readonly api = new TestApi()
  nowMs = Date.now()
  settings!: ConsoleSettings
  /** Known to all its edges. */
  readonly #ended = memoryEndedSessions()
  #app!: ReturnType<typeof createApp>
  #stop: () => void = () => undefined

  async begin(): Promise<void> {
    await this.api.begin()
    const port = await freePort()
    const issuer = `http://127.0.0.1:${port}`
    const provider = await createIssuer({ issuer, clientId, nowMs: () => Date.now() })
    const server = serve({ fetch: provider.fetch, hostname: '127.0.0.1', port })
    await new Promise<void>((resolve) => server.once('listening', () => resolve()))
    this.#stop = () => server.close()
    const claims = { scope: 'openid profile', roleClaim: 'jiaozi_role', operatorClaim: 'jiaozi_operator' }
    this.settings = { origins: [origin], issuer, clientId, ...claims, idleMs: 900_000, absoluteMs: 28_800_000 }
    this.toAnotherEdge()
  }

  /** From now on requests go to another edge with the same keys: one that starts again, or one of the other region. */
  toAnotherEdge(): void {
    const { api, settings } = this
    const options = {
      settings,
      ring: api.ring,
      ended: this.#ended,
      principals: api.gateway.principals,
      nowMs: () => this.nowMs,
    }
    this.#app = createApp({ ...api.web, console: openConsole(options) }, { ready: () => ({ ready: true, detail: {} }) })
  }

  fetch(path: string, init: { method?: string; headers?: Record<string, string>; body?: string } = {}) {
    return this.#app.request(new URL(path, origin).href, {
      ...init,
      headers: { host: new URL(origin).host, ...init.headers },
    })
  }

  /** Goes through a whole login, as a browser would. @returns the cookie of the session */
  async logIn(subject: string): Promise<string> {
    const { location, cookie } = await this.beginLogin(subject)
    const back = await this.fetch(location, { headers: { cookie } })
    const session = cookieOf(back, sessionCookie)
    if (session === undefined) throw new Error(`no session: ${back.headers.get('location')}`)
    return session
  }

  /** As far as the issuer's way back. */
  async beginLogin(subject: string): Promise<{ location: string; cookie: string }> {
    const begun = await this.fetch('/console/login')
    const cookie = cookieOf(begun, '__Host-jiaozi_login') ?? ''
    const authorize = new URL(begun.headers.get('location') ?? '')
    const chosen = `${authorize.origin}/authorize/as/${subject}${authorize.search}`
    const granted = await fetch(chosen, { redirect: 'manual' })
    const location = new URL(granted.headers.get('location') ?? '')
    return { location: location.pathname + location.search, cookie }
  }

  /** A request as the console's own pages make it. */
  async ask(cookie: string, method: string, path: string, json?: object, headers: Record<string, string> = {}) {
    const own = { cookie, [consoleHeader]: '1', origin, 'sec-fetch-site': 'same-origin' }
    const type = json === undefined ? {} : { 'content-type': 'application/json' }
    const body = json === undefined ? {} : { body: JSON.stringify(json) }
    return toldBy(await this.fetch(path, { method, headers: { ...own, ...type, ...headers }, ...body }))
  }

  close(): void {
    this.#stop()
    this.api.close()
  }
}

/** `name=value` of a cookie that an answer sets. */
export function cookieOf(response: Pick<Response, 'headers'>, name: string): string | undefined {
  const set = response.headers.getSetCookie().find((one) => one.startsWith(`${name}=`) && !one.includes('Max-Age=0'))
  return set?.split(';')[0]
}
