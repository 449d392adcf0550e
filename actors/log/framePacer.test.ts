import { expect, test } from 'vitest'
import { FramePacer } from './framePacer.ts'

test('below the rate no frame waits', () => {
  const pacer = new FramePacer(100, 10)
  for (let nowMs = 1_000; nowMs < 2_000; nowMs += 11) expect(pacer.takeSlot(nowMs)).toBe(0)
})

test('after a rest a burst leaves at once, then one frame a step', () => {
  const pacer = new FramePacer(100, 3)
  const waits = Array.from({ length: 6 }, () => pacer.takeSlot(50_000))
  expect(waits).toEqual([0, 0, 0, 10, 20, 30])
})

test('over a long time no more leave than the rate allows', () => {
  const pacer = new FramePacer(100, 10)
  let frames = 0
  for (let nowMs = 5_000; nowMs < 15_000; frames++) nowMs += pacer.takeSlot(nowMs)
  expect(frames).toBeLessThanOrEqual(1_000 + 10 + 1)
})

test('a clock that was set back holds nothing up', () => {
  const pacer = new FramePacer(100, 1)
  pacer.takeSlot(1_000_000)
  expect(pacer.takeSlot(500_000)).toBeLessThanOrEqual(10)
})
