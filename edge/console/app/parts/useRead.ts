import { useEffect, useRef, useState } from 'preact/hooks'
import { call, Problem } from '../api.ts'
import { language } from '../words/words.ts'

/** What a page reads: not there yet, there, or why not. What was there stays while it is read again. */
export type Reading<T> = { readonly data: T | undefined; readonly problem: Problem | undefined; reload(): void }

export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error
  const title = error instanceof Error ? error.message : String(error)
  return new Problem(0, { title })
}

/**
 * Reads a path of the API, and again whenever another is given.
 * @param path nothing is read while it is undefined
 * @param everyMs read anew so often
 */
export function useRead<T>(path: string | undefined, everyMs?: number): Reading<T> {
  const [data, setData] = useState<{ path: string; value: T }>()
  const [problem, setProblem] = useState<Problem>()
  const [round, setRound] = useState(0)
  const asked = useRef('')
  const spoken = language.value
  useEffect(() => {
    if (path === undefined) return
    const ended = new AbortController()
    if (asked.current !== path) setProblem(undefined)
    asked.current = path
    call<T>('GET', path, undefined, ended.signal).then(
      (value) => {
        setData({ path, value })
        setProblem(undefined)
      },
      (error: unknown) => {
        if (!ended.signal.aborted) setProblem(problemOf(error))
      },
    )
    return () => ended.abort()
  }, [path, round, spoken])
  useEffect(() => {
    if (everyMs === undefined) return
    const timer = setInterval(() => setRound((n) => n + 1), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return {
    data: data !== undefined && data.path === path ? data.value : undefined,
    problem,
    reload: () => setRound((n) => n + 1),
  }
}

/**
 * A list that is read page by page, newest first.
 * @param everyMs the newest page is read anew so often
 */
export function usePages<T, P extends { next_cursor: string | null }>(
  path: string | undefined,
  itemsOf: (page: P) => T[],
  everyMs?: number,
) {
  const [older, setOlder] = useState<{ path: string; items: T[]; next: string | null }>()
  const [loading, setLoading] = useState(false)
  const [problem, setProblem] = useState<Problem>()
  const first = useRead<P>(path, everyMs)
  const extra = older !== undefined && older.path === path ? older : undefined
  const next = extra === undefined ? first.data?.next_cursor : extra.next
  const more = async (): Promise<void> => {
    if (path === undefined || !next) return
    setLoading(true)
    try {
      const page = await call<P>('GET', `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(next)}`)
      setOlder({ path, items: [...(extra?.items ?? []), ...itemsOf(page)], next: page.next_cursor })
      setProblem(undefined)
    } catch (error) {
      setProblem(problemOf(error))
    }
    setLoading(false)
  }
  const items = first.data === undefined ? undefined : [...itemsOf(first.data), ...(extra?.items ?? [])]
  return {
    items,
    problem: problem ?? first.problem,
    hasMore: Boolean(next),
    loading,
    more,
    reload: () => {
      setOlder(undefined)
      first.reload()
    },
  }
}
