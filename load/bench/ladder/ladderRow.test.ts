import { createHistogram } from 'node:perf_hooks'
import { expect, test } from 'vitest'
import { figuresOfRow, type LadderRow, latencyOf } from './ladderRow.ts'
import { ladderTable } from './ladderTable.ts'

const bare: LadderRow = {
  name: 'l9.bare',
  what: 'nothing but a rate',
  perSecond: { median: 1_234.6, min: 1_234.6, max: 1_234.6 },
  repeats: 1,
  on: ['fsync'],
}

const full: LadderRow = {
  ...bare,
  name: 'l9.full',
  perSecond: { median: 1_000, min: 900, max: 1_100 },
  repeats: 3,
  latencyMs: { p50: 1.25, p99: 12.5, p999: 250.4, max: 1_250 },
  bytesWrittenPerPayment: 512.4,
  cpuSecondsPerMillion: { server: 20.5, generator: 4.25 },
  memoryBytes: 64 * 1_048_576,
}

test('what was not measured has no figure', () => {
  expect(figuresOfRow(bare)).toEqual({ 'l9.bare.per_second': 1_235 })
})

test('every figure of a row carries its name and its unit', () => {
  expect(figuresOfRow(full)).toEqual({
    'l9.full.per_second': 1_000,
    'l9.full.per_second_min': 900,
    'l9.full.per_second_max': 1_100,
    'l9.full.p50_ms': 1.25,
    'l9.full.p99_ms': 12.5,
    'l9.full.p999_ms': 250.4,
    'l9.full.max_ms': 1_250,
    'l9.full.bytes_written_per_payment': 512,
    'l9.full.cpu_seconds_per_million': 24.75,
    'l9.full.cpu_seconds_per_million.server': 20.5,
    'l9.full.cpu_seconds_per_million.generator': 4.25,
    'l9.full.memory_bytes': 67_108_864,
  })
})

test('a table has a line a row, dashes for what is absent, and shows what the load itself cost', () => {
  const [head, first, second] = ladderTable([bare, full])
  expect(head).toMatch(
    /^row +what +payments\/s +spread +p50 ms +p99 +p99.9 +max +B\/payment +CPU s\/M +of it load +MiB +on$/,
  )
  expect(first).toMatch(/^l9.bare +nothing but a rate +1,235( +-){9} +fsync$/)
  expect(second).toMatch(/1,000 +±10% of 3 +1.25 +12.5 +250 +1,250 +512 +24.75 +4.25 +64 +fsync$/)
})

test('percentiles are read from microseconds', () => {
  const histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 })
  for (let n = 1; n <= 1_000; n++) histogram.record(n * 1_000)
  const { p50, p99, p999, max } = latencyOf(histogram)
  for (const [value, ideal] of [
    [p50, 500],
    [p99, 990],
    [p999, 999],
    [max, 1_000],
  ] as const) {
    expect(Math.abs(value! - ideal)).toBeLessThan(ideal / 100)
  }
})
