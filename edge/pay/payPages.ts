import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { languageOf } from '../problem.ts'
import { type Outcome, outcomeOf } from '../routes/problemResponse.ts'
import { answer, checkAccept, type Web } from '../routes/web.ts'
import { assetAt, assetsPath } from './assets.ts'
import { type PageLanguage, pageHeaders } from './page.ts'
import { payLinkState } from './payLinkState.ts'
import { payPage, problemPage } from './payPage.ts'

const forEver = 'public, max-age=31536000, immutable'

/** Binds the pages on which people pay, and what programs read of the same links. */
export function bindPayPages(app: OpenAPIHono, web: Web): void {
  app.get('/v1/pay-links/:token', (c) =>
    answer(web, 'showPayLink', 'PayLinkState', c, async () => {
      checkAccept(c)
      const body = await payLinkState(web.services, c.req.param('token'))
      return { status: 200, body, headers: {}, problem: false }
    }),
  )
  app.get('/pay/:token', (c) => answer(web, 'payPage', '', c, () => pay(web, c, c.req.param('token'))))
  app.get(`${assetsPath}/:version/:name`, (c) => {
    const asset = assetAt(c.req.param('version'), c.req.param('name'))
    if (asset === undefined) return c.notFound()
    const headers = { 'content-type': asset.type, 'cache-control': forEver, 'x-content-type-options': 'nosniff' }
    return new Response(asset.content, { headers })
  })
}

/** The language that the switch names, or what the browser asks for. */
export function pageLanguage(c: Context): PageLanguage {
  const asked = c.req.query('lang')
  return asked === 'zh' || asked === 'en' ? asked : languageOf(c.req.header('accept-language'))
}

async function pay(web: Web, c: Context, token: string): Promise<Outcome> {
  const language = pageLanguage(c)
  try {
    return pageOutcome(
      200,
      await payPage(await payLinkState(web.services, token), token, language, web.development !== undefined),
    )
  } catch (error) {
    // What keeps a page from being shown is told as a page, with the status of its problem.
    const { status, body, headers } = outcomeOf(error, language, web.onFault)
    return pageOutcome(status, await problemPage(body as { reason: string }, language), headers)
  }
}

export function pageOutcome(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Outcome {
  const bytes = { type: 'text/html; charset=utf-8', content: new TextEncoder().encode(text) }
  return { status, body: {}, headers: { ...headers, ...pageHeaders }, problem: false, bytes }
}
