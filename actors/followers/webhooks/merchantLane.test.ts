import { describe, expect, test } from 'vitest'
import { MerchantLane } from './merchantLane.ts'
import { patienceMs, retryDelayMs } from './retryRule.ts'

const middle = () => 0.5
const quick = { delivered: true, durationMs: 20 }
const slow = { delivered: true, durationMs: 9_000 }
const failed = { delivered: false, durationMs: 20 }

function play(lane: MerchantLane, result: typeof quick, times: number, nowMs = 0): void {
  for (let n = 0; n < times; n++) {
    lane.began()
    lane.ended(result, nowMs)
  }
}

describe('a merchant’s lane', () => {
  test('begins narrow, is wide for who is quick and one call wide for who is slow', () => {
    const lane = new MerchantLane(16, middle)
    expect(lane.room(0)).toBe(4)
    play(lane, quick, 1)
    expect(lane.room(0)).toBe(16)
    play(lane, slow, 2)
    expect(lane.room(0)).toBe(16)
    play(lane, slow, 2)
    expect(lane.room(0)).toBe(4)
    play(lane, slow, 4)
    expect(lane.room(0)).toBe(1)
    lane.began()
    expect(lane.room(0)).toBe(0)
  })

  test('stays open for who fails now and then', () => {
    const lane = new MerchantLane(16, middle)
    for (let n = 0; n < 100; n++) play(lane, n % 3 === 0 ? quick : failed, 1)
    expect(lane.broken).toBe(false)
  })

  test('closes for who fails again and again, longer each time, and opens by one call that succeeds', () => {
    const lane = new MerchantLane(16, middle)
    play(lane, failed, 8)
    expect([lane.broken, lane.room(999), lane.room(1_000)]).toEqual([true, 0, 1])
    play(lane, failed, 1, 1_000)
    expect([lane.room(2_999), lane.room(3_000)]).toEqual([0, 1])
    for (let n = 0; n < 20; n++) play(lane, failed, 1, 1e9 * (n + 1))
    expect([lane.room(2e10 + 59_999), lane.room(2e10 + 60_000)]).toEqual([0, 1])
    play(lane, quick, 1, 3e10)
    expect([lane.broken, lane.room(3e10)]).toEqual([false, 16])
  })

  test('opens in time when the clock is set back', () => {
    const lane = new MerchantLane(16, middle)
    play(lane, failed, 8, 3_600_000)
    expect([lane.room(3_600_999), lane.room(0)]).toEqual([0, 1])
  })

  test('counts what fails beside the call that closed it once', () => {
    const lane = new MerchantLane(16, middle)
    for (let n = 0; n < 16; n++) lane.began()
    for (let n = 0; n < 16; n++) lane.ended(failed, 10)
    expect([lane.room(1_009), lane.room(1_010)]).toEqual([0, 1])
  })
})

describe('the time to the next try', () => {
  test('doubles, is spread by half, and ends at hours', () => {
    expect([1, 2, 3].map((n) => retryDelayMs(n, middle))).toEqual([1_000, 2_000, 4_000])
    expect([() => 0, () => 1].map((random) => retryDelayMs(1, random))).toEqual([500, 1_500])
    expect(retryDelayMs(50, middle)).toBe(4 * 3_600_000)
  })

  test('is what the receiver asks for when that is longer, and no more than a day', () => {
    expect(retryDelayMs(1, middle, 60)).toBe(60_000)
    expect(retryDelayMs(3, middle, 1)).toBe(4_000)
    expect(retryDelayMs(1, middle, 999_999)).toBe(86_400_000)
  })

  test('makes some thirty tries in three days', () => {
    let [tries, ms] = [0, 0]
    while (ms < patienceMs) ms += retryDelayMs(++tries, middle)
    expect(tries).toBe(31)
  })
})
