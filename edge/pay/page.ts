import { html, raw } from 'hono/html'
import { type AssetName, assetUrl } from './assets.ts'
import { brandIcon } from './icons.ts'
import { en, type Texts } from './texts/en.ts'
import { zh } from './texts/zh.ts'

/** What `html` makes: text that is safe to stand in a page. */
export type Html = ReturnType<typeof html>

const byLanguage = { en, zh } as const
export type PageLanguage = keyof typeof byLanguage
export const textsIn = (language: PageLanguage): Texts => byLanguage[language]

/** Own scripts and styles from own files, own API, and pictures of codes; nothing else, and in nobody's frame. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': policy,
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'permissions-policy': 'publickey-credentials-get=(self), publickey-credentials-create=(self)',
  'cross-origin-opener-policy': 'same-origin',
  vary: 'accept-language',
}

export type PageParts = {
  readonly language: PageLanguage
  readonly title: string
  readonly scripts: readonly AssetName[]
  /** What the scripts read: nothing in it is executed. */
  readonly data?: Readonly<Record<string, unknown>>
  readonly main: Html
}

/** A whole page around its main part. */
export async function page({ language, title, scripts, data, main }: PageParts): Promise<string> {
  const texts = textsIn(language)
  const other = language === 'zh' ? 'en' : 'zh'
  const content = html`<!doctype html>
<html lang="${texts.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · ${texts.brand}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${assetUrl('pay.css')}">
${scripts.map((name) => html`<script type="module" src="${assetUrl(name)}"></script>`)}
</head>
<body>
<a class="skip" href="#main">${texts.skip}</a>
<header class="bar">
<span class="brand">${brandIcon}<span>${texts.brand}<small>${texts.brandLine}</small></span></span>
<nav aria-label="${texts.language}"><a href="?lang=${other}" hreflang="${texts.otherLanguageTag}" lang="${texts.otherLanguageTag}">${texts.otherLanguage}</a></nav>
</header>
<main id="main">${main}</main>
${data === undefined ? '' : html`<script type="application/json" id="data">${raw(jsonIn(data))}</script>`}
</body>
</html>
`
  return (await content).toString()
}

/** JSON that no HTML can be found in. */
function jsonIn(data: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c')
}

/** How a thing ended, in the middle of the page. */
export function ending(
  sign: Html | ReturnType<typeof raw>,
  kind: '' | 'bad' | 'wait',
  title: string,
  ...more: (Html | string)[]
): Html {
  return html`<span class="sign ${kind}">${sign}</span><h1 tabindex="-1">${title}</h1>${more}`
}
