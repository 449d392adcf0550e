/** What a person asked an edge for. Ids are the person's own and belong to one wallet. */
export type Request = {
  readonly kind: 'payment' | 'recharge' | 'redemption'
  readonly wallet: number
  /** Payee of a payment, else 0. */
  readonly to: number
  readonly fen: number
  readonly id: string
  /** All that was asked for, as one text: two requests are the same when these are. */
  readonly body: string
  /** The mandate that a payment is collected by; the hold that it takes from; the order that it names, or refunds. */
  readonly mandate?: string
  /** The payment that its payee gives back. */
  readonly dispute?: string
  readonly hold?: { readonly key: string; readonly expiresMs: number }
  readonly order?: { readonly key: string; readonly fen: number; readonly expiresMs: number; readonly refund?: true }
  /** The till that asks for a refund in its merchant's name. */
  readonly till?: TillWord
}

/** What a merchant has said of a till by the time at which that asked. */
export type TillWord = { readonly limitFen: number; readonly removed: boolean }

/**
 * The last word about a request. `done` is a payment that was credited; a recharge or redemption ends with the name of
 * its last step. Everything else is why nothing was done. `place` says where it was judged, empty when it was nowhere.
 */
export type Answer = { readonly outcome: string; readonly place: string }

/** The last word when the id is too old to be run and nobody remembers whether it was: the books must tell. */
const forgotten = 'forgotten'
const reused = 'id-reused'
/** Refusals that say nothing about another try under the same id. */
const passing = new Set([
  reused,
  forgotten,
  'id-expired',
  'timestamp-stale',
  'not-signed',
  'wallet-unknown',
  'merchant-user-unknown',
  'merchant-user-limit',
])

type Known = { request: Request; answer: Answer | undefined; asked: number; answered: number }

/** Requests and their answers as people saw them, judged by what was promised to people. */
export class RequestBook {
  readonly #violation: (what: string) => void
  /** By wallet and id, then by body. */
  readonly #known = new Map<string, Map<string, Known>>()

  constructor(violation: (what: string) => void) {
    this.#violation = violation
  }

  asked(request: Request): void {
    const key = `${request.wallet}/${request.id}`
    const bodies = this.#known.get(key) ?? new Map<string, Known>()
    this.#known.set(key, bodies)
    const known = bodies.get(request.body)
    if (known === undefined) bodies.set(request.body, { request, answer: undefined, asked: 1, answered: 0 })
    else known.asked += 1
  }

  answered(request: Request, answer: Answer): void {
    const key = `${request.wallet}/${request.id}`
    const bodies = this.#known.get(key)
    const known = bodies?.get(request.body)
    if (bodies === undefined || known === undefined) {
      this.#violation(`an answer to ${key}, which nobody asked`)
      return
    }
    known.answered += 1
    if (answer.outcome === reused && bodies.size === 1) {
      this.#violation(`${key} was refused as reused, but only one body was ever sent under it`)
    }
    const before = known.answer
    if (before === undefined || passing.has(before.outcome)) known.answer = answer
    else if (!passing.has(answer.outcome) || answer.outcome === reused) this.#compare(key, before, answer)
    const executed = [...bodies.values()].filter((body) => body.answer && !passing.has(body.answer.outcome))
    if (executed.length > 1) this.#violation(`${key} was answered for ${executed.length} different bodies`)
  }

  #compare(key: string, before: Answer, answer: Answer): void {
    if (before.outcome === answer.outcome && before.place === answer.place) return
    this.#violation(
      `${key} was answered "${before.outcome}" at ${before.place}, then "${answer.outcome}" at ${answer.place}`,
    )
  }

  /** Requests that have had no last word. */
  unfinished(): string[] {
    const open: string[] = []
    for (const [key, bodies] of this.#known) {
      for (const { request, asked, answered } of bodies.values()) {
        if (answered < asked) open.push(`${request.kind} ${key}`)
      }
    }
    return open
  }

  /** Whether a person ever asked for this. */
  wasAsked(kind: Request['kind'], wallet: number, id: string, fen: number): boolean {
    const bodies = this.#known.get(`${wallet}/${id}`)
    if (bodies === undefined) return false
    return [...bodies.values()].some(({ request }) => request.kind === kind && request.fen === fen)
  }

  /** What was asked for under an id with this amount. */
  request(kind: Request['kind'], wallet: number, id: string, fen: number): Request | undefined {
    const bodies = this.#known.get(`${wallet}/${id}`)?.values() ?? []
    return [...bodies].find(({ request }) => request.kind === kind && request.fen === fen)?.request
  }

  /** Every request once: of several bodies under one id the one that was judged, if one was. */
  *decided(): Generator<{ request: Request; outcome: string }> {
    for (const bodies of this.#known.values()) {
      const all = [...bodies.values()]
      const judged = all.find(({ answer }) => answer !== undefined && !passing.has(answer.outcome)) ?? all[0]!
      yield { request: judged.request, outcome: judged.answer?.outcome ?? 'none' }
    }
  }
}
