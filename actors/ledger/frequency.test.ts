import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Columns } from './columns.ts'
import { amountRingSchema, countPayment, fenIn, paymentsIn } from './frequency.ts'
import { riskWindowsMs } from './riskRules.ts'

const startMs = 1_772_413_200_000
const payments = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.nat(3_000), fc.nat(90_000), fc.nat(4_000_000), fc.constantFrom(0, 1_429, 10_000, 60_000)),
    fen: fc.integer({ min: 1, max: 1_000_000 }),
    row: fc.nat(1),
  }),
  { maxLength: 80, size: 'max' },
)

describe('payments counted in rings of buckets', () => {
  test('cover every window whole, and never more than eight sevenths of it', () => {
    fc.assert(
      fc.property(payments, (program) => {
        const table = new Columns('rings', amountRingSchema, 2)
        const paid: { atMs: number; fen: number; row: number }[] = []
        let nowMs = startMs
        for (const { afterMs, fen, row } of program) {
          nowMs += afterMs
          for (const [window, lengthMs] of riskWindowsMs.entries()) {
            const within = (ms: number) => paid.filter((one) => one.row === row && one.atMs > nowMs - ms)
            const sum = (some: readonly { fen: number }[]) => some.reduce((all, one) => all + one.fen, 0)
            const longMs = 8 * Math.ceil(lengthMs / 7)
            const count = paymentsIn(table.at, row, window, nowMs)
            expect(count).toBeGreaterThanOrEqual(within(lengthMs).length)
            expect(count).toBeLessThanOrEqual(within(longMs).length)
            expect(fenIn(table.at, row, window, nowMs)).toBeGreaterThanOrEqual(sum(within(lengthMs)))
            expect(fenIn(table.at, row, window, nowMs)).toBeLessThanOrEqual(sum(within(longMs)))
          }
          countPayment(table.at, row, nowMs, 1, fen)
          paid.push({ atMs: nowMs, fen, row })
        }
      }),
      { numRuns: 300 },
    )
  })

  test('are as if they had not been when they are taken back in their frame', () => {
    const table = new Columns('rings', amountRingSchema, 1)
    countPayment(table.at, 0, startMs, 1, 500)
    countPayment(table.at, 0, startMs, 1, 700)
    countPayment(table.at, 0, startMs, -1, 700)
    expect([paymentsIn(table.at, 0, 2, startMs), fenIn(table.at, 0, 2, startMs)]).toEqual([1, 500])
  })
})
