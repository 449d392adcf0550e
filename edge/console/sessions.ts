import { randomBytes } from 'node:crypto'
import type { Context } from 'hono'
import type { PrincipalKeys } from '../gateway/principalKeys.ts'
import type { Caller } from '../routes/caller.ts'
import { Failure } from '../routes/failure.ts'
import type { Operation } from '../routes/operation.ts'
import { cookieIn, sessionCookie, sessionCookieText } from './cookies.ts'
import type { EndedSessions } from './endedSessions.ts'
import { type ConsoleRole, mayDo } from './roles.ts'
import type { SealedCookies } from './sealedCookies.ts'

/** A person whom the issuer has named. */
export type Person = {
  readonly name: string
  readonly role: ConsoleRole
  /** The operator as whom the person acts in the ledger; 0 for a viewer, who acts as nobody. */
  readonly operator: number
  /** SHA-256 of the ID token: what is kept beside every act as evidence of who asked for it. */
  readonly evidence: Uint8Array
}

export type Session = Person & { readonly id: string; readonly beganMs: number; readonly expiresMs: number }

/** As it stands in the cookie. */
type Kept = Omit<Session, 'evidence'> & { readonly evidence: string }

export type SessionTimes = { readonly idleMs: number; readonly absoluteMs: number }

export type SessionsOptions = {
  readonly times: SessionTimes
  /** Under which the console is reached. */
  readonly origins: readonly string[]
  readonly cookies: SealedCookies
  readonly ended: EndedSessions
  readonly principals: Pick<PrincipalKeys, 'find'>
  readonly nowMs: () => number
}

/** Every request of the console carries it: no form and no plain link of another site can. */
export const consoleHeader = 'x-jiaozi-console'
/** In the evidence, beside the algorithms of signatures. */
export const sessionAlgorithm = 16
const idBytes = 16

/**
 * The console's sessions. Each is kept by its browser alone, sealed in a cookie that says until when it is good and is
 * renewed by every request: so it is good at every edge of both regions, and outlives each of them. What edges
 * remember is which sessions have ended early.
 */
export class Sessions {
  readonly #o: SessionsOptions
  readonly #origins: ReadonlySet<string>

  constructor(options: SessionsOptions) {
    this.#o = options
    this.#origins = new Set(options.origins)
  }

  /** @returns the cookie's value */
  begin(person: Person): string {
    const beganMs = this.#o.nowMs()
    const id = randomBytes(idBytes).toString('base64url')
    return this.#cookie({ ...person, id, beganMs, expiresMs: beganMs })
  }

  /** A cookie that is good for as long as a session may be idle from now on. */
  #cookie({ evidence, ...session }: Session): string {
    const { idleMs, absoluteMs } = this.#o.times
    const expiresMs = Math.min(this.#o.nowMs() + idleMs, session.beganMs + absoluteMs)
    const kept: Kept = { ...session, evidence: Buffer.from(evidence).toString('base64url'), expiresMs }
    return this.#o.cookies.seal('session', kept)
  }

  /** The session of a request that comes from our own pages. @throws Failure when there is none or it comes from elsewhere */
  sessionOf(c: Context): Session {
    this.#checkOrigin(c)
    const session = this.lookAt(c)
    if (session === undefined) throw new Failure('session-ended')
    return session
  }

  /** The same without a look at where the request comes from. */
  lookAt(c: Context): Session | undefined {
    const kept = this.#o.cookies.open('session', cookieIn(c.req.header('cookie'), sessionCookie)) as Kept | undefined
    if (kept === undefined || kept.expiresMs <= this.#o.nowMs() || this.#o.ended.has(kept.id)) return undefined
    return { ...kept, evidence: new Uint8Array(Buffer.from(kept.evidence, 'base64url')) }
  }

  /** @returns whether that is stored; true as well when there was none */
  async end(c: Context): Promise<boolean> {
    this.#checkOrigin(c)
    const session = this.lookAt(c)
    return session === undefined || this.#o.ended.add(session.id, session.beganMs + this.#o.times.absoluteMs)
  }

  /**
   * Who asks, when the request comes from the console; undefined when it is to be judged by its signature.
   * @throws Failure when there is no session, or its role may not do this
   */
  async callerOf(c: Context, operation: Pick<Operation, 'name' | 'method'>): Promise<Caller | undefined> {
    if (c.req.header(consoleHeader) === undefined || c.req.header('signature-input') !== undefined) return undefined
    const session = this.sessionOf(c)
    const { role, operator, evidence } = session
    if (!mayDo(role, operation)) throw new Failure('not-allowed', { detail: `A ${role} may not do this.` })
    if (!(await this.#mayAct(session)))
      throw new Failure('not-allowed', { detail: `operator:${operator} may not act.` })
    const signature = { signature: evidence, algorithm: sessionAlgorithm }
    const renewed = sessionCookieText(this.#cookie(session))
    return { role: 'operator', number: operator, signature, console: { role, renewed } }
  }

  /** Whether the request's session goes on and its person may still be here; not where the request comes from. */
  async stillIn(c: Context): Promise<boolean> {
    const session = this.lookAt(c)
    return session !== undefined && this.#mayAct(session)
  }

  /** An operator who was suspended in the ledger is out at once, whatever the issuer still says. */
  async #mayAct({ role, operator }: Session): Promise<boolean> {
    return role === 'viewer' || (await this.#o.principals.find('operator', operator)) !== undefined
  }

  /** Beside the cookie's own SameSite: what a browser says of where a request began must be us. */
  #checkOrigin(c: Context): void {
    const origin = c.req.header('origin')
    const site = c.req.header('sec-fetch-site')
    const reads = c.req.method === 'GET' || c.req.method === 'HEAD'
    const ours = origin === undefined ? reads : this.#origins.has(origin)
    const here = c.req.header(consoleHeader) === '1' && (site === undefined || site === 'same-origin')
    if (!ours || !here) throw new Failure('not-allowed', { detail: 'The request does not come from the console.' })
  }
}
