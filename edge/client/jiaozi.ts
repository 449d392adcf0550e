import { type Api, operations } from './api.ts'
import { type Patience, untilEnded, type World, world } from './attempts.ts'
import { type Bytes, utf8 } from './encoding.ts'
import { newId } from './ids.ts'
import type { Signer } from './keys.ts'
import { signatureHeaders } from './messageSignature.ts'
import { done, type Outcome } from './outcome.ts'

type Name = keyof Api

/** What an operation is asked with: its path's parts, its query, its body. */
export type Asked<N extends Name> = Omit<Api[N], 'answer' | 'item'>

/** Operations that answer in pages, and what stands on one. */
type Paged = { [N in Name]: Api[N] extends { item: unknown } ? N : never }[Name]
type ItemOf<N extends Paged> = Api[N] extends { item: infer Item } ? Item : never

export type JiaoziOptions = {
  /** Where an edge is: "https://pay.example". */
  readonly baseUrl: string
  /** Who asks, when a call does not say otherwise. */
  readonly signer?: Signer
  /** For one call with all its tries. */
  readonly deadlineMs?: number
  readonly tryTimeoutMs?: number
  /** Of problems' titles. */
  readonly language?: 'en' | 'zh'
  readonly fetch?: typeof globalThis.fetch
  readonly world?: World
}

/** What one call may have of its own. */
export type Settings = {
  readonly signer?: Signer
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

type Parts = {
  readonly path?: Readonly<Record<string, string | number>>
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
}

const deadlineMsDefault = 30_000
const tryTimeoutMsDefault = 10_000

/** A client of the API. It keeps no connection and no state of its own; make as many as are convenient. */
export class Jiaozi {
  readonly #options: JiaoziOptions
  readonly #world: World

  constructor(options: JiaoziOptions) {
    this.#options = options
    this.#world = options.world ?? world
  }

  /**
   * Asks one operation until it has ended or the deadline has come. Network faults and what may pass are asked again by
   * itself, under the same id: the one in the body, or one that is made here and is in the outcome's `again`.
   */
  async call<N extends Name>(name: N, asked: Asked<N>, settings: Settings = {}): Promise<Outcome<Api[N]['answer']>> {
    const send = this.#prepare(name, asked as Parts, settings)
    const { deadlineMs = this.#options.deadlineMs ?? deadlineMsDefault, signal } = settings
    const { tryTimeoutMs = tryTimeoutMsDefault } = this.#options
    return this.#run<Api[N]['answer']>(send, { deadlineMs, tryTimeoutMs, signal })
  }

  /**
   * Everything that a paged operation has, page by page as it is read.
   * @throws NotDone when a page cannot be had
   */
  async *each<N extends Paged>(name: N, asked: Asked<N>, settings: Settings = {}): AsyncGenerator<ItemOf<N>> {
    const { query, ...rest } = asked as Parts
    const { items } = operations[name] as { items: string }
    for (let cursor: string | undefined; ; ) {
      const page = { ...rest, query: cursor === undefined ? query : { ...query, cursor } }
      const body = done(await this.call(name, page as Asked<N>, settings)) as Record<string, unknown>
      yield* body[items] as ItemOf<N>[]
      if (typeof body.next_cursor !== 'string') return
      cursor = body.next_cursor
    }
  }

  async #run<Body>(send: (signal: AbortSignal) => Promise<Response>, patience: Patience): Promise<Outcome<Body>> {
    const ended = await untilEnded(send, patience, this.#world)
    if (ended.kind !== 'unknown') return ended as Outcome<Body>
    return { ...ended, again: () => this.#run<Body>(send, patience) } as Outcome<Body>
  }

  /** One request; each try of it is the same in every byte but its signature. */
  #prepare(name: Name, { path, query, body }: Parts, settings: Settings) {
    const { method, path: pattern, signed, id, type } = operations[name]
    const { baseUrl, language, fetch = globalThis.fetch } = this.#options
    const url = new URL(fill(pattern, path ?? {}) + queryText(query ?? {}), baseUrl)
    const bytes = bytesOf(id === 'request_id' ? { request_id: newId(), ...(body as object) } : body)
    const idempotencyKey = id === 'header' ? newId() : undefined
    const headers: Record<string, string> = { accept: 'application/json' }
    if (bytes.length > 0) headers['content-type'] = type
    if (language !== undefined) headers['accept-language'] = language
    if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey
    const signer = settings.signer ?? this.#options.signer
    if (signed && signer === undefined) throw new TypeError(`${name} must be signed: give a signer`)
    const sent = bytes.length > 0 ? { body: bytes } : {}
    return async (signal: AbortSignal): Promise<Response> => {
      const by =
        signed && signer !== undefined
          ? await signatureHeaders(signer, method, url, bytes, idempotencyKey, this.#world.nowMs())
          : {}
      // A signed request is for the address that it names.
      return fetch(url, { method, headers: { ...headers, ...by }, ...sent, signal, redirect: 'error' })
    }
  }
}

function fill(pattern: string, parts: Readonly<Record<string, string | number>>): string {
  return pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (parts[name] === undefined) throw new TypeError(`the path needs ${name}`)
    return encodeURIComponent(parts[name])
  })
}

function queryText(query: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}

/** Text goes as it is: batches are lines. */
function bytesOf(body: unknown): Bytes {
  if (body === undefined) return new Uint8Array(0)
  return utf8(typeof body === 'string' ? body : JSON.stringify(body))
}
