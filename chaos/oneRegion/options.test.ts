import { expect, test } from 'vitest'
import { parseChaosOptions, UsageError } from './options.ts'
import { scenarios } from './scenarios/all.ts'

test('without options all scenarios run, with Postgres away for a minute', () => {
  expect(parseChaosOptions([])).toMatchObject({ chosen: scenarios, seed: 1, outageS: 60 })
})

test('scenarios are chosen by name, in the order given', () => {
  const options = parseChaosOptions(['--scenario', 'two-leaders,kill-edge', '--seed', '7', '--outage', '5'])
  expect(options).toMatchObject({ chosen: [{ name: 'two-leaders' }, { name: 'kill-edge' }], seed: 7, outageS: 5 })
})

test('each has a name of its own, and the list says what it does', () => {
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length)
  const list = parseChaosOptions(['--list'])
  for (const { name, title } of scenarios) expect(list).toMatch(new RegExp(`^ +${name} +${title}$`, 'm'))
})

test.each([
  [['--scenario', 'rain'], 'there is no scenario "rain": --list names them'],
  [['--seed', 'x'], '--seed must be a whole number from 0 to 4294967295, not "x"'],
  [['--outage', '0'], '--outage must be a whole number from 1 to 600, not "0"'],
  [['--wrong'], "Unknown option '--wrong'"],
])('%j is refused in one line', (args, message) => {
  expect(() => parseChaosOptions(args)).toThrow(new UsageError(message))
})
