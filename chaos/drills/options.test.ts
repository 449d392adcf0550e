import { expect, test } from 'vitest'
import { parseDrillOptions, UsageError } from './options.ts'
import { drills } from './plans/all.ts'

test('a drill is run by its name, at 300 payments a second, and strikes nobody else’s installation unasked', () => {
  const options = parseDrillOptions(['run', drills[0]!.name])
  expect(options).toMatchObject({ task: 'run', chosen: [drills[0]], yes: false, quick: false, perSecond: 300 })
})

test('each has a name of its own', () => {
  expect(new Set(drills.map(({ name }) => name)).size).toBe(drills.length)
  expect(parseDrillOptions(['all', '--quick', '--json', 'out.json'])).toMatchObject({ chosen: drills, quick: true })
})

test.each([
  [[], 'list, run or all, not ""'],
  [['run'], 'run takes the name of one drill: list names them'],
  [['run', 'rain'], 'there is no drill "rain": list names them'],
  [['list', 'x'], 'list takes no name'],
  [['all', '--rate', '0'], '--rate must be a whole number from 1 to 10000, not "0"'],
  [['all', '--wrong'], "Unknown option '--wrong'"],
])('%j is refused in one line', (args, message) => {
  expect(() => parseDrillOptions(args)).toThrow(new UsageError(message))
})
