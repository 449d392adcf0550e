import { createHistogram } from 'node:perf_hooks'
import { expect, test } from 'vitest'
import type { OpenLoopResult } from '../../generator/openLoop.ts'
import { warmUpMs } from '../../profiles/profiles.ts'
import type { RegionCpu } from '../regionCpu.ts'
import { openLoopRunOf } from './openLoopRow.ts'

const ratePerSecond = 100
const measuredSeconds = 4
/** Due all through the warm-up, and then for four seconds. */
const dueMs = Float64Array.from({ length: (warmUpMs / 1_000 + measuredSeconds) * ratePerSecond }, (_, n) => n * 10)
const cpuOf = (seconds: number): RegionCpu => ({
  ...{ edge: seconds, worker: seconds, nats: 0, archiver: 0, projector: 0, webhooks: 0, postgres: 0, generator: 0 },
})
const readings = { cpu: [cpuOf(10), cpuOf(10.9)], bytesWritten: [7_000, 907_000], memoryBytes: 5 } as const

function result(change: Partial<OpenLoopResult>): OpenLoopResult {
  const payments = createHistogram({ lowest: 1, highest: 600_000_000, figures: 3 })
  for (const ms of dueMs) if (ms >= warmUpMs) payments.record(20_000)
  return {
    due: dueMs.length,
    dropped: 0,
    right: dueMs.length,
    wrong: new Map(),
    asks: 0,
    payments,
    reads: payments,
    lateness: payments,
    // The last second goes by until what was due late in the run is answered.
    seconds: warmUpMs / 1_000 + measuredSeconds + 1,
    cpuSeconds: 1,
    ...change,
  }
}

test('payments a second are those due after the warm-up, over the time after it', () => {
  expect(openLoopRunOf(result({}), dueMs, readings).perSecond).toBe((measuredSeconds * ratePerSecond) / 5)
})

test('processor and disk of a payment are of the metered part alone, which begins half a second before it', () => {
  const { cpuUs, bytesWrittenPerPayment } = openLoopRunOf(result({}), dueMs, readings)
  expect(cpuUs.edge).toBe(900_000 / 450)
  expect(bytesWrittenPerPayment).toBe(900_000 / 450)
})

test('one payment that was not completed leaves no row, and what became of it is said', () => {
  const wrong = new Map([['pay: status 422', 1]])
  const one = result({ right: dueMs.length - 3, dropped: 2, wrong })
  expect(() => openLoopRunOf(one, dueMs, readings)).toThrow(
    '3 of 700 payments did not complete: 2 not sent; pay: status 422, 1 times',
  )
})
