import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { newIncarnation } from './incarnation.ts'

describe('incarnation', () => {
  test.prop([fc.nat(Date.UTC(2090, 0, 1))])('is an exact integer whatever the clock says', (nowMs) => {
    const incarnation = newIncarnation(nowMs)
    expect(Number.isSafeInteger(incarnation)).toBe(true)
    expect(incarnation).toBeGreaterThanOrEqual(0)
  })

  test('is larger for a process that starts a second later', () => {
    const nowMs = Date.UTC(2026, 10, 24)
    const ones = () => new Uint8Array(3).fill(255)
    const zeros = () => new Uint8Array(3)
    expect(newIncarnation(nowMs + 1_000, zeros)).toBeGreaterThan(newIncarnation(nowMs, ones))
  })

  test('differs between processes that start in the same second', () => {
    const nowMs = Date.UTC(2026, 10, 24)
    const made = new Set(Array.from({ length: 50 }, () => newIncarnation(nowMs)))
    expect(made.size).toBeGreaterThan(45)
  })
})
