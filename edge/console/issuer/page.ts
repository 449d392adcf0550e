import { html } from 'hono/html'
import { developmentPeople } from './people.ts'

/** No form: what a form may lead to is named in a policy, and the way back to the console goes elsewhere. */
export const issuerPolicy =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const duties = {
  viewer: '查看 · sees everything, changes nothing',
  operator: '操作 · acts and proposes',
  approver: '复核 · is the second person',
} as const

/** Who logs in chooses a person; the request goes on as it came. */
export function issuerPage(query: URLSearchParams) {
  const cards = developmentPeople.map(
    ({ subject, name, role }) => html`<li>
      <a href="/authorize/as/${subject}?${query.toString()}">
        <span class="initial" aria-hidden="true">${name.slice(0, 1)}</span>
        <span><b>${name}</b><small>${duties[role]}</small></span>
        <span class="role">${role}</span>
      </a>
    </li>`,
  )
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Development sign-in</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<p class="mark" aria-hidden="true">交</p>
<h1>Who are you today?</h1>
<p class="about">This issuer exists on this machine only. Nobody here has a password.</p>
<ul>${cards}</ul>
</main>
</body>
</html>`
}

export const issuerStyle = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, "Noto Sans CJK SC", sans-serif;
  --ink: #10201c; --soft: #52625d; --paper: #f3f6f5; --card: #fff; --line: #d9e1de; --accent: #0b6b57; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6efec; --soft: #9db0aa; --paper: #0d1513; --card: #14201d;
  --line: #263631; --accent: #5fd0b3; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--paper); color: var(--ink); }
main { width: min(28rem, 100vw); padding: 2rem 1.25rem; }
.mark { width: 3rem; height: 3rem; margin: 0 0 1.5rem; border-radius: .75rem; display: grid; place-items: center;
  background: #0b6b57; color: #fff; font-size: 1.6rem; }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.2; letter-spacing: -.01em; }
.about { margin: .5rem 0 1.5rem; color: var(--soft); }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .6rem; }
a { display: flex; align-items: center; gap: .9rem; padding: .9rem 1rem; border: 1px solid var(--line);
  border-radius: .75rem; background: var(--card); color: inherit; text-decoration: none; }
a:hover { border-color: var(--accent); }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
a > span:nth-child(2) { flex: 1; display: grid; }
small { color: var(--soft); font-size: .85rem; }
.initial { width: 2.25rem; height: 2.25rem; border-radius: 50%; display: grid; place-items: center;
  background: var(--paper); font-weight: 600; }
.role { font-size: .8rem; color: var(--accent); font-weight: 600; }
`
