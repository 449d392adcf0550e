import type { ComponentChildren } from 'preact'
import type { Problem } from '../api.ts'
import { hrefOf } from '../router.ts'
import { language, wordOf, words } from '../words/words.ts'

type Children = { children?: ComponentChildren }

/** A part of a page with a heading of its own. */
export function Card({
  title,
  aside,
  children,
  className = '',
}: Children & { title?: string; aside?: ComponentChildren; className?: string }) {
  return (
    <section class={`card ${className}`} aria-label={title}>
      {title === undefined ? null : (
        <header class="card-head">
          <h2>{title}</h2>
          {aside}
        </header>
      )}
      {children}
    </section>
  )
}

export function PageHead({ title, about, children }: Children & { title: string; about?: string }) {
  return (
    <div class="page-head">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {about === undefined ? null : <p class="about">{about}</p>}
      </div>
      {children === undefined ? null : <div class="actions">{children}</div>}
    </div>
  )
}

export function Empty({ children }: Children) {
  return <p class="empty">{children}</p>
}

export function Loading() {
  return (
    <div class="loading" role="status">
      <span class="sr">{words.value.loading}</span>
      <i />
      <i />
      <i />
    </div>
  )
}

export function Failed({ problem, retry }: { problem: Problem; retry?: (() => void) | undefined }) {
  return (
    <div class="failed" role="alert">
      <p>
        <b>{problem.status === 404 ? words.value.lookedUp : words.value.failed}</b>
        <span>{problem.message}</span>
        {problem.detail === undefined ? null : <small>{problem.detail}</small>}
      </p>
      {retry === undefined ? null : (
        <button type="button" class="quiet" onClick={retry}>
          {words.value.retry}
        </button>
      )}
    </div>
  )
}

type Tone = 'good' | 'bad' | 'warn' | 'plain'
const tones: Readonly<Record<string, Tone>> = {
  open: 'good',
  completed: 'good',
  paid: 'good',
  accepted: 'good',
  pass: 'good',
  sync: 'good',
  ready: 'good',
  frozen: 'bad',
  refused: 'bad',
  fail: 'bad',
  notReady: 'bad',
  solo: 'warn',
  pending: 'warn',
  partly_refunded: 'warn',
  unknown: 'warn',
}

/** The state of a thing, in a word. */
export function Badge({ of, text, tone }: { of: string; text?: string; tone?: Tone }) {
  return <span class={`badge ${tone ?? tones[of] ?? 'plain'}`}>{text ?? wordOf('status', of)}</span>
}

/** Yuan as people read them; the amount itself is the server's text, never a number of ours. */
export function Money({ of, sign = false }: { of: string | null | undefined; sign?: boolean }) {
  if (of === null || of === undefined) return <span class="soft">—</span>
  const minus = of.startsWith('-')
  const [whole = '', cents = ''] = of.replace('-', '').split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')
  return (
    <span class={`money ${sign ? (minus ? 'out' : 'in') : ''}`}>
      {minus ? '−' : sign ? '+' : ''}
      {grouped}
      <small>.{cents}</small>
    </span>
  )
}

const formats = {
  en: new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' }),
  zh: new Intl.DateTimeFormat('zh-CN', { dateStyle: 'medium', timeStyle: 'medium' }),
}

export function Time({ of }: { of: string | null | undefined }) {
  if (of === null || of === undefined) return <span class="soft">—</span>
  return (
    <time dateTime={of} title={of}>
      {formats[language.value].format(new Date(of))}
    </time>
  )
}

export type Place = { shard: number; seq: number; index?: number }

/** Where in the log something stands. */
export function Position({ of }: { of: Place | null | undefined }) {
  if (of === null || of === undefined) return null
  return (
    <code class="position" title={words.value.position}>
      {of.shard}:{of.seq}
      {of.index === undefined ? '' : `.${of.index}`}
    </code>
  )
}

export function WalletLink({ id }: { id: string | null | undefined }) {
  if (!id) return <span class="soft">—</span>
  const folder = id.startsWith('M') ? 'merchants' : 'wallets'
  return (
    <a class="id" href={hrefOf(`/${folder}/${id}`)}>
      {id}
    </a>
  )
}

export type Column<T> = {
  readonly head: string
  readonly cell: (row: T) => ComponentChildren
  readonly right?: boolean
  readonly wide?: boolean
}

/** Rows of one kind. On a narrow screen it scrolls sideways, by keyboard too. */
export function Table<T>({
  caption,
  columns,
  rows,
  keyOf,
}: {
  caption: string
  columns: readonly Column<T>[]
  rows: readonly T[]
  keyOf: (row: T) => string
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a mouse
    <section class="scroll" tabIndex={0} aria-label={caption}>
      <table>
        <caption class="sr">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ head, right }) => (
              <th key={head} scope="col" class={right ? 'right' : ''}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ head, cell, right, wide }) => (
                <td key={head} class={`${right ? 'right' : ''} ${wide ? 'wide' : ''}`}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** The foot of a list that goes on. */
export function More({
  hasMore,
  loading,
  more,
  label = words.value.more,
}: {
  hasMore: boolean
  loading: boolean
  more: () => void
  label?: string
}) {
  if (!hasMore) return null
  return (
    <button type="button" class="quiet more" disabled={loading} onClick={more}>
      {loading ? words.value.loading : label}
    </button>
  )
}

export function Facts({
  of,
  inRow = false,
}: {
  inRow?: boolean
  of: readonly (readonly [string, ComponentChildren])[]
}) {
  return (
    <dl class={inRow ? 'facts row' : 'facts'}>
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
