import { randomInt } from 'node:crypto'

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
const placesMax = 65_536
const windowMs = 1_000
/** A household or a server has at least a /64 of IPv6: single addresses within it are no callers of their own. */
const networkBytes = 8
const ipv4Prefix = Buffer.from('00000000000000000000ffff', 'hex')

const admitted: Admission = { admitted: true }

/** Keeps one caller from taking the room of all others. What it counts is lost with the process, which does no harm. */
export class RateLimits {
  readonly #addresses: Windows
  readonly #wallets: Windows
  readonly #principals: Windows
  /** Principals are few, and each has a place of its own. */
  readonly #principalPlaces = new Map<string, number>()
  readonly #seed = randomInt(2 ** 32)
  readonly #walletNumber = new Float64Array(1)
  readonly #walletBytes = new Uint8Array(this.#walletNumber.buffer)

  /** @param monotonicMs a clock that never jumps */
  constructor(settings: RateLimitSettings, monotonicMs: () => number = () => performance.now()) {
    this.#addresses = new Windows(settings.addressPerSecondMax, monotonicMs)
    this.#wallets = new Windows(settings.walletPerSecondMax, monotonicMs)
    this.#principals = new Windows(settings.principalPerSecondMax, monotonicMs)
  }

  /** Asked before anything is read or verified. @param ip 16 bytes, IPv4 mapped into IPv6 */
  address(ip: Uint8Array): Admission {
    const isIpv4 = ipv4Prefix.every((byte, i) => ip[i] === byte)
    return this.#addresses.take(placeOf(isIpv4 ? ip : ip.subarray(0, networkBytes), this.#seed))
  }

  /** Asked once the wallet's signature is known to be good: nobody can use up another's share. */
  wallet(number: number): Admission {
    this.#walletNumber[0] = number
    return this.#wallets.take(placeOf(this.#walletBytes, this.#seed))
  }

  /** As for wallets. */
  principal(role: string, number: number): Admission {
    const name = `${role}:${number}`
    let place = this.#principalPlaces.get(name)
    if (place === undefined) {
      place = this.#principalPlaces.size % placesMax
      this.#principalPlaces.set(name, place)
    }
    return this.#principals.take(place)
  }
}

/** A count for each place, of a second that begins with the first request in it. */
class Windows {
  readonly #takenMax: number
  readonly #monotonicMs: () => number
  readonly #taken = new Uint32Array(placesMax)
  readonly #untilMs = new Float64Array(placesMax)

  constructor(takenMax: number, monotonicMs: () => number) {
    this.#takenMax = takenMax
    this.#monotonicMs = monotonicMs
  }

  take(place: number): Admission {
    const nowMs = this.#monotonicMs()
    const untilMs = this.#untilMs[place]!
    if (nowMs >= untilMs) {
      this.#untilMs[place] = nowMs + windowMs
      this.#taken[place] = 1
      return admitted
    }
    if (this.#taken[place]! >= this.#takenMax) {
      return { admitted: false, retryAfterS: Math.max(1, Math.ceil((untilMs - nowMs) / 1_000)) }
    }
    this.#taken[place]! += 1
    return admitted
  }
}

/** FNV-1a from a secret start, finished as in MurmurHash3, so that near addresses lie far apart. */
function placeOf(bytes: Uint8Array, seed: number): number {
  let hash = seed ^ 0x811c9dc5
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) & (placesMax - 1)
}
