import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
const reporter = fileURLToPath(new URL('countReporter.ts', import.meta.url))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-counts-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs real suites of these texts, one file each, and gives what the reporter counted. */
function countsOf(...suites: string[]): unknown {
  for (const [i, text] of suites.entries()) writeFileSync(join(folder, `planted${i}.test.ts`), text)
  const counts = join(folder, 'counts.json')
  spawnSync(process.execPath, [vitest, 'run', '--root', folder, '--globals', `--reporter=${reporter}`], {
    env: { ...process.env, JIAOZI_COUNTS_FILE: counts },
  })
  return JSON.parse(readFileSync(counts, 'utf8'))
}

test('tests are counted by how they ended, over all files', () => {
  const mixed = `
    test('holds', () => {})
    test('breaks', () => { expect(1).toBe(2) })
    test.skip('is left out', () => {})
    test('skips itself', (context) => context.skip('no server here'))
    describe('inner', () => { test('holds too', () => {}) })`
  expect(countsOf(mixed, `test('holds', () => {})`)).toEqual({ passed: 3, failed: 1, skipped: 2 })
})

test('a file that does not load is a failed test', () => {
  expect(countsOf(`import './absent.ts'\ntest('never seen', () => {})`)).toEqual({ passed: 0, failed: 1, skipped: 0 })
})

test('a hook that throws is a failed test, beside the tests that it kept from running', () => {
  const hook = `describe('suite', () => {
    beforeAll(() => { throw new Error('no server') })
    test('needs it', () => {})
  })`
  expect(countsOf(hook)).toMatchObject({ passed: 0, failed: 1 })
})

test('an error that nobody caught is a failed test, though every test passed', () => {
  const leak = `test('holds', async () => {
    Promise.reject(new Error('nobody waits for this'))
    await new Promise((resolve) => setTimeout(resolve, 50))
  })`
  expect(countsOf(leak)).toEqual({ passed: 1, failed: 1, skipped: 0 })
})
