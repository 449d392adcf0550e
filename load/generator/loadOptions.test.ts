import { expect, test } from 'vitest'
import { parseLoadOptions, UsageError } from './loadOptions.ts'

const reading =
  (...args: string[]) =>
  () =>
    parseLoadOptions(['--profile', 'soak', ...args])

test('a run of a day at a common rate is taken, one of more requests than are held in memory is refused with both', () => {
  expect(reading('--rate', '200', '--duration', '86400')()).toMatchObject({ ratePerSecond: 200, seconds: 86_400 })
  const why = '--rate × --duration is 172800000 requests, above 50000000: run several, one after the other'
  expect(reading('--rate', '2000', '--duration', '86400')).toThrow(new UsageError(why))
})

test.each([
  [['--rate', '0'], '--rate must be a whole number from 1 to 1000000, not "0"'],
  [['--duration', '1.5'], '--duration must be a whole number from 1 to 604800, not "1.5"'],
  [['--wallets', '1'], '--wallets must be a whole number from 2 to 100000, not "1"'],
  [['--profile', 'none'], 'there is no profile "none": one of canonical, hot-wallet'],
  [['--runtime', 'deno'], "Unknown option '--runtime'"],
])('%j is refused with its name', (args, why) => {
  expect(reading(...args)).toThrow(UsageError)
  expect(reading(...args)).toThrow(why)
})
