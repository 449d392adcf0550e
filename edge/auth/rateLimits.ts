import { randomInt } from 'node:crypto'
import type { Standing } from './rateHeaders.ts'

/** Requests a second that one address or caller may send to this edge. */
export type RateLimitSettings = {
  readonly addressPerSecondMax: number
  readonly walletPerSecondMax: number
  readonly principalPerSecondMax: number
  /** Wallets that one wallet may look up a minute; a principal, who serves many, may look up so many times more. */
  readonly lookupsPerMinuteMax?: number
}

/** Whether a request may go on, and if not, when to try again. */
export type Admission = { readonly admitted: true } | { readonly admitted: false; readonly retryAfterS: number }

/**
 * Callers are counted in so many places, by a hash that nobody outside can foresee. However many addresses and wallets
 * there are, memory has an end; two that share a place share its limit.
 */
const placesMax = 65_536
const secondMs = 1_000
const minuteMs = 60_000
const lookupsPerMinuteDefault = 60
const lookupsOfPrincipal = 20
/** A household or a server has at least a /64 of IPv6: single addresses within it are no callers of their own. */
const networkBytes = 8
const ipv4Prefix = Buffer.from('00000000000000000000ffff', 'hex')

const admitted: Admission = { admitted: true }

/** Keeps one caller from taking the room of all others. What it counts is lost with the process, which does no harm. */
export class RateLimits {
  readonly #addresses: Windows
  readonly #wallets: Windows
  readonly #principals: Windows
  readonly #lookups: Windows
  readonly #lookupsOfPrincipals: Windows
  /** Principals are few, and each has a place of its own. */
  readonly #principalPlaces = new Map<string, number>()
  readonly #seed: number
  readonly #walletNumber = new Float64Array(1)
  readonly #walletBytes = new Uint8Array(this.#walletNumber.buffer)

  /**
   * @param monotonicMs a clock that never jumps
   * @param seed of the hash: secret wherever callers are strangers
   */
  constructor(
    settings: RateLimitSettings,
    monotonicMs: () => number = () => performance.now(),
    seed = randomInt(2 ** 32),
  ) {
    this.#seed = seed
    const { lookupsPerMinuteMax = lookupsPerMinuteDefault } = settings
    this.#addresses = new Windows(settings.addressPerSecondMax, secondMs, monotonicMs)
    this.#wallets = new Windows(settings.walletPerSecondMax, secondMs, monotonicMs)
    this.#principals = new Windows(settings.principalPerSecondMax, secondMs, monotonicMs)
    this.#lookups = new Windows(lookupsPerMinuteMax, minuteMs, monotonicMs)
    this.#lookupsOfPrincipals = new Windows(lookupsPerMinuteMax * lookupsOfPrincipal, minuteMs, monotonicMs)
  }

  /** Asked before anything is read or verified. @param ip 16 bytes, IPv4 mapped into IPv6 */
  address(ip: Uint8Array): Admission {
    return this.#addresses.take(this.#addressPlace(ip))
  }

  #addressPlace(ip: Uint8Array): number {
    const isIpv4 = ipv4Prefix.every((byte, i) => ip[i] === byte)
    return placeOf(isIpv4 ? ip : ip.subarray(0, networkBytes), this.#seed)
  }

  /** Asked once the wallet's signature is known to be good: nobody can use up another's share. */
  wallet(number: number): Admission {
    return this.#wallets.take(this.#walletPlace(number))
  }

  #walletPlace(number: number): number {
    this.#walletNumber[0] = number
    return placeOf(this.#walletBytes, this.#seed)
  }

  /** As for wallets. */
  principal(role: string, number: number): Admission {
    return this.#principals.take(this.#principalPlace(role, number))
  }

  /** A look at somebody else's wallet: whoever tries numbers one after the other shall learn little of them. */
  lookup(role: string, number: number): Admission {
    if (role === 'wallet') return this.#lookups.take(this.#walletPlace(number))
    return this.#lookupsOfPrincipals.take(this.#principalPlace(role, number))
  }

  /**
   * What an address, and the caller behind it once it is known, has left.
   * @param looksUp the request took from the budget of look-ups too
   */
  standings(ip: Uint8Array, caller?: { readonly role: string; readonly number: number }, looksUp = false): Standing[] {
    const all = [this.#addresses.standing('address', this.#addressPlace(ip))]
    if (caller === undefined) return all
    const ofWallet = caller.role === 'wallet'
    const place = ofWallet ? this.#walletPlace(caller.number) : this.#principalPlace(caller.role, caller.number)
    all.push((ofWallet ? this.#wallets : this.#principals).standing(caller.role, place))
    if (looksUp) all.push((ofWallet ? this.#lookups : this.#lookupsOfPrincipals).standing('lookup', place))
    return all
  }

  #principalPlace(role: string, number: number): number {
    const name = `${role}:${number}`
    let place = this.#principalPlaces.get(name)
    if (place === undefined) {
      place = this.#principalPlaces.size % placesMax
      this.#principalPlaces.set(name, place)
    }
    return place
  }
}

/** A count for each place, of a window that begins with the first request in it. */
class Windows {
  readonly #takenMax: number
  readonly #windowMs: number
  readonly #monotonicMs: () => number
  readonly #taken = new Uint32Array(placesMax)
  readonly #untilMs = new Float64Array(placesMax)

  constructor(takenMax: number, windowMs: number, monotonicMs: () => number) {
    this.#takenMax = takenMax
    this.#windowMs = windowMs
    this.#monotonicMs = monotonicMs
  }

  standing(policy: string, place: number): Standing {
    const [quota, windowS] = [this.#takenMax, Math.ceil(this.#windowMs / secondMs)]
    const leftMs = this.#untilMs[place]! - this.#monotonicMs()
    if (leftMs <= 0) return { policy, quota, windowS, remaining: quota, resetS: windowS }
    const remaining = Math.max(0, quota - this.#taken[place]!)
    return { policy, quota, windowS, remaining, resetS: Math.ceil(leftMs / secondMs) }
  }

  take(place: number): Admission {
    const nowMs = this.#monotonicMs()
    const untilMs = this.#untilMs[place]!
    if (nowMs >= untilMs) {
      this.#untilMs[place] = nowMs + this.#windowMs
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
