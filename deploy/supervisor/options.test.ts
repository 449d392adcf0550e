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
    regions: 1,
    secondPort: 8444,
    autoTakeoverMs: 10_000,
    link: 'proxied',
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
    regions: 1,
    secondPort: 9444,
    autoTakeoverMs: 10_000,
    link: 'proxied',
    snapshotSeconds: 5,
  })
})

test('two regions have an edge each, and take over by themselves unless they are told not to', () => {
  const two = parseStartOptions(['--regions', '2', '--port', '9000'])
  expect(two).toMatchObject({ regions: 2, port: 9000, secondPort: 9001, autoTakeoverMs: 10_000 })
  const told = parseStartOptions(['--regions', '2', '--second-port', '9500', '--auto-takeover', 'off'])
  expect(told).toMatchObject({ secondPort: 9500, autoTakeoverMs: 0 })
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
    [['--regions', '3'], '--regions must be a whole number from 1 to 2, not "3"'],
    [['--regions', '2', '--region', 'b'], '--region is for one region; two are a and b'],
    [['--regions', '2', '--port', '65535'], '--second-port must be a whole number from 1 to 65535, not "65536"'],
    [['--link', 'none'], '--link must be proxied or direct, not "none"'],
    [['--auto-takeover', '0'], '--auto-takeover must be a whole number from 1 to 3600, not "0"'],
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
