import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseStartOptions, UsageError } from './options.ts'

test('nothing typed means four shards on two workers under Node, in the folder .data', () => {
  expect(parseStartOptions([])).toEqual({
    shards: 4,
    workers: 2,
    runtime: 'node',
    port: 8443,
    data: join(process.cwd(), '.data'),
    region: 'a',
    snapshotSeconds: 60,
  })
})

test('what is typed counts, in either form', () => {
  const args = ['--shards=8', '--workers', '8', '--runtime', 'deno', '--port', '9443', '--data', '/d', '--region', 'b']
  expect(parseStartOptions([...args, '--snapshot-seconds', '5'])).toEqual({
    shards: 8,
    workers: 8,
    runtime: 'deno',
    port: 9443,
    data: '/d',
    region: 'b',
    snapshotSeconds: 5,
  })
})

test('help is no set of options', () => {
  expect(parseStartOptions(['--help', '--port', 'any'])).toBeUndefined()
})

describe('one line names what is wrong', () => {
  test.each([
    [['--shard', '4'], "Unknown option '--shard'"],
    [['--shards', '0'], '--shards must be a whole number from 1 to 64, not "0"'],
    [['--shards', '65'], '--shards must be a whole number from 1 to 64, not "65"'],
    [['--shards', '4.5'], '--shards must be a whole number from 1 to 64, not "4.5"'],
    [['--shards', '1e1'], '--shards must be a whole number from 1 to 64, not "1e1"'],
    [['--shards', '2', '--workers', '3'], '--workers must be a whole number from 1 to 2, not "3"'],
    [['--runtime', 'bun'], '--runtime must be node or deno, not "bun"'],
    [['--port', '70000'], '--port must be a whole number from 1 to 65535, not "70000"'],
    [['--region', 'A1'], '--region must be one lower-case letter'],
    [['--snapshot-seconds', '-1'], "Option '--snapshot-seconds' argument is ambiguous"],
    [['--port'], "Option '--port <value>' argument missing"],
    [['left over'], "Unexpected argument 'left over'"],
  ])('%j', (args, line) => {
    expect(() => parseStartOptions(args)).toThrow(UsageError)
    expect(() => parseStartOptions(args)).toThrow(line)
    try {
      parseStartOptions(args)
    } catch (error) {
      expect((error as Error).message).not.toContain('\n')
    }
  })
})
