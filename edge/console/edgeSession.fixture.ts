import { readFileSync } from 'node:fs'
import { nodeExchange } from '../client/node.ts'
import { consoleHeader } from './sessions.ts'

const timeoutMs = 10_000
const nothing = new Uint8Array(0)

/** A browser without a window before the console of a real edge. */
export type EdgeSession = {
  /** As far as the session, by the issuer for development. @returns the session's cookie */
  logIn(subject: string): Promise<string>
  /** A request as the console's own pages make it. @returns its status */
  ask(cookie: string, method: string, path: string): Promise<number>
}

export function edgeSession(edgeUrl: string, caFile: string): EdgeSession {
  const exchange = nodeExchange(edgeUrl, readFileSync(caFile))
  const { host } = new URL(edgeUrl)
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const { headers: told } = await exchange('GET', path, { host, ...headers }, nothing, timeoutMs)
    const set = (told as unknown as Record<string, string[] | undefined>)['set-cookie'] ?? []
    const cookie = set.find((one) => !one.includes('Max-Age=0'))?.split(';')[0] ?? ''
    return { cookie, location: told.location ?? '' }
  }
  return {
    async logIn(subject) {
      const begun = await get('/console/login')
      const asked = new URL(begun.location)
      const chosen = `${asked.origin}/authorize/as/${subject}${asked.search}`
      const granted = await fetch(chosen, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
      const back = new URL(granted.headers.get('location') ?? '')
      return (await get(back.pathname + back.search, { cookie: begun.cookie })).cookie
    },
    async ask(cookie, method, path) {
      const own = { host, cookie, [consoleHeader]: '1', origin: edgeUrl, 'sec-fetch-site': 'same-origin' }
      return (await exchange(method, path, own, nothing, timeoutMs)).status
    },
  }
}
