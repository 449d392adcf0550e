import { createHash, randomBytes } from 'node:crypto'
import * as openid from 'openid-client'
import type { ConsoleSettings } from '../../actors/log/settings.ts'
import type { EndedSessions } from './endedSessions.ts'
import { isConsoleRole } from './roles.ts'
import type { SealedCookies } from './sealedCookies.ts'
import type { Person } from './sessions.ts'

/** Why a login came to nothing, for the page that the person sees. */
export type LoginProblem =
  | 'issuer-unavailable'
  | 'login-expired'
  | 'login-refused'
  | 'role-missing'
  | 'operator-missing'

export class LoginFailed extends Error {
  readonly problem: LoginProblem

  constructor(problem: LoginProblem, message: string) {
    super(message)
    this.name = 'LoginFailed'
    this.problem = problem
  }
}

/** As it stands in the cookie: the browser may come back to another edge than it began at. */
type UnderWay = {
  readonly id: string
  readonly origin: string
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly expiresMs: number
}

export const loginSeconds = 600
const idBytes = 16
const issuerTimeoutS = 5
const nameLengthMax = 80
const operatorsMax = 255
const loopback = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * Logs people in at an OpenID Connect issuer: authorization code with PKCE, state and nonce, the ID token's signature
 * checked against the issuer's keys. The issuer is looked up at the first login and again after a failure, so that an
 * edge starts without it.
 */
export class Login {
  readonly #settings: ConsoleSettings
  readonly #cookies: SealedCookies
  readonly #ended: EndedSessions
  readonly #nowMs: () => number
  #issuer: Promise<openid.Configuration> | undefined

  /** @param ended remembers logins that are done */
  constructor(settings: ConsoleSettings, cookies: SealedCookies, ended: EndedSessions, nowMs: () => number) {
    this.#settings = settings
    this.#cookies = cookies
    this.#ended = ended
    this.#nowMs = nowMs
  }

  /** @returns where the browser goes, and the cookie by which it is known when it comes back */
  async begin(origin: string): Promise<{ url: string; cookie: string }> {
    const issuer = await this.#configuration()
    const verifier = openid.randomPKCECodeVerifier()
    const [state, nonce] = [openid.randomState(), openid.randomNonce()]
    const url = openid.buildAuthorizationUrl(issuer, {
      redirect_uri: redirectUri(origin),
      scope: this.#settings.scope,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    const id = randomBytes(idBytes).toString('base64url')
    const expiresMs = this.#nowMs() + loginSeconds * 1_000
    const underWay: UnderWay = { id, origin, state, nonce, verifier, expiresMs }
    return { url: url.href, cookie: this.#cookies.seal('login', underWay) }
  }

  /**
   * Ends a login with what the issuer sent the browser back with. A cookie is good for one login.
   * @throws LoginFailed
   */
  async end(cookie: string | undefined, search: string): Promise<Person> {
    const entry = this.#cookies.open('login', cookie) as UnderWay | undefined
    if (entry === undefined || entry.expiresMs <= this.#nowMs() || this.#ended.has(entry.id)) {
      throw new LoginFailed('login-expired', 'no login is under way in this browser')
    }
    const issuer = await this.#configuration()
    const tokens = await this.#tokens(issuer, entry, search)
    const person = this.#personOf(tokens.claims() ?? {}, tokens.id_token ?? '')
    // The issuer takes its code only once, wherever it is shown again meanwhile.
    await this.#ended.add(entry.id, entry.expiresMs)
    return person
  }

  async #tokens(issuer: openid.Configuration, entry: UnderWay, search: string) {
    const url = new URL(redirectUri(entry.origin))
    url.search = search
    const { state: expectedState, nonce: expectedNonce, verifier: pkceCodeVerifier } = entry
    try {
      return await openid.authorizationCodeGrant(issuer, url, { expectedState, expectedNonce, pkceCodeVerifier })
    } catch (error) {
      // What the issuer answered may hold tokens: only the kind of failure is told on.
      const name = error instanceof Error ? error.name : 'unknown'
      throw new LoginFailed('login-refused', `the issuer did not confirm the login (${name})`)
    }
  }

  #personOf(claims: Record<string, unknown>, idToken: string): Person {
    const { roleClaim, operatorClaim } = this.#settings
    const role = claims[roleClaim]
    if (!isConsoleRole(role)) throw new LoginFailed('role-missing', `the ID token names no role in ${roleClaim}`)
    const operator = role === 'viewer' ? 0 : Number(claims[operatorClaim])
    if (role !== 'viewer' && !(Number.isInteger(operator) && operator >= 1 && operator <= operatorsMax)) {
      throw new LoginFailed('operator-missing', `the ID token names no operator in ${operatorClaim}`)
    }
    const subject = String(claims.sub)
    const name = String(claims.name ?? claims.preferred_username ?? subject).slice(0, nameLengthMax)
    return { name, role, operator, evidence: createHash('sha256').update(idToken).digest() }
  }

  #configuration(): Promise<openid.Configuration> {
    this.#issuer ??= this.#discover().catch((error: unknown) => {
      this.#issuer = undefined
      const name = error instanceof Error ? error.message : 'unknown'
      throw new LoginFailed('issuer-unavailable', `the issuer cannot be asked: ${name}`)
    })
    return this.#issuer
  }

  #discover(): Promise<openid.Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings
    const url = new URL(issuer)
    // A development issuer on this machine speaks plain HTTP; nothing else may.
    const insecure = url.protocol === 'http:' && loopback.has(url.hostname)
    const execute = [openid.enableNonRepudiationChecks, ...(insecure ? [openid.allowInsecureRequests] : [])]
    const authentication = clientSecret === undefined ? openid.None() : openid.ClientSecretBasic(clientSecret)
    return openid.discovery(url, clientId, undefined, authentication, { execute, timeout: issuerTimeoutS })
  }
}

const redirectUri = (origin: string): string => `${origin}/console/callback`
