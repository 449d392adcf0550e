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
    signers: [],
    wordFiles: [],
    despiteDifferences: false,
  })
  expect(parseOwnersOptions(['takeover', 'all', '--to', 'a'])).toMatchObject({ shard: undefined, region: 'a' })
})

test('what may lose something needs the word of two', () => {
  const keyFile = join(process.cwd(), 'lin.pem')
  const loss = ['accept-loss', '0', '--to', 'a']
  expect(parseOwnersOptions([...loss, '--operator', '1=lin.pem', '--word', 'wang.json'])).toMatchObject({
    signers: [{ operator: 1, keyFile }],
    wordFiles: [join(process.cwd(), 'wang.json')],
  })
  expect(
    parseOwnersOptions([...loss, '--word', 'lin.json', '--word', 'wang.json', '--despite-differences']),
  ).toMatchObject({
    despiteDifferences: true,
  })
  expect(parseOwnersOptions(['word', 'all', '--to', 'a', '--operator', '1=lin.pem'])).toMatchObject({ action: 'word' })
  expect(parseOwnersOptions(['seed', '--by', 'lin', '--by', 'wang'])).toMatchObject({ operators: ['lin', 'wang'] })
})

describe('one line names what is wrong', () => {
  test.each([
    [[], 'there is no "": show, move, takeover, word, accept-loss or seed'],
    [['give'], 'there is no "give"'],
    [['show', '1'], 'show takes no "1"'],
    [['move', '1', '2', '--to', 'a'], 'move takes no "2"'],
    [['move', '--to', 'a'], 'move needs the number of a shard, or all'],
    [['move', '1'], 'move needs --to a or --to b'],
    [['move', '1', '--to', 'c'], 'move needs --to a or --to b'],
    [['seed'], 'seed needs the word of two operators'],
    [['seed', '--by', 'lin', '--by', 'lin'], 'seed needs the word of two operators'],
    [['move', '0', '--to', 'a', '--despite-differences'], 'move takes no --despite-differences'],
    [['accept-loss', '0', '--to', 'a', '--operator', '1=x'], 'accept-loss needs the word of two operators'],
    [['word', '0', '--to', 'a'], 'word needs one --operator'],
    [['word', '0', '--to', 'a', '--operator', 'lin'], '--operator must be a number and the file of its key'],
    [['show', '--shard', '1'], "Unknown option '--shard'"],
  ])('%j', (args, line) => {
    expect(() => parseOwnersOptions(args)).toThrow(UsageError)
    expect(() => parseOwnersOptions(args)).toThrow(line)
  })
})
