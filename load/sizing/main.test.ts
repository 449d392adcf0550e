import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { costsFile, readCosts } from './costs.ts'

const timeoutMs = 120_000
const committed = readFileSync(costsFile, 'utf8')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-size-test-'))
})
afterEach(() => {
  if (readFileSync(costsFile, 'utf8') !== committed) writeFileSync(costsFile, committed)
  rmSync(folder, { recursive: true })
})

function size(...args: string[]): Promise<{ code: number; said: string }> {
  const program = [
    '--disable-warning=ExperimentalWarning',
    join(import.meta.dirname, 'main.ts'),
    '--tps',
    '2000',
    ...args,
  ]
  return new Promise((done) => {
    execFile(process.execPath, program, { timeout: timeoutMs }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), said: stdout + stderr })
    })
  })
}

/** A report as a bench writes it, of these figures alone. */
function reportOf(figures: Readonly<Record<string, number>>): string {
  const file = join(folder, 'report.json')
  const machine = { cores: 2, memoryBytes: 1, fsyncP50Us: 200, fsyncP99Us: 600 }
  const [name, commit, when] = ['bench.ladder', 'abc', '2026-03-01T00:00:00Z']
  writeFileSync(file, JSON.stringify({ name, commit, when, machine, versions: {}, settings: {}, figures }))
  return file
}

const without = (...names: string[]): Record<string, number> =>
  Object.fromEntries(Object.entries(readCosts().figures).filter(([name]) => !names.includes(name)))

test.each([
  ['what a size needs', 'l3.c256.cpu_seconds_per_million.edge'],
  ['what a check needs', 'l1.b1024.c4.per_second'],
])('a report that lacks %s does not take the place of the costs', { timeout: timeoutMs }, async (_, name) => {
  const { code, said } = await size('--costs-from', reportOf(without(name)))
  expect(said).toContain(`the costs hold no ${name}`)
  expect(code).toBe(1)
  expect(readFileSync(costsFile, 'utf8')).toBe(committed)
})

test('what is typed wrong beside new costs leaves the old ones', { timeout: timeoutMs }, async () => {
  expect((await size('--costs-from', reportOf(without('l0.batch.cores_left')), '--batched', '101')).code).toBe(2)
  expect(readFileSync(costsFile, 'utf8')).toBe(committed)
})

test.each(['--check', '--costs-from'])(
  '%s of what is no report ends with 2 and its name',
  { timeout: timeoutMs },
  async (option) => {
    const missing = join(folder, 'nothing.json')
    expect(await size(option, missing)).toEqual({ code: 2, said: `size: ${missing} cannot be read (ENOENT)\n` })
    for (const text of ['no JSON', 'null', '{"figures":{}}']) {
      writeFileSync(missing, text)
      expect(await size(option, missing)).toEqual({
        code: 2,
        said: `size: ${missing} is not a report of npm run bench\n`,
      })
    }
  },
)

test('the report holds how the cost grows with the shards, as the table does', { timeout: timeoutMs }, async () => {
  const file = join(folder, 'size.json')
  expect((await size('--json', file)).code).toBe(0)
  const { rows } = JSON.parse(readFileSync(file, 'utf8')) as { rows: Record<string, unknown>[] }
  expect(rows.flatMap(({ shards }) => (shards === undefined ? [] : [shards]))).toEqual([16, 64, 256, 1_000])
  expect(rows.find(({ shards }) => shards === 1_000)).toMatchObject({
    workerAndLogCores: expect.any(Number),
    keepsUp: expect.any(Boolean),
    framesPerPayment: expect.any(Number),
    p99Ms: expect.any(Number),
  })
})
