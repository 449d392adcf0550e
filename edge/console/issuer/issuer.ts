import { createHash, timingSafeEqual } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { ExpiringTable } from './expiringTable.ts'
import { issuerPage, issuerPolicy, issuerStyle } from './page.ts'
import { type DevelopmentPerson, developmentPeople } from './people.ts'

export type IssuerOptions = { readonly issuer: string; readonly clientId: string; readonly nowMs: () => number }

type Asked = {
  readonly redirectUri: string
  readonly challenge: string
  readonly nonce: string | undefined
  readonly state: string | undefined
}
type Granted = Asked & { readonly person: DevelopmentPerson; readonly expiresMs: number }

const algorithm = 'ES256'
const codeMs = 60_000
const codesMax = 100
const tokenSeconds = 300
/** The console of an edge on this machine, on whatever port. */
const redirectPattern = /^https:\/\/(?:127\.0\.0\.1|localhost):\d{1,5}\/console\/callback$/

class Refused extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * An OpenID Connect provider for development: discovery, keys, authorization code with PKCE, ID tokens. Who logs in
 * chooses one of the development people, and nobody is asked for a password: it listens on loopback and sends people
 * back to loopback alone.
 */
export async function createIssuer(options: IssuerOptions): Promise<Hono> {
  const { issuer } = options
  const { publicKey, privateKey } = await generateKeyPair(algorithm)
  const kid = 'development'
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' }
  const codes = new ExpiringTable<Granted>(codesMax)
  const app = new Hono()
  app.get('/readyz', (c) => c.json({ ready: true }))
  app.get('/.well-known/openid-configuration', (c) => c.json(metadataOf(issuer)))
  app.get('/jwks', (c) => c.json({ keys: [jwk] }))
  app.get('/style.css', (c) => c.body(issuerStyle, 200, { 'content-type': 'text/css; charset=utf-8' }))
  app.get('/authorize', (c) => {
    askedIn(c, options)
    return c.html(issuerPage(new URL(c.req.url).searchParams), 200, { 'content-security-policy': issuerPolicy })
  })
  app.get('/authorize/as/:subject', (c) => {
    const { redirectUri, ...asked } = askedIn(c, options)
    const person = developmentPeople.find(({ subject }) => subject === c.req.param('subject'))
    if (person === undefined) throw new Refused('invalid_request', 'nobody is called that')
    const nowMs = options.nowMs()
    const back = new URL(redirectUri)
    back.searchParams.set('code', codes.add({ redirectUri, ...asked, person, expiresMs: nowMs + codeMs }, nowMs))
    back.searchParams.set('iss', issuer)
    if (asked.state !== undefined) back.searchParams.set('state', asked.state)
    return c.redirect(back.href, 303)
  })
  app.post('/token', async (c) => {
    const form = new URLSearchParams(await c.req.text())
    const granted = grantedBy(form, codes.remove(form.get('code') ?? '', options.nowMs()), options)
    const nowS = Math.floor(options.nowMs() / 1_000)
    const idToken = await new SignJWT(claimsOf(granted))
      .setProtectedHeader({ alg: algorithm, kid })
      .setIssuer(issuer)
      .setSubject(granted.person.subject)
      .setAudience(options.clientId)
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + tokenSeconds)
      .sign(privateKey)
    const answer = { token_type: 'Bearer', access_token: 'none', expires_in: tokenSeconds, id_token: idToken }
    return c.json(answer, 200, { 'cache-control': 'no-store' })
  })
  app.onError((error, c) => {
    const code = error instanceof Refused ? error.code : 'server_error'
    return c.json({ error: code, error_description: error.message }, error instanceof Refused ? 400 : 500)
  })
  return app
}

function metadataOf(issuer: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [algorithm],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
    authorization_response_iss_parameter_supported: true,
    scopes_supported: ['openid', 'profile'],
  }
}

function askedIn(c: Context, { clientId }: IssuerOptions): Asked {
  const asked = (name: string): string => c.req.query(name) ?? ''
  if (asked('client_id') !== clientId) throw new Refused('unauthorized_client', 'client_id is not known')
  const redirectUri = asked('redirect_uri')
  if (!redirectPattern.test(redirectUri)) {
    throw new Refused('invalid_request', 'redirect_uri must be the console of an edge on this machine')
  }
  const challenge = asked('code_challenge')
  if (asked('response_type') !== 'code' || asked('code_challenge_method') !== 'S256' || challenge === '') {
    throw new Refused('invalid_request', 'only code with PKCE (S256) is supported')
  }
  if (!asked('scope').split(' ').includes('openid')) throw new Refused('invalid_scope', 'scope must hold openid')
  return { redirectUri, challenge, nonce: c.req.query('nonce'), state: c.req.query('state') }
}

function grantedBy(form: URLSearchParams, granted: Granted | undefined, { clientId }: IssuerOptions): Granted {
  if (form.get('grant_type') !== 'authorization_code') throw new Refused('unsupported_grant_type', 'only codes')
  const verifier = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest()
  const challenge = Buffer.from(granted?.challenge ?? '', 'base64url')
  const proven = challenge.length === verifier.length && timingSafeEqual(challenge, verifier)
  const same = form.get('client_id') === clientId && form.get('redirect_uri') === granted?.redirectUri
  if (granted === undefined || !proven || !same) throw new Refused('invalid_grant', 'the code is not good')
  return granted
}

function claimsOf({ person, nonce }: Granted): Record<string, unknown> {
  const operator = person.operator === undefined ? {} : { jiaozi_operator: person.operator }
  return { name: person.name, jiaozi_role: person.role, ...operator, ...(nonce === undefined ? {} : { nonce }) }
}
