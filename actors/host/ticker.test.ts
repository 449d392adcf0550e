import { describe, expect, test } from 'vitest'
import { ManualTimers } from './manualTimers.fixture.ts'
import { Ticker } from './ticker.ts'

function ticking(dueMs: () => number, append: () => Promise<boolean>) {
  const timers = new ManualTimers()
  const errors: unknown[] = []
  const ports = {
    nowMs: () => timers.nowMs,
    after: (delayMs: number, work: () => void) => timers.after(delayMs, work),
    onError: (error: unknown) => errors.push(error),
  }
  const ticker = new Ticker({ nextDueMs: dueMs, append, ports })
  ticker.start()
  const pass = async (ms: number): Promise<void> => {
    for (let n = 0; n < ms; n += 10) {
      timers.advance(10)
      await Promise.resolve()
      await Promise.resolve()
    }
  }
  return { timers, ticker, errors, pass }
}

describe('a leader adds a tick', () => {
  test('when something is due, and none before', async () => {
    let sent = 0
    let dueMs = Number.POSITIVE_INFINITY
    const { timers, pass, ticker } = ticking(
      () => dueMs,
      async () => {
        sent += 1
        dueMs = Number.POSITIVE_INFINITY
        return true
      },
    )
    await pass(2_000)
    expect(sent).toBe(0)
    dueMs = timers.nowMs + 1_000
    await pass(990)
    expect(sent).toBe(0)
    await pass(300)
    expect(sent).toBe(1)
    await pass(2_000)
    expect(sent).toBe(1)
    ticker.stop()
  })

  test('again and again while something is due still, and never two at once', async () => {
    let under = 0
    let most = 0
    let sent = 0
    const { pass, ticker } = ticking(
      () => 0,
      async () => {
        most = Math.max(most, ++under)
        sent += 1
        await Promise.resolve()
        under -= 1
        return sent % 2 === 0
      },
    )
    await pass(3_000)
    expect(sent).toBeGreaterThan(10)
    expect(most).toBe(1)
    ticker.stop()
    const before = sent
    await pass(1_000)
    expect(sent).toBe(before)
  })

  test('and says when its log refuses it for good', async () => {
    const { errors, pass } = ticking(
      () => 0,
      () => Promise.reject(new Error('no such subject')),
    )
    await pass(600)
    expect(errors).toEqual([new Error('no such subject')])
  })
})
