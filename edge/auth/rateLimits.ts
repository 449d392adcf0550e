import { randomInt } from 'node:crypto'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'

/** Requests a second that one address or caller may send to this edge. */
export type RateLimitSettings = {
  readonly addressPerSecondMax: number
  readonly walletPerSecondMax: number
  readonly principalPerSecondMax: number
}

/** Whether a request may go on, and if not, when to try again. */
export type Admission = { readonly admitted: true } | { readonly admitted: false; readonly retryAfterS: number }

/**
 * Callers are counted in so many places, by a hash that nobody outside can foresee. However many addresses and wallets
 * there are, memory has an end; two that share a place share its limit.
 */
export const countersMax = 65_536
/** A household or a server has at least a /64 of IPv6: single addresses within it are no callers of their own. */
const networkBytes = 8
const ipv4Prefix = Buffer.from('00000000000000000000ffff', 'hex')

const admitted: Admission = { admitted: true }

/** Keeps one caller from taking the room of all others. What it counts is lost with the process, which does no harm. */
export class RateLimits {
  readonly #addresses: RateLimiterMemory
  readonly #wallets: RateLimiterMemory
  readonly #principals: RateLimiterMemory
  readonly #seed = randomInt(2 ** 32)

  constructor(settings: RateLimitSettings) {
    const perSecond = (points: number) => new RateLimiterMemory({ points, duration: 1 })
    this.#addresses = perSecond(settings.addressPerSecondMax)
    this.#wallets = perSecond(settings.walletPerSecondMax)
    this.#principals = perSecond(settings.principalPerSecondMax)
  }

  /** Asked before anything is read or verified. @param ip 16 bytes, IPv4 mapped into IPv6 */
  address(ip: Uint8Array): Promise<Admission> {
    const isIpv4 = ipv4Prefix.every((byte, i) => ip[i] === byte)
    return consume(this.#addresses, placeOf(isIpv4 ? ip : ip.subarray(0, networkBytes), this.#seed))
  }

  /** Asked once the wallet's signature is known to be good: nobody can use up another's share. */
  wallet(number: number): Promise<Admission> {
    const bytes = new Uint8Array(Float64Array.of(number).buffer)
    return consume(this.#wallets, placeOf(bytes, this.#seed))
  }

  /** As for wallets. Principals are few, and each has a counter of its own. */
  principal(role: string, number: number): Promise<Admission> {
    return consume(this.#principals, `${role}:${number}`)
  }

  /** Counters in use now. */
  get size(): number {
    return [this.#addresses, this.#wallets, this.#principals].reduce((sum, one) => sum + one.dump().storage.length, 0)
  }
}

async function consume(limiter: RateLimiterMemory, key: string | number): Promise<Admission> {
  try {
    await limiter.consume(key)
    return admitted
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error
    return { admitted: false, retryAfterS: Math.max(1, Math.ceil(error.msBeforeNext / 1_000)) }
  }
}

/** FNV-1a from a secret start, finished as in MurmurHash3, so that near addresses lie far apart. */
function placeOf(bytes: Uint8Array, seed: number): number {
  let hash = seed ^ 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) & (countersMax - 1)
}
