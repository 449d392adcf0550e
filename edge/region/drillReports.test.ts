import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DrillReports } from './drillReports.ts'

let folder: string
let reports: DrillReports
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-reports-'))
  reports = new DrillReports(join(folder, 'drills'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const moved = 'planned-move-2026-11-26T041248'
const good = {
  name: 'drill.planned-move',
  when: '2026-11-26T04:13:20.000Z',
  verdict: 'pass',
  figures: { 'planned-move.rto_ms': 180, 'planned-move.rpo_payments': 0 },
  rows: [
    { what: 'check', drill: 'planned-move', name: 'nothing lost', verdict: 'pass', detail: '9,000 answered' },
    { what: 'money', region: 'a', differenceFen: 0 },
  ],
  notes: ['none'],
}

function write(name: string, report: unknown = good, page = '<!doctype html>'): void {
  mkdirSync(join(folder, 'drills', name), { recursive: true })
  const text = typeof report === 'string' ? report : JSON.stringify(report)
  writeFileSync(join(folder, 'drills', name, 'report.json'), text)
  writeFileSync(join(folder, 'drills', name, 'report.html'), page)
}
const names = async (count = 9) => (await reports.list(count)).map(({ name }) => name)

describe('reports of drills', () => {
  test('are told newest first, as far as somebody asks, each with what it found', async () => {
    write('region-loss-2026-11-25T235959')
    write(moved)
    write('link-cut-2026-11-26T041247')
    expect(await names()).toEqual([moved, 'link-cut-2026-11-26T041247', 'region-loss-2026-11-25T235959'])
    expect(await names(1)).toEqual([moved])
    expect(await reports.one(moved)).toEqual({
      name: moved,
      drill: 'planned-move',
      endedMs: Date.parse(good.when),
      verdict: 'pass',
      figures: { rto_ms: 180, rpo_payments: 0 },
      checks: [{ name: 'nothing lost', verdict: 'pass', detail: '9,000 answered' }],
      notes: ['none'],
    })
    expect(Buffer.from((await reports.page(moved))!).toString()).toBe('<!doctype html>')
  })

  test('are none where there is no folder, or nobody has told of one', async () => {
    expect(await names()).toEqual([])
    expect(await new DrillReports(undefined).list(9)).toEqual([])
    expect(await new DrillReports(undefined).page(moved)).toBeUndefined()
  })

  test('that are written anew, or gone, are read anew', async () => {
    write(moved)
    expect((await reports.one(moved))!.verdict).toBe('pass')
    write(moved, { ...good, verdict: 'unknown' })
    expect((await reports.one(moved))!.verdict).toBe('unknown')
    rmSync(join(folder, 'drills', moved), { recursive: true })
    expect([await names(), await reports.one(moved)]).toEqual([[], undefined])
  })

  test.each([
    ['no JSON', '{'],
    ['no report', { verdict: 'pass' }],
    ['a verdict that is none', { ...good, verdict: 'splendid' }],
    ['a figure that is no number', { ...good, figures: { 'planned-move.rto_ms': '<b>' } }],
    ['more than it may be', `${JSON.stringify(good)}${' '.repeat(4 * 1024 ** 2)}`],
  ])('with %s are left out', async (_, report) => {
    write(moved, report)
    write('link-cut-2026-11-26T041247')
    expect(await names()).toEqual(['link-cut-2026-11-26T041247'])
  })

  test('lead nowhere else', async () => {
    write(moved)
    write('secret', good, 'secret')
    writeFileSync(join(folder, 'report.html'), 'secret')
    symlinkSync(join(folder, 'drills', 'secret'), join(folder, 'drills', 'link-cut-2026-11-26T041247'))
    mkdirSync(join(folder, 'drills', 'link-cut-2026-11-26T041248'))
    for (const file of ['report.html', 'report.json']) {
      symlinkSync(join(folder, 'drills', 'secret', file), join(folder, 'drills', 'link-cut-2026-11-26T041248', file))
    }
    const elsewhere = [
      '..',
      '.',
      '',
      'secret',
      '../drills/secret',
      `${moved}/../secret`,
      `../drills/${moved}`,
      `${moved}\0`,
    ]
    for (const name of [...elsewhere, 'link-cut-2026-11-26T041247', 'link-cut-2026-11-26T041248']) {
      expect([name, await reports.page(name), await reports.one(name)]).toEqual([name, undefined, undefined])
    }
    expect(await names()).toEqual([moved])
  })
})
