import { readFileSync } from 'node:fs'
import { nodeExchange } from '../../../edge/client/node.ts'
import type { Exchange } from '../../../edge/client/requests.ts'
import type { Answer, AnswerOutcome } from './payment.ts'

export type EdgeAddress = { readonly region: string; readonly url: string; readonly caFile: string }

const connectionsMax = 512
const shortTextMax = 160
const jsonHeaders = { accept: 'application/json', 'content-type': 'application/json' }

type Edge = { readonly region: string; readonly exchange: Exchange }

/** The edges of all regions, as a customer sees them: any of them may be asked for anything. */
export class Edges {
  readonly #edges: readonly Edge[]
  readonly #nowMs: () => number

  constructor(addresses: readonly EdgeAddress[], nowMs: () => number) {
    this.#nowMs = nowMs
    this.#edges = addresses.map(({ region, url, caFile }) => ({
      region,
      exchange: nodeExchange(url, readFileSync(caFile), connectionsMax),
    }))
  }

  get count(): number {
    return this.#edges.length
  }

  /** One try of a payment at one edge, told as it was heard. */
  async pay(edge: number, body: Uint8Array, timeoutMs: number): Promise<Answer & { retryAfterS: number }> {
    const { region, exchange } = this.#edges[edge % this.#edges.length]!
    try {
      const { status, headers, body: bytes } = await exchange('POST', '/v1/payments', jsonHeaders, body, timeoutMs)
      const text = Buffer.from(bytes).toString()
      const outcome = outcomeOf(status, text)
      const kept = outcome === 'completed' || outcome === 'refused' ? text : text.slice(0, shortTextMax)
      const retryAfterS = Number(headers['retry-after'] ?? 0)
      return { atMs: this.#nowMs(), edge: region, status, outcome, text: kept, retryAfterS }
    } catch (error) {
      const text = (error instanceof Error ? error.message : String(error)).slice(0, shortTextMax)
      return { atMs: this.#nowMs(), edge: region, status: 0, outcome: 'silent', text, retryAfterS: 0 }
    }
  }
}

/** A refusal that says where it was judged is final under its id; any other may turn out otherwise next time. */
export function outcomeOf(status: number, text: string): AnswerOutcome {
  if (status === 200) return 'completed'
  if (status < 300) return 'pending'
  if (status === 429 || status >= 500) return 'busy'
  return text.includes('"position":') ? 'refused' : 'busy'
}
