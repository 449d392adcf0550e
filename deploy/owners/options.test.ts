import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseOwnersOptions, UsageError } from './options.ts'

test('a shard, or all, goes to the region that is named', () => {
  const data = join(process.cwd(), '.data')
  expect(parseOwnersOptions(['move', '3', '--to', 'b'])).toEqual({
    data,
    action: 'move',
    shard: 3,
    region: 'b',
    operators: [],
  })
  expect(parseOwnersOptions(['takeover', 'all', '--to', 'a'])).toMatchObject({ shard: undefined, region: 'a' })
})

test('what may lose something needs the word of two', () => {
  const two = ['--operator', 'lin', '--operator', 'wang']
  expect(parseOwnersOptions(['accept-loss', '0', '--to', 'a', ...two])).toMatchObject({ operators: ['lin', 'wang'] })
  expect(parseOwnersOptions(['seed', ...two])).toMatchObject({ action: 'seed' })
})

describe('one line names what is wrong', () => {
  test.each([
    [[], 'there is no "": show, move, takeover, accept-loss or seed'],
    [['give'], 'there is no "give"'],
    [['show', '1'], 'show takes no "1"'],
    [['move', '1', '2', '--to', 'a'], 'move takes no "2"'],
    [['move', '--to', 'a'], 'move needs the number of a shard, or all'],
    [['move', '1'], 'move needs --to a or --to b'],
    [['move', '1', '--to', 'c'], 'move needs --to a or --to b'],
    [['seed'], 'seed needs the word of two operators'],
    [['seed', '--operator', 'lin', '--operator', 'lin'], 'seed needs the word of two operators'],
    [['accept-loss', '0', '--to', 'a', '--operator', 'lin'], 'accept-loss needs the word of two operators'],
    [['show', '--shard', '1'], "Unknown option '--shard'"],
  ])('%j', (args, line) => {
    expect(() => parseOwnersOptions(args)).toThrow(UsageError)
    expect(() => parseOwnersOptions(args)).toThrow(line)
  })
})
