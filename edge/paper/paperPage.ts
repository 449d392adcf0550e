import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import type { Language } from '../problem.ts'

/** A page is kept and printed: all that it looks like is in it, so that it is the same on paper and in ten years. */
const style = `:root{color-scheme:light;font:15px/1.5 system-ui,-apple-system,"PingFang SC","Noto Sans CJK SC",sans-serif;color:#15202b;background:#eef1f4}
body{margin:0 auto;max-width:52rem;padding:2.5rem 1rem}
main{background:#fff;border:1px solid #d7dde3;border-radius:.75rem;padding:2.25rem 2.5rem}
header{display:flex;justify-content:space-between;align-items:baseline;gap:1rem;border-bottom:2px solid #b4232a;padding-bottom:.9rem;margin-bottom:1.6rem}
h1{font-size:1.45rem;line-height:1.25;margin:0}
header p{margin:0;color:#5a6773;white-space:nowrap}
.sum{font-size:2.1rem;font-weight:650;font-variant-numeric:tabular-nums;margin:.2rem 0 0}
.of{color:#5a6773;margin:0 0 1.6rem}
dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.55rem 1.6rem;margin:0}
dt{color:#5a6773}
dd{margin:0;overflow-wrap:anywhere}
.totals{grid-template-columns:repeat(4,1fr);gap:.2rem 1.2rem;grid-auto-flow:column;grid-template-rows:auto auto;margin-bottom:1.8rem}
.totals dd{font-weight:600;font-variant-numeric:tabular-nums}
table{width:100%;border-collapse:collapse;font-size:.9rem}
th{text-align:left;color:#5a6773;font-weight:500;border-bottom:1px solid #b9c2cb;padding:.45rem .6rem .45rem 0}
td{border-bottom:1px solid #e6eaee;padding:.45rem .6rem .45rem 0;vertical-align:top;overflow-wrap:anywhere}
.who{white-space:nowrap}td.id{color:#5a6773;font-size:.82rem}
.fen{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
.note{color:#7a4b00;background:#fff6e0;border-radius:.4rem;padding:.6rem .9rem;margin:0 0 1.4rem}
@media (max-width:40rem){body{padding:0}main{border:0;border-radius:0;padding:1.4rem 1.1rem}.totals{grid-auto-flow:row;grid-template-columns:max-content 1fr;grid-template-rows:none}.id{display:none}}
@media print{:root{background:#fff;font-size:11px}body{padding:0;max-width:none}main{border:0;padding:0}thead{display:table-header-group}tr{break-inside:avoid}}
`
const styleHash = createHash('sha256').update(style).digest('base64')

export const htmlType = 'text/html'

/** Nothing runs and nothing is loaded: of style only the one whose hash this is. */
export const paperHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  vary: 'accept, accept-language',
}

type Content = ReturnType<typeof html>

/** One page that is printed or kept. What stands in `content` came through `html`, which lets no markup in. */
export function paperPage(language: Language, title: string, name: string, content: Content): string {
  const lang = language === 'zh' ? 'zh-CN' : 'en'
  return String(html`<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${name}</title>
<style>${raw(style)}</style>
</head>
<body>
<main>
<header><h1>${title}</h1><p>Jiaozi 交子</p></header>
${content}
</main>
</body>
</html>
`)
}

const shanghaiMs = 28_800_000

/** As people in Shanghai read it: 2026-03-02 09:00:00. */
export function shanghaiTime(ms: number): string {
  return new Date(ms + shanghaiMs).toISOString().slice(0, 19).replace('T', ' ')
}
