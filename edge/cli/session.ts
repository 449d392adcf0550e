import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  ApiProblem,
  createClient,
  nodeExchange,
  OutcomeUnknown,
  principalSigner,
  subUserSigner,
  walletSigner,
} from '../client/node.ts'
import type { Exchange, RequestSigner, RetryPolicy } from '../client/requests.ts'
import { BadInput, NotReachable } from './exitCodes.ts'
import { Keystore } from './keystore.ts'
import { type RegionFacts, readRegionFacts } from './regionAddress.ts'
import { askUntil } from './waiting.ts'

/** Options that every command has which speaks with a region. */
export type ConnectionOptions = {
  data: string
  url?: string
  ca?: string
  keystore?: string
  institutionKey?: string
  operatorKey?: string
  institution: number
  operator: number
  timeoutMs: number
  tries: number
}

export type Reply = { status: number; body: Record<string, unknown> }
/** `user:2` is a merchant's sub-user of that number, whose key is kept here. */
export type SignerName = 'wallet' | 'institution' | 'operator' | `user:${number}`

/** What is wrong with an edge's certificate when nobody said who may sign it. */
const untrustedCodes = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]

/** Errors of a connection that was never made, so that the request cannot have arrived. */
const unsentCodes = new Set([
  ...untrustedCodes,
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'CERT_HAS_EXPIRED',
])

/** One command's connection to a region: where it is, who signs, and with which patience. */
export class Session {
  readonly options: ConnectionOptions
  readonly keystore: Keystore
  #facts: RegionFacts | undefined
  #exchange: Exchange | undefined

  constructor(options: ConnectionOptions) {
    this.options = options
    this.keystore = new Keystore(options.keystore ?? join(options.data, 'wallets'))
  }

  /** Of the region that runs on the data folder. @throws NotReachable when none does */
  get facts(): RegionFacts {
    this.#facts ??= readRegionFacts(this.options.data)
    return this.#facts
  }

  get #url(): string {
    return this.options.url ?? this.facts.edgeUrl
  }

  #connect(): Exchange {
    const { url, ca } = this.options
    const caFile = url === undefined ? (ca ?? this.facts.caFile) : ca
    this.#exchange ??= nodeExchange(this.#url, caFile === undefined ? undefined : readInput(caFile, '--ca'), 4)
    return this.#exchange
  }

  institution(): RequestSigner {
    const file = this.options.institutionKey ?? this.#ownKey('institutionKeyFile', '--institution-key')
    return principalIn(`institution:${this.options.institution}`, file, '--institution-key')
  }

  operator(): RequestSigner {
    const file = this.options.operatorKey ?? this.#ownKey('operatorKeyFile', '--operator-key')
    return principalIn(`operator:${this.options.operator}`, file, '--operator-key')
  }

  /** The keys of the region on the data folder sign for that region only, never for the one that --url names. */
  #ownKey(name: 'institutionKeyFile' | 'operatorKeyFile', option: string): string {
    if (this.options.url !== undefined) throw new BadInput(`with --url this needs ${option} FILE`)
    return this.facts[name]
  }

  wallet(walletId: string): RequestSigner {
    return walletSigner(walletId, this.keystore.keyOf(walletId))
  }

  #subUser(walletId: string, userNo: number): RequestSigner {
    return subUserSigner(walletId, userNo, this.keystore.keyOfUser(walletId, userNo))
  }

  /** Signs as asked; else with the wallet's own key where it is in the keystore, as the institution where not. */
  signerFor(walletId: string, as: SignerName | undefined): RequestSigner {
    if (as === 'operator') return this.operator()
    if (as?.startsWith('user:')) return this.#subUser(walletId, Number(as.slice('user:'.length)))
    const own = as === 'wallet' || (as === undefined && this.keystore.has(walletId))
    return own ? this.wallet(walletId) : this.institution()
  }

  /**
   * Sends one request, again and again under the same id.
   * @throws ApiProblem; NotReachable when no try can have arrived; OutcomeUnknown when one may have
   */
  async call(
    signer: RequestSigner | undefined,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const { timeoutMs, tries } = this.options
    const exchange = this.#connect()
    let mayHaveArrived = false
    const watched: Exchange = async (...asked) => {
      try {
        const answer = await exchange(...asked)
        if (answer.status >= 500 && answer.status !== 503) mayHaveArrived = true
        return answer
      } catch (error) {
        const code = String((error as { code?: unknown }).code)
        if (!unsentCodes.has(code)) mayHaveArrived = true
        if (!untrustedCodes.includes(code)) throw error
        throw new Error(`the certificate of ${this.#url} is not trusted (${code}): name who signed it with --ca`)
      }
    }
    const retries: RetryPolicy = { triesMax: tries, timeoutMs, pauseMinMs: 100, pauseMaxMs: 2_000 }
    try {
      return await createClient(this.#url, watched, retries).call(signer, method, path, body, headers)
    } catch (error) {
      throw outcomeOf(error, method === 'GET' || !mayHaveArrived)
    }
  }

  /**
   * Sends a request that takes effect at once, and again under the same id while the region does not know how it ended.
   * @throws as `call`; OutcomeUnknown when it is still not known, which says under which id to ask
   */
  async change(
    signer: RequestSigner,
    method: string,
    path: string,
    body: unknown,
    headers?: Record<string, string>,
  ): Promise<Record<string, unknown>> {
    const id = (body as { request_id?: string } | undefined)?.request_id ?? headers?.['idempotency-key']
    const hint = `ask again with ${id === undefined ? 'the same id' : `--request-id ${id}`}`
    const ask = async (): Promise<Reply> => {
      try {
        return await this.call(signer, method, path, body, headers)
      } catch (error) {
        throw error instanceof OutcomeUnknown ? new OutcomeUnknown(`${error.message}; ${hint}`) : error
      }
    }
    const last = await askUntil(await ask(), ({ status }) => status !== 202, ask, this.options.timeoutMs)
    if (last.status === 202) throw new OutcomeUnknown(`the region does not know yet; ${hint}`)
    return last.body
  }
}

/** A read that nobody answered is no unknown outcome: nothing was to be done. */
function outcomeOf(error: unknown, nothingDone: boolean): unknown {
  if (error instanceof OutcomeUnknown) return nothingDone ? new NotReachable(error.message) : error
  const unavailable = error instanceof ApiProblem && (error.status >= 500 || error.status === 429)
  return unavailable && !nothingDone ? new OutcomeUnknown(error.message) : error
}

function principalIn(keyId: string, file: string, option: string): RequestSigner {
  const pem = readInput(file, option)
  try {
    return principalSigner(keyId, pem)
  } catch {
    throw new BadInput(`${file} is not a private key in PEM`)
  }
}

/** @param file path, or 0 for standard input */
export function readInput(file: string | 0, option: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const name = file === 0 ? 'standard input' : file
    throw new BadInput(`${option}: ${name} cannot be read (${(error as { code?: string }).code ?? 'unknown error'})`)
  }
}
