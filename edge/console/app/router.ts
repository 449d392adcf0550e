import { signal } from '@preact/signals'

const base = '/console'

/** Where in the console we are: the path behind /console, and what is asked. */
export const place = signal(read())

export type Place = { readonly path: string; readonly query: URLSearchParams }

function read(): Place {
  const { pathname, search } = window.location
  const path = pathname.startsWith(base) ? pathname.slice(base.length) : pathname
  return { path: path === '' ? '/' : path, query: new URLSearchParams(search) }
}

export const hrefOf = (path: string): string => base + path

export function go(path: string): void {
  history.pushState(null, '', hrefOf(path))
  place.value = read()
  window.scrollTo(0, 0)
}

window.addEventListener('popstate', () => {
  place.value = read()
})

/** Links within the console change the place without loading a page. */
document.addEventListener('click', (event) => {
  const link = (event.target as Element | null)?.closest('a')
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
  if (!plain || !link || link.target !== '' || link.origin !== location.origin) return
  if (!link.pathname.startsWith(`${base}/`) || link.pathname === `${base}/login`) return
  event.preventDefault()
  go(link.pathname.slice(base.length) + link.search)
})
