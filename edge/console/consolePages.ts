import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { messageOf } from '../../actors/log/process.ts'
import { drillPageHeaders } from '../routes/drills.ts'
import { Failure } from '../routes/failure.ts'
import { addressBytes } from '../routes/origin.ts'
import type { Outcome } from '../routes/problemResponse.ts'
import { addressOf, admit, answer, type Web } from '../routes/web.ts'
import type { Asset } from './assets.ts'
import {
  cookieIn,
  expiredCookieText,
  loginCookie,
  loginCookieText,
  sessionCookie,
  sessionCookieText,
} from './cookies.ts'
import { type Login, LoginFailed, loginSeconds } from './login.ts'
import type { Session, Sessions } from './sessions.ts'

/** The console as the edge serves it: its files, its logins and its sessions. */
export type Console = {
  readonly sessions: Sessions
  readonly login: Login
  readonly origins: readonly string[]
  /** Undefined when it was not built: then the API alone is served. */
  readonly assets: ReadonlyMap<string, Asset> | undefined
}

/** Everything from ourselves, nothing inline, no frame around us: what gets into a page can neither run nor call home. */
export const consolePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const pageHeaders = {
  'content-security-policy': consolePolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'strict-transport-security': 'max-age=63072000',
}
/** Names of built files carry a hash of their content: what stands under such a name never changes. */
const hashed = 'public, max-age=31536000, immutable'

export function bindConsole(app: OpenAPIHono, web: Web): void {
  const own = web.console
  if (own === undefined) return
  app.get('/console', (c) => c.redirect('/console/', 308))
  app.get('/console/login', (c) => guarded(web, c, () => begin(web, own, c)))
  app.get('/console/callback', (c) => guarded(web, c, () => end(web, own, c)))
  app.get('/console/reports/:name', (c) => report(web, own, c))
  app.get('/console/assets/:name', (c) => file(own, `assets/${c.req.param('name')}`, c, hashed))
  app.get('/console/*', (c) => file(own, 'index.html', c, 'no-cache'))
  app.get('/v1/session', (c) => answer(web, 'showSession', '', c, async () => json(told(own.sessions.sessionOf(c)))))
  app.delete('/v1/session', (c) =>
    answer(web, 'endSession', '', c, async () => {
      const stored = await own.sessions.end(c)
      const headers = { 'set-cookie': expiredCookieText(sessionCookie), 'clear-site-data': '"cache", "storage"' }
      return json({ ended: true, stored }, headers)
    }),
  )
}

const told = ({ name, role, operator, beganMs, expiresMs }: Session) => ({
  name,
  role,
  operator: operator === 0 ? null : `operator:${operator}`,
  began_at: new Date(beganMs).toISOString(),
  expires_at: new Date(expiresMs).toISOString(),
})

/** A session is a browser's: it has one form. */
function json(body: Readonly<Record<string, unknown>>, headers: Record<string, string> = {}): Outcome {
  const content = new TextEncoder().encode(JSON.stringify(body))
  return { status: 200, body, headers, problem: false, bytes: { type: 'application/json', content } }
}

function file(own: Console, path: string, c: Context, cache: string): Response {
  const asset = own.assets?.get(path)
  if (asset === undefined) {
    const text = own.assets === undefined ? 'The console was not built: run npm start, or vite build.\n' : 'Not here.\n'
    return c.text(text, own.assets === undefined ? 503 : 404, pageHeaders)
  }
  const packed = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '')
  const headers = { ...pageHeaders, 'content-type': asset.type, 'cache-control': cache, vary: 'accept-encoding' }
  return new Response(packed ? asset.packed : asset.content, {
    headers: packed ? { ...headers, 'content-encoding': 'gzip' } : headers,
  })
}

/** The page that a drill wrote, for who is logged in: a browser that goes to an address can send nothing but its cookie. */
async function report(web: Web, own: Console, c: Context): Promise<Response> {
  if (!(await own.sessions.stillIn(c))) return leave(c, '/console/', [])
  return answer(web, 'showDrillPage', '', c, async () => {
    const content = await web.services.drills.page(c.req.param('name') ?? '')
    if (content === undefined) throw new Failure('not-found')
    const bytes = { type: 'text/html; charset=utf-8', content }
    return { status: 200, body: {}, headers: drillPageHeaders, problem: false, bytes }
  })
}

/** Logins ask the issuer and are kept for a while: nobody may make us do that without end. */
async function guarded(web: Web, c: Context, work: () => Promise<Response>): Promise<Response> {
  try {
    admit(web.limits.address(addressBytes(addressOf(c, web.proxies))))
    return await work()
  } catch (error) {
    const problem = error instanceof LoginFailed ? error.problem : 'login-refused'
    web.onFault(`a login failed: ${messageOf(error)}`, error)
    return leave(c, `/console/?problem=${problem}`, [expiredCookieText(loginCookie)])
  }
}

async function begin(_web: Web, own: Console, c: Context): Promise<Response> {
  const asked = `https://${c.req.header('host') ?? ''}`
  const origin = own.origins.includes(asked) ? asked : own.origins[0]!
  // A login that began under another name would come back to one where its cookie is not known.
  if (origin !== asked) return leave(c, `${origin}/console/`, [])
  const { url, cookie } = await own.login.begin(origin)
  return leave(c, url, [loginCookieText(cookie, loginSeconds)])
}

async function end(web: Web, own: Console, c: Context): Promise<Response> {
  const cookie = cookieIn(c.req.header('cookie'), loginCookie)
  const person = await own.login.end(cookie, new URL(c.req.url).search)
  web.onLogin?.(person)
  const cookies = [expiredCookieText(loginCookie), sessionCookieText(own.sessions.begin(person))]
  return leave(c, '/console/', cookies)
}

function leave(_c: Context, to: string, cookies: readonly string[]): Response {
  const headers = new Headers({ ...pageHeaders, location: to, 'cache-control': 'no-store' })
  for (const cookie of cookies) headers.append('set-cookie', cookie)
  return new Response(null, { status: 303, headers })
}
