import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { profiles } from '../profiles/profiles.ts'
import { UsageError } from './loadOptions.ts'
import { runningRegions } from './runningRegions.ts'

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'jiaozi-running-regions-'))
})
afterEach(() => rmSync(data, { recursive: true, force: true }))

/** What a region writes once it is ready, with a process of it that is there. */
function region(letter: string, folder: string, more: object = {}, pid = process.pid): void {
  mkdirSync(join(folder, 'run'), { recursive: true })
  writeFileSync(join(folder, 'run/region.json'), JSON.stringify({ region: letter, ...more, pids: { edge: pid } }))
}

function pair(...running: ('a' | 'b')[]): void {
  const installation = { regions: { a: join(data, 'a'), b: join(data, 'b') } }
  for (const letter of running) region(letter, join(data, letter), { installation })
}

const found = (name: keyof typeof profiles, folder = data) =>
  runningRegions(folder, profiles[name])?.map((facts) => facts.region)

test('one region serves the profiles for one', () => {
  region('a', data)
  expect(found('canonical')).toEqual(['a'])
  expect(() => found('cross-region')).toThrow(UsageError)
  expect(() => found('cross-region')).toThrow('cross-region needs two: npm start -- --regions 2')
})

test('two regions serve the profile between them, and each by itself those for one', () => {
  pair('a', 'b')
  expect(found('cross-region')).toEqual(['a', 'b'])
  expect(found('canonical', join(data, 'b'))).toEqual(['b'])
  expect(() => found('canonical')).toThrow(`name one of them, --data ${join(data, 'a')}`)
  expect(() => found('cross-region', join(data, 'a'))).toThrow(`--data ${data}`)
})

test('of two regions both must run', () => {
  pair('a')
  expect(() => found('cross-region')).toThrow(`region b of ${data} does not run`)
})

test('what a region that was killed left behind is no region', () => {
  expect(found('canonical', dirname(join(data, 'none')))).toBeUndefined()
  // Process numbers end well below.
  region('a', data, {}, 2 ** 30)
  expect(found('canonical')).toBeUndefined()
})
