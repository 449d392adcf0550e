import { expect, test } from 'vitest'
import { ManualTimers } from '../manualTimers.fixture.ts'
import { ownershipIn } from './ownershipIn.fixture.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('an owner asks its log for its end until it has said it', async () => {
  const timers = new ManualTimers()
  let asked = 0
  let ends = (): Promise<{ own: number; mirror: number }> => Promise.reject(new Error('no answer'))
  const ownership = ownershipIn('a', timers, {
    holdAt: () => undefined,
    ends: () => {
      asked++
      return ends()
    },
  })
  const pass = async (): Promise<void> => {
    timers.advance(1_000)
    await turn()
  }
  await ownership.read()
  await turn()
  await pass()
  expect([asked, ownership.state.ownEnd]).toEqual([2, undefined])
  ends = async () => ({ own: 7, mirror: 0 })
  await pass()
  await pass()
  expect([asked, ownership.state.ownEnd]).toEqual([3, 7])
})

test('whoever has stopped asks for nothing any more', async () => {
  const timers = new ManualTimers()
  let waits = 0
  const counted = {
    nowMs: timers.nowMs,
    after: (delayMs: number, work: () => void) => {
      waits++
      return timers.after(delayMs, work)
    },
  }
  const ends = (): Promise<never> => Promise.reject(new Error('no answer'))
  const ownership = ownershipIn('a', counted, { holdAt: () => undefined, ends })
  await ownership.read()
  await turn()
  ownership.stop()
  timers.advance(1_000)
  await turn()
  const before = waits
  for (let n = 0; n < 3; n++) {
    timers.advance(1_000)
    await turn()
  }
  expect(waits).toBe(before)
})

test('an owner that neither the witness nor the peer confirms knows for how long another may have followed it', async () => {
  const timers = new ManualTimers()
  const ownership = ownershipIn('a', timers, { holdAt: () => undefined, ends: async () => ({ own: 7, mirror: 0 }) })
  await ownership.read()
  await turn()
  timers.nowMs += 3_000
  expect(ownership.doubtfulMs).toBeUndefined()
  timers.nowMs += 1_000
  expect(ownership.doubtfulMs).toBe(4_000)
  // What is answered late is true of when it was asked for.
  const asked = ownership.read()
  timers.nowMs += 3_500
  await asked
  expect(ownership.doubtfulMs).toBe(3_500)
  ownership.ownedAt(timers.nowMs - 1_000)
  expect(ownership.doubtfulMs).toBeUndefined()
})
