import type { ComponentChildren } from 'preact'
import { logOut, session } from './api.ts'
import { hrefOf, place } from './router.ts'
import { language, speak, wordOf, words } from './words/words.ts'

type Name =
  | 'live'
  | 'payments'
  | 'wallets'
  | 'merchants'
  | 'webhooks'
  | 'region'
  | 'drills'
  | 'risk'
  | 'proposals'
  | 'limits'
  | 'audit'
  | 'reconciliation'
type Group = { readonly title: 'watch' | 'control'; readonly pages: readonly (readonly [Name, string, string])[] }

/** Each with its sign, drawn in one stroke on a field of 20 by 20. */
export const groups: readonly Group[] = [
  {
    title: 'watch',
    pages: [
      ['live', '/', 'M2 11h4l2-6 4 11 2.5-5H18'],
      ['payments', '/payments', 'M3 7h14M3 7l3-3M3 7l3 3M17 13H3m14 0-3-3m3 3-3 3'],
      ['wallets', '/wallets', 'M3 6.500h14v9H3zM3 6.5 13 3v3.500M13.5 11h.1'],
      ['merchants', '/merchants', 'M3 8l1.5-4h11L17 8M3 8v8h14V8M3 8h14M8 16v-4h4v4'],
      ['webhooks', '/webhooks', 'M4 10a6 6 0 0 1 10-4.5L16 7M16 3v4h-4M16 10a6 6 0 0 1-10 4.5L4 13M4 17v-4h4'],
      ['region', '/region', 'M4 4h12v4H4zM4 12h12v4H4zM7 6h.1M7 14h.1M10 8v4'],
      ['drills', '/drills', 'M11 3 5 11h4l-1 6 6-8h-4z'],
    ],
  },
  {
    title: 'control',
    pages: [
      ['risk', '/risk', 'M10 3l6 2v5c0 4-3 6-6 7-3-1-6-3-6-7V5z'],
      ['proposals', '/proposals', 'M3 5h14v9H9l-4 3v-3H3zM7 9.5l2 2 4-4'],
      ['limits', '/limits', 'M3 15h14M5 15V9M10 15V5M15 15v-4'],
      ['audit', '/audit', 'M5 3h10v14H5zM8 7h4M8 10h4M8 13h2'],
      ['reconciliation', '/reconciliation', 'M10 4v12M4 8h12M4 8l-1.5 4h3zM16 8l-1.5 4h3z'],
    ],
  },
]

function Sign({ d }: { d: string }) {
  return (
    <svg viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={d} fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  )
}

const isHere = (path: string): boolean =>
  path === '/' ? place.value.path === '/' : place.value.path === path || place.value.path.startsWith(`${path}/`)

function Navigation() {
  const w = words.value
  return (
    <nav aria-label={w.nav}>
      {groups.map(({ title, pages }) => (
        <div key={title}>
          <h2>{w[title]}</h2>
          <ul>
            {pages.map(([name, path, d]) => (
              <li key={name}>
                <a href={hrefOf(path)} aria-current={isHere(path) ? 'page' : undefined}>
                  <Sign d={d} />
                  {w[name]}
                </a>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  )
}

export function LanguageSwitch() {
  const other = language.value === 'zh' ? 'en' : 'zh'
  return (
    <button type="button" class="quiet" lang={other} onClick={() => speak(other)}>
      {words.value.language}
    </button>
  )
}

export function Mark() {
  return (
    <span class="mark" aria-hidden="true">
      交
    </span>
  )
}

/** What stands around every page: where one is, who one is, and where one can go. */
export function Shell({ children }: { children: ComponentChildren }) {
  const w = words.value
  const who = session.value!
  return (
    <div class="shell">
      <a class="skip" href="#content">
        {w.skip}
      </a>
      <aside class="side">
        <p class="brand">
          <Mark />
          <span>
            Jiaozi <small>{w.console}</small>
          </span>
        </p>
        <Navigation />
        <div class="who">
          <p>
            <b>{who.name}</b>
            <span>
              {wordOf('role', who.role)}
              {who.operator === null ? '' : ` · ${who.operator}`}
            </span>
          </p>
          <div class="actions">
            <LanguageSwitch />
            <button type="button" class="quiet" onClick={() => void logOut()}>
              {w.signOut}
            </button>
          </div>
        </div>
      </aside>
      <main id="content">{children}</main>
    </div>
  )
}
