import { describe, expect, test } from 'vitest'
import { ManualTimers } from './manualTimers.fixture.ts'
import { Ticker } from './ticker.ts'

const never = Number.POSITIVE_INFINITY

/** A shard on the test's clock. What is appended is applied at once, at the time that the log's server gives it. */
class TickedShard {
  readonly timers = new ManualTimers()
  readonly errors: unknown[] = []
  readonly ticker: Ticker
  dueMs = never
  dayEndMs = never
  logTimeMs = 0
  ticks = 0
  /** How far the clock of the log's server is from this machine's. */
  serverAheadMs = 0
  /** Whether a frame carries out all that is due. */
  carriesOut = true
  takes: () => Promise<boolean> = async () => true

  constructor() {
    const { timers } = this
    this.ticker = new Ticker({
      nextDueMs: () => this.dueMs,
      dayEndMs: () => this.dayEndMs,
      logTimeMs: () => this.logTimeMs,
      append: () => this.#append(),
      ports: {
        monotonicMs: () => timers.nowMs,
        after: (delayMs, work) => timers.after(delayMs, work),
        onError: (error) => this.errors.push(error),
      },
    })
    this.logTimeMs = this.serverMs
    this.ticker.start()
  }

  get serverMs(): number {
    return this.timers.nowMs + this.serverAheadMs
  }

  /** A frame of somebody, which moves log time on. */
  traffic(): void {
    this.logTimeMs = Math.max(this.logTimeMs, this.serverMs)
    if (this.carriesOut && this.dueMs <= this.logTimeMs) this.dueMs = never
    if (this.dayEndMs <= this.logTimeMs) this.dayEndMs += 86_400_000
  }

  async #append(): Promise<boolean> {
    this.ticks += 1
    const stored = await this.takes()
    if (stored) this.traffic()
    return stored
  }

  async pass(ms: number): Promise<void> {
    for (let n = 0; n < ms; n += 10) {
      this.timers.advance(10)
      for (let turn = 0; turn < 5; turn++) await Promise.resolve()
    }
  }
}

describe('a leader adds a tick', () => {
  test('once, when the business day of the newest frame is over', async () => {
    const shard = new TickedShard()
    await shard.pass(500)
    shard.traffic()
    shard.dayEndMs = shard.logTimeMs + 3_000
    await shard.pass(2_900)
    expect(shard.ticks).toBe(0)
    await shard.pass(1_000)
    expect(shard.ticks).toBe(1)
    await shard.pass(5_000)
    expect(shard.ticks).toBe(1)
  })

  test('after a minute on an idle log, to know what day it is', async () => {
    const shard = new TickedShard()
    shard.dayEndMs = shard.logTimeMs + 43_200_000
    await shard.pass(59_000)
    expect(shard.ticks).toBe(0)
    await shard.pass(2_000)
    expect(shard.ticks).toBe(1)
    await shard.pass(70_000)
    expect(shard.ticks).toBe(1)
  })

  test('when something is due, and none before', async () => {
    const shard = new TickedShard()
    await shard.pass(2_000)
    expect(shard.ticks).toBe(0)
    shard.traffic()
    shard.dueMs = shard.logTimeMs + 1_500
    await shard.pass(1_400)
    expect(shard.ticks).toBe(0)
    await shard.pass(500)
    expect(shard.ticks).toBe(1)
    expect(shard.dueMs).toBe(never)
    await shard.pass(5_000)
    expect(shard.ticks).toBe(1)
    shard.ticker.stop()
  })

  test.each([
    ['an hour ahead of', 3_600_000],
    ['an hour behind', -3_600_000],
  ])('at the time of the log, whose clock is %s its own', async (_, serverAheadMs) => {
    const shard = new TickedShard()
    shard.serverAheadMs = serverAheadMs
    shard.logTimeMs = 0
    shard.dueMs = shard.serverMs + 10_000
    shard.traffic()
    await shard.pass(9_000)
    expect(shard.ticks).toBeLessThanOrEqual(1)
    await shard.pass(2_000)
    expect(shard.dueMs).toBe(never)
    expect(shard.ticks).toBeLessThanOrEqual(2)
    shard.ticker.stop()
  })

  test('once to learn the time, where it begins on an idle log with something due some day', async () => {
    const shard = new TickedShard()
    shard.dueMs = shard.serverMs + 60_000
    await shard.pass(30_000)
    expect(shard.ticks).toBe(1)
    await shard.pass(32_000)
    expect([shard.ticks, shard.dueMs]).toEqual([2, never])
    shard.ticker.stop()
  })

  test('every few seconds alone while the clock of the log stands behind where it was', async () => {
    const shard = new TickedShard()
    await shard.pass(1_000)
    shard.traffic()
    await shard.pass(500)
    shard.dueMs = shard.logTimeMs + 1_000
    shard.serverAheadMs = -3_600_000
    await shard.pass(60_000)
    expect(shard.ticks).toBeGreaterThan(5)
    expect(shard.ticks).toBeLessThan(25)
    shard.ticker.stop()
  })

  test('again and again while something is due still, and never two at once', async () => {
    const shard = new TickedShard()
    let under = 0
    let most = 0
    shard.takes = async () => {
      most = Math.max(most, ++under)
      await Promise.resolve()
      under -= 1
      return shard.ticks % 2 === 0
    }
    // More falls due than the frames carry out.
    shard.carriesOut = false
    shard.dueMs = 0
    await shard.pass(3_000)
    expect(shard.ticks).toBeGreaterThan(10)
    expect(most).toBe(1)
    shard.ticker.stop()
    const before = shard.ticks
    await shard.pass(1_000)
    expect(shard.ticks).toBe(before)
  })

  test('and says when its log refuses it for good', async () => {
    const shard = new TickedShard()
    shard.dueMs = 0
    shard.takes = () => Promise.reject(new Error('no such subject'))
    await shard.pass(600)
    expect(shard.errors).toEqual([new Error('no such subject')])
  })
})
