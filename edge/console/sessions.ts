import type { Context } from 'hono'
import type { PrincipalKeys } from '../gateway/principalKeys.ts'
import type { Caller } from '../routes/caller.ts'
import { Failure } from '../routes/failure.ts'
import type { Operation } from '../routes/operation.ts'
import { cookieIn, sessionCookie } from './cookies.ts'
import { ExpiringTable } from './expiringTable.ts'
import { type ConsoleRole, mayDo } from './roles.ts'

/** A person whom the issuer has named. */
export type Person = {
  readonly subject: string
  readonly name: string
  readonly role: ConsoleRole
  /** The operator as whom the person acts in the ledger; 0 for a viewer, who acts as nobody. */
  readonly operator: number
  /** SHA-256 of the ID token: what is kept beside every act as evidence of who asked for it. */
  readonly evidence: Uint8Array
}

export type Session = Person & { readonly beganMs: number; readonly expiresMs: number }

export type SessionTimes = { readonly idleMs: number; readonly absoluteMs: number }

/** Every request of the console carries it: no form and no plain link of another site can. */
export const consoleHeader = 'x-jiaozi-console'
/** In the evidence, beside the algorithms of signatures. */
export const sessionAlgorithm = 16
const sessionsMax = 1_000

/**
 * The console's sessions at this edge. They are kept in memory: logging out ends one at once, and an edge that starts
 * again asks everybody to log in again.
 */
export class Sessions {
  readonly #table = new ExpiringTable<Session>(sessionsMax)
  readonly #times: SessionTimes
  readonly #origins: ReadonlySet<string>
  readonly #principals: Pick<PrincipalKeys, 'find'>
  readonly #nowMs: () => number

  /** @param origins under which the console is reached */
  constructor(
    times: SessionTimes,
    origins: readonly string[],
    principals: Pick<PrincipalKeys, 'find'>,
    nowMs: () => number,
  ) {
    this.#times = times
    this.#origins = new Set(origins)
    this.#principals = principals
    this.#nowMs = nowMs
  }

  /** @returns the cookie's value */
  begin(person: Person): string {
    const beganMs = this.#nowMs()
    return this.#table.add({ ...person, beganMs, expiresMs: beganMs + this.#times.idleMs }, beganMs)
  }

  /** The session of a request that comes from our own pages. @throws Failure when there is none or it comes from elsewhere */
  sessionOf(c: Context): Session {
    this.#checkOrigin(c)
    const session = this.lookAt(c)
    if (session === undefined) throw new Failure('session-ended')
    return session
  }

  /** The same without a sign of life: a page that only listens must not keep a forgotten session alive. */
  lookAt(c: Context): Session | undefined {
    const secret = cookieIn(c.req.header('cookie'), sessionCookie)
    return secret === undefined ? undefined : this.#table.find(secret, this.#nowMs())
  }

  end(c: Context): Session | undefined {
    this.#checkOrigin(c)
    const secret = cookieIn(c.req.header('cookie'), sessionCookie)
    return secret === undefined ? undefined : this.#table.remove(secret, this.#nowMs())
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
    // An operator who was suspended in the ledger is out at once, whatever the issuer still says.
    const known = role === 'viewer' || (await this.#principals.find('operator', operator)) !== undefined
    if (!known) throw new Failure('not-allowed', { detail: `operator:${operator} may not act.` })
    this.#touch(c, session)
    const signature = { signature: evidence, algorithm: sessionAlgorithm }
    return { role: 'operator', number: operator, signature, console: { role } }
  }

  #touch(c: Context, session: Session): void {
    const expiresMs = Math.min(this.#nowMs() + this.#times.idleMs, session.beganMs + this.#times.absoluteMs)
    this.#table.replace(cookieIn(c.req.header('cookie'), sessionCookie)!, { ...session, expiresMs })
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
