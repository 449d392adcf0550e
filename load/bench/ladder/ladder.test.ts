import { expect, test } from 'vitest'
import { climb } from './ladder.ts'
import type { LadderRow } from './ladderRow.ts'
import type { Rung, RungOptions } from './rung.ts'

const row = (name: string, perSecond: number): LadderRow => ({
  name,
  what: 'a row',
  perSecond: { median: perSecond, min: perSecond, max: perSecond },
  repeats: 1,
  on: [],
})
const options: RungOptions = { seconds: 1, repeats: 1, quick: false, runtime: 'node' }
const silent = (): void => undefined

test('rungs are climbed in their order, and rows, figures, notes and versions of all are in one report', async () => {
  const order: string[] = []
  const rung = (name: string, slow: boolean): Rung => ({
    name,
    ...(slow ? { slow: true } : {}),
    run: async () => {
      order.push(name)
      return {
        rows: [row(`${name}.row`, 5)],
        figures: { [`${name}.more`]: 7 },
        notes: [name],
        versions: { [name]: '1' },
      }
    },
  })
  const rungs = [rung('low', false), rung('long', true), rung('high', false)]
  const { report, lines } = await climb('bench.test', rungs, options, silent)
  expect(order).toEqual(['low', 'long', 'high'])
  expect(report).toMatchObject({ name: 'bench.test', verdict: 'pass', versions: { low: '1', high: '1' } })
  expect(report.figures).toEqual({
    'low.row.per_second': 5,
    'low.more': 7,
    'long.row.per_second': 5,
    'long.more': 7,
    'high.row.per_second': 5,
    'high.more': 7,
  })
  expect(report.rows.map(({ name }) => name)).toEqual(['low.row', 'long.row', 'high.row'])
  expect(report.machine.fsyncP50Us).toBeGreaterThan(0)
  expect(lines.join('\n')).toMatch(/low\.row[\s\S]*high\.more +7[\s\S]*fsync of 4 KiB p50 \d+ µs/)

  order.length = 0
  await climb('bench.test', rungs, { ...options, quick: true }, silent)
  expect(order).toEqual(['low', 'high'])
})

test('what judges the figures gives the verdict and may add figures of its own', async () => {
  const rung: Rung = { name: 'only', run: async () => ({ rows: [row('only', 5)], notes: [] }) }
  const { report, lines } = await climb('bench.test', [rung], options, silent, (figures) => ({
    verdict: figures['only.per_second'] === 5 ? 'fail' : 'pass',
    figures: { 'ratio.x': 2 },
    lines: ['x is twice y'],
  }))
  expect(report.verdict).toBe('fail')
  expect(report.figures['ratio.x']).toBe(2)
  expect(lines).toContain('x is twice y')
})

test('what a rung lacks is told before the first is climbed', async () => {
  const climbed: string[] = []
  const rung = (name: string, more: Partial<Rung>): Rung => ({
    name,
    run: async () => {
      climbed.push(name)
      return { rows: [], notes: [] }
    },
    ...more,
  })
  const lacking = rung('high', {
    require() {
      throw new Error('the peer is not there')
    },
  })
  await expect(climb('bench.test', [rung('low', {}), lacking], options, silent)).rejects.toThrow(
    'the peer is not there',
  )
  expect(climbed).toEqual([])
})

test('a rung that fails ends the climb with its own error: half a ladder is no ladder', async () => {
  const rung: Rung = { name: 'broken', run: () => Promise.reject(new Error('the region did not start')) }
  await expect(climb('bench.test', [rung], options, silent)).rejects.toThrow('the region did not start')
})
