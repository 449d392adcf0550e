import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { natsMissing } from '../../actors/log/restartableNats.ts'
import { runScenario } from './runScenario.ts'
import { scenarios } from './scenarios/all.ts'
import { Stage } from './stage.ts'

const missing = await natsMissing()

/** They take a quarter of this on an idle machine; the region's own bounds are what fails a scenario. */
const timeoutMs = 180_000

/** A few that are quick and strike different parts; `npm run chaos` runs them all. */
const quick = ['kill-workers', 'far-drop-after-execution', 'two-leaders']

describe.skipIf(missing !== undefined)(`a region under load${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await Stage.open()
  }, timeoutMs)
  afterAll(async () => {
    expect(await stage?.close()).toEqual([])
  }, timeoutMs)

  test.each(scenarios.filter(({ name }) => quick.includes(name)))(
    'stands $name: $title',
    { timeout: timeoutMs },
    async (scenario) => {
      const { verdict, notes, counts } = await runScenario(stage, scenario, { seed: 1, outageS: 5 })
      expect({ verdict, notes }).toEqual({ verdict: 'pass', notes: [] })
      expect(counts.ok).toBeGreaterThan(0)
    },
  )

  test('has every quick scenario', () => {
    expect(scenarios.filter(({ name }) => quick.includes(name))).toHaveLength(quick.length)
  })
})
