import { describe, expect, test } from 'vitest'
import { benches } from './benches.ts'
import { UsageError } from './benchOptions.ts'

const settingsOf = (name: string, ...args: string[]) => benches.get(name)!.read(args)!.settings
const reading =
  (name: string, ...args: string[]) =>
  () =>
    settingsOf(name, ...args)

describe('the settings that a report holds', () => {
  test('are all that its bench takes and nothing else, given or not', () => {
    expect(settingsOf('soak')).toEqual({ payments: 20_000_000, repeats: 3 })
    expect(settingsOf('recovery', '--wallets', '5000')).toEqual({ wallets: 5_000, payments: 1_000_000 })
    expect(settingsOf('catch-up', '--rate', '50')).toEqual({ seconds: 120, rate: 50 })
    expect(settingsOf('callbacks', '--fail-percent', '0', '--down-seconds', '5')).toEqual({
      orders: 10_000,
      failPercent: 0,
      downSeconds: 5,
      data: '',
    })
    expect(settingsOf('http', '--concurrency', '1,64', '--data', '.data')).toEqual({
      seconds: 15,
      concurrency: [1, 64],
      data: '.data',
    })
    expect(settingsOf('postgres')).toEqual({ seconds: 15, repeats: 3, quick: false })
    expect(settingsOf('costs')).toEqual({})
  })

  test('of a quick look are the quick ones, where none were given', () => {
    expect(settingsOf('ladder', '--quick', '--runtime', 'deno')).toEqual({
      seconds: 4,
      repeats: 1,
      quick: true,
      runtime: 'deno',
    })
    expect(settingsOf('ladder', '--quick', '--seconds', '5')).toMatchObject({ seconds: 5, repeats: 1 })
  })
})

describe('what is typed wrong is refused with its name', () => {
  test.each([
    ['soak', ['--runtime', 'deno'], "Unknown option '--runtime': soak takes --payments, --repeats, --json, --help"],
    ['costs', ['--seconds', '4'], "Unknown option '--seconds': costs takes --json, --help"],
    ['postgres', ['--runtime', 'deno'], /Unknown option '--runtime': postgres takes/],
    ['http', ['--wallets', '5'], /Unknown option '--wallets'/],
    ['soak', ['5'], /^Unexpected argument '5'/],
    ['soak', ['--payments'], /'--payments <value>' argument missing/],
  ])('%s %j', (name, args, why) => {
    expect(reading(name, ...args)).toThrow(UsageError)
    expect(reading(name, ...args)).toThrow(why)
  })

  test.each([
    ['recovery', ['--wallets', 'abc'], '--wallets takes a whole number, 1 or more, not "abc"'],
    ['recovery', ['--wallets', '0'], '--wallets takes a whole number, 1 or more, not "0"'],
    ['recovery', ['--wallets', '1e6'], '--wallets takes a whole number, 1 or more, not "1e6"'],
    ['soak', ['--payments', '999999'], '--payments takes a whole number, 1000000 or more, not "999999"'],
    ['callbacks', ['--fail-percent', '100'], '--fail-percent takes a whole number, 0 to 99, not "100"'],
    ['region', ['--runtime', 'rubbish'], '--runtime takes node or deno, not "rubbish"'],
    ['http', ['--concurrency', '1,x'], '--concurrency takes whole numbers above 0, such as 1,64, not "1,x"'],
    ['http', ['--data='], '--data takes a folder, not ""'],
  ])('%s %j', (name, args, why) => {
    expect(reading(name, ...args)).toThrow(new UsageError(why))
  })
})

test('help is no settings', () => {
  expect(benches.get('soak')!.read(['--help'])).toBeUndefined()
})
