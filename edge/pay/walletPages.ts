import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { z } from 'zod'
import type { KeyRing } from '../../actors/log/keyRing.ts'
import { createClient, principalSigner } from '../client/node.ts'
import { ApiProblem, type Exchange } from '../client/requests.ts'
import { readBody } from '../content.ts'
import { Failure } from '../routes/failure.ts'
import type { Outcome } from '../routes/problemResponse.ts'
import { answer, type Web } from '../routes/web.ts'
import { readJson } from '../wire/strictJson.ts'
import { DevelopmentWallets } from './developmentWallets.ts'
import { pageLanguage, pageOutcome } from './payPages.ts'
import { walletPage } from './walletPage.ts'
import { openedWallet, sealedWallet } from './walletSession.ts'

const cookieName = 'jiaozi-wallet'
const cookieDays = 30

/** What an edge has only in development. */
export type Development = {
  readonly institutionKeyPem: string
  readonly bankUrl: string
  readonly ring: KeyRing
}

const finishBody = z.strictObject({
  wallet_id: z.string().max(32),
  passkey: z.strictObject({ attestation_object: z.string().max(8_192), client_data_json: z.string().max(2_048) }),
})

/** Binds the page of development wallets, and what its script asks for. Elsewhere there is no such page. */
export function bindWalletPages(app: OpenAPIHono, web: Web, { institutionKeyPem, bankUrl, ring }: Development): void {
  const institution = principalSigner('institution:1', institutionKeyPem)
  const wallets = new DevelopmentWallets({ client: ownClient(app, web), institution, bankUrl })
  const bind = (name: string, method: 'GET' | 'POST', path: string, run: (c: Context) => Promise<Outcome>): void => {
    app.on(method, path, (c) => answer(web, name, '', c, () => run(c).catch(asFailure)))
  }
  bind('walletPage', 'GET', '/wallet', async (c) => pageOutcome(200, await walletPage(pageLanguage(c))))
  bind('walletState', 'GET', '/wallet/state', async (c) => {
    const walletId = openedWallet(ring, getCookie(c, cookieName, 'host') ?? '')
    if (walletId === undefined) throw new Failure('not-found')
    return json(await wallets.show(walletId))
  })
  bind('walletBegin', 'POST', '/wallet/begin', async (c) => {
    checkOrigin(c, web)
    return json(await wallets.begin())
  })
  bind('walletFinish', 'POST', '/wallet/finish', async (c) => {
    checkOrigin(c, web)
    const parsed = finishBody.safeParse(readJson(await readBody(c.req.raw)))
    if (!parsed.success) throw new Failure('field-invalid', { fields: [{ field: 'passkey', message: 'is malformed' }] })
    const { wallet_id, passkey } = parsed.data
    await wallets.finish(wallet_id, passkey)
    return json({ wallet_id }, sessionHeaders(c, sealedWallet(ring, wallet_id)))
  })
  bind('walletForget', 'POST', '/wallet/forget', async (c) => {
    checkOrigin(c, web)
    return json({}, sessionHeaders(c, '', 0))
  })
  bind('walletOrder', 'POST', '/wallet/order', async (c) => {
    checkOrigin(c, web)
    return json(await wallets.order())
  })
}

/** A page of a stranger must not make anything here. */
function checkOrigin(c: Context, { services }: Web): void {
  if (!services.site.origins.has(c.req.header('origin') ?? '')) throw new Failure('not-allowed')
}

function json(body: Record<string, unknown>, headers: Record<string, string> = {}): Outcome {
  return { status: 200, body, headers, problem: false }
}

function sessionHeaders(c: Context, value: string, days = cookieDays): Record<string, string> {
  setCookie(c, cookieName, value, {
    prefix: 'host',
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'Strict',
    maxAge: days * 86_400,
  })
  return { 'set-cookie': c.res.headers.get('set-cookie') ?? '' }
}

/** The API as others see it, without a socket between. */
function ownClient(app: OpenAPIHono, { services }: Web): ReturnType<typeof createClient> {
  const exchange: Exchange = async (method, path, headers, body) => {
    const sent = body.length > 0 ? { body: new Uint8Array(body) } : {}
    const response = await app.request(`${services.site.url}${path}`, { method, headers, ...sent })
    const answered = Object.fromEntries(response.headers)
    return { status: response.status, headers: answered, body: new Uint8Array(await response.arrayBuffer()) }
  }
  return createClient(services.site.url, exchange)
}

/** What the API refused is refused here in the same words. */
function asFailure(error: unknown): never {
  if (error instanceof ApiProblem) {
    throw new Failure(error.reason as ConstructorParameters<typeof Failure>[0], { detail: error.message })
  }
  throw error
}
