import { signal } from '@preact/signals'
import { language } from './words/words.ts'

export type Role = 'viewer' | 'operator' | 'approver'
export type Session = { name: string; role: Role; operator: string | null; expires_at: string }

/** Undefined until the server was asked; null when nobody is logged in. */
export const session = signal<Session | null | undefined>(undefined)

type ProblemBody = {
  title?: string
  detail?: string
  reason?: string
  status?: number
  errors?: { field: string; message: string }[]
}

/** What a request that was not answered with success came to. */
export class Problem extends Error {
  readonly status: number
  readonly reason: string
  readonly detail: string | undefined

  constructor(status: number, { title, detail, reason, errors }: ProblemBody) {
    super(title ?? `HTTP ${status}`)
    this.status = status
    this.reason = reason ?? ''
    this.detail = errors?.map(({ field, message }) => `${field}: ${message}`).join(' · ') ?? detail
  }
}

const timeoutMs = 15_000

const headersOf = (): Record<string, string> => ({
  'x-jiaozi-console': '1',
  accept: 'application/json',
  'accept-language': language.value,
})

/** The API's own routes, with the session's cookie in place of a signature. @throws Problem */
export async function call<T>(method: string, path: string, body?: object, signal?: AbortSignal): Promise<T> {
  const limit = AbortSignal.timeout(timeoutMs)
  const response = await fetch(path, {
    method,
    headers: { ...headersOf(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const told = (await response.json().catch(() => ({}))) as ProblemBody
  if (response.status === 401) session.value = null
  if (!response.ok) throw new Problem(response.status, told)
  if (response.status === 202) throw new Problem(202, { title: 'pending', reason: 'pending' })
  return told as T
}

export async function loadSession(): Promise<void> {
  session.value = await call<Session>('GET', '/v1/session').catch(() => null)
}

export async function logOut(): Promise<void> {
  await call('DELETE', '/v1/session').catch(() => undefined)
  session.value = null
}

/** The id of a command, the same on every try: a UUIDv7, as the API wants it. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  new DataView(bytes.buffer).setBigUint64(0, (BigInt(Date.now()) << 16n) | BigInt((bytes[6]! << 8) | bytes[7]!))
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** Server-sent events, one call each. Ends with the signal, or rejects when the stream breaks off. */
export async function listen<T>(path: string, signal: AbortSignal, onEvent: (event: T) => void): Promise<void> {
  const response = await fetch(path, { headers: headersOf(), signal })
  if (response.status === 401) session.value = null
  if (!response.ok || response.body === null)
    throw new Problem(response.status, await response.json().catch(() => ({})))
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) throw new Problem(0, { title: 'the stream ended' })
    const parts = (text + value).split('\n\n')
    text = parts.pop() ?? ''
    for (const part of parts) if (part.startsWith('data: ')) onEvent(JSON.parse(part.slice(6)) as T)
  }
}
