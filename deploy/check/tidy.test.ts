import { describe, expect, test } from 'vitest'
import { hiddenTests, untidiness } from './tidy.ts'

test('a file that is in order is left in peace', () => {
  expect(untidiness('actors/ledger/money.ts', 'export const fen = 1\n')).toEqual([])
})

describe('a file is told', () => {
  test.each([
    ['edge/utils.ts', 'export {}\n', 'edge/utils.ts: the name says nothing of what it holds'],
    ['a.ts', `// TO${'DO'} later\n`, 'a.ts:1: work that is left open belongs into an issue'],
    ['a.md', `${'<'.repeat(7)} HEAD\n`, 'a.md:1: a conflict that nobody resolved'],
    ['a.md', `see /home${'/somebody/'}x\n`, 'a.md:1: a path of one machine'],
    ['a.ts', 'export {}', 'a.ts: no line feed at its end'],
    ['a.ts', '\n'.repeat(450), 'a.ts: 451 lines, at most 450'],
  ])('%s with what is wrong in it', (path, content, finding) => {
    expect(untidiness(path, content)).toEqual([finding])
  })
})

test('a test that is run alone is found, and only in a suite', () => {
  const text = `test('a', () => {})\ntest${'.only'}('b', () => {})\n`
  expect(hiddenTests('a.test.ts', text)).toEqual(['a.test.ts:2: a test that is run alone'])
  expect(hiddenTests('a.ts', text)).toEqual([])
})
