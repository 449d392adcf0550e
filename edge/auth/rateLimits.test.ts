import { describe, expect, test } from 'vitest'
import { rateHeaders } from './rateHeaders.ts'
import { RateLimits } from './rateLimits.ts'

let nowMs = 1_000
/** Under which no two of the callers below share a place. */
const seed = 1
const limits = () =>
  new RateLimits({ addressPerSecondMax: 3, walletPerSecondMax: 2, principalPerSecondMax: 1 }, () => nowMs, seed)
const ipv4 = (last: number): Uint8Array =>
  Buffer.from(`00000000000000000000ffff7f0000${last.toString(16).padStart(2, '0')}`, 'hex')
const ipv6 = (network: string, host: string): Uint8Array =>
  Buffer.from(network.padEnd(16, '0') + host.padStart(16, '0'), 'hex')

const admittedOf = (count: number, ask: () => { admitted: boolean }): number =>
  Array.from({ length: count }, ask).filter(({ admitted }) => admitted).length

describe('in one second', () => {
  test('an address, a wallet and an institution have exactly what they are allowed', () => {
    const one = limits()
    expect(admittedOf(10, () => one.address(ipv4(1)))).toBe(3)
    expect(admittedOf(10, () => one.wallet(1_048_576))).toBe(2)
    expect(admittedOf(10, () => one.principal('institution', 1))).toBe(1)
    expect(admittedOf(10, () => one.principal('operator', 1))).toBe(1)
    expect(admittedOf(10, () => one.principal('institution', 1))).toBe(0)
  })

  test('who is turned away learns when to come again, and is let in then', () => {
    const one = limits()
    one.principal('institution', 1)
    expect(one.principal('institution', 1)).toEqual({ admitted: false, retryAfterS: 1 })
    nowMs += 999
    expect(one.principal('institution', 1)).toEqual({ admitted: false, retryAfterS: 1 })
    nowMs += 1
    expect(admittedOf(10, () => one.principal('institution', 1))).toBe(1)
  })

  test('one address does not use up what another has', () => {
    const one = limits()
    admittedOf(10, () => one.address(ipv4(1)))
    expect(admittedOf(10, () => one.address(ipv4(2)))).toBe(3)
  })

  test('a network of IPv6 counts as one, however many addresses it has', () => {
    const one = limits()
    let host = 0
    expect(admittedOf(10, () => one.address(ipv6('20010db800000001', (++host).toString(16))))).toBe(3)
    expect(admittedOf(1, () => one.address(ipv6('20010db800000002', '1')))).toBe(1)
  })
})

test('who asks is told each limit that counts it, and what is left of it', () => {
  nowMs = 50_000
  const one = new RateLimits(
    { addressPerSecondMax: 3, walletPerSecondMax: 2, principalPerSecondMax: 1, lookupsPerMinuteMax: 5 },
    () => nowMs,
  )
  const wallet = { role: 'wallet', number: 1_048_576 }
  one.address(ipv4(1))
  one.wallet(wallet.number)
  one.lookup(wallet.role, wallet.number)
  nowMs += 400
  expect(rateHeaders(one.standings(ipv4(1), wallet, true))).toEqual({
    'ratelimit-policy': '"address";q=3;w=1, "wallet";q=2;w=1, "lookup";q=5;w=60',
    ratelimit: '"address";r=2;t=1, "wallet";r=1;t=1, "lookup";r=4;t=60',
  })
  expect(rateHeaders(one.standings(ipv4(2)))).toMatchObject({ ratelimit: '"address";r=3;t=1' })
  admittedOf(9, () => one.wallet(wallet.number))
  expect(rateHeaders(one.standings(ipv4(1), wallet)).ratelimit).toBe('"address";r=2;t=1, "wallet";r=0;t=1')
})
