import { describe, expect, test } from 'vitest'
import { type Mistake, mistakes } from './mistakes.ts'
import { type Search, search } from './modelChecker.fixture.ts'

const one = { a: 1, b: 1 }
const twoOwners = { a: 2, b: 1 }
const twoStandbys = { a: 1, b: 2 }

/** Every order of what these bounds allow. `JIAOZI_MODEL=large` goes through the second of each, for minutes. */
const searches: readonly { name: string; quick: Search; large: Search }[] = [
  {
    name: 'frames, marks, solo, moves and takeovers, late frames of dead epochs',
    quick: { processes: one, budget: { frames: 3 } },
    large: { processes: one, budget: { frames: 3, late: 1 } },
  },
  {
    name: 'answers that are lost, requests that land late',
    quick: { processes: one, budget: { frames: 1, timeouts: 1 } },
    large: { processes: one, budget: { frames: 3, timeouts: 1 } },
  },
  {
    name: 'processes that die and start anew, their requests still under way',
    quick: { processes: one, budget: { frames: 1, crashes: 1, epochMax: 1 } },
    large: { processes: one, budget: { frames: 2, late: 1, crashes: 1 } },
  },
  {
    name: 'death and lost answers together',
    quick: { processes: one, budget: { frames: 1, crashes: 1, timeouts: 1, epochMax: 1 } },
    large: { processes: one, budget: { frames: 2, crashes: 1, timeouts: 1 } },
  },
  {
    name: 'solo leases that run out, and a loss that is accepted',
    quick: { processes: one, budget: { frames: 2, soloLapses: 1, losses: 1, epochMax: 1 } },
    large: { processes: one, budget: { frames: 3, soloLapses: 1, losses: 1 } },
  },
  {
    name: 'two processes of the owner, one of which stands still',
    quick: { processes: twoOwners, budget: { frames: 1, lapses: 1, epochMax: 1 }, statesMax: 25_000 },
    large: { processes: twoOwners, budget: { frames: 2, lapses: 1 } },
  },
  {
    name: 'two processes of the standby, one of which stands still',
    quick: { processes: twoStandbys, budget: { frames: 1, lapses: 1, epochMax: 1 }, statesMax: 25_000 },
    large: { processes: twoStandbys, budget: { frames: 2, lapses: 1 } },
  },
]

const large = process.env.JIAOZI_MODEL === 'large'
const largeTimeoutMs = 3_600_000

describe('whatever comes in whatever order, no answered frame is lost', () => {
  for (const { name, ...bounds } of searches) {
    test(name, { timeout: large ? largeTimeoutMs : 120_000 }, () => {
      const bound = large ? bounds.large : bounds.quick
      const { states, depth, exhausted, epochMax, answeredMax, violation, trace } = search(bound)
      console.log(`${name}: ${states} states, ${depth} steps deep${exhausted ? '' : ', not exhausted'}`)
      expect({ violation, trace }).toEqual({ violation: undefined, trace: [] })
      expect({ epochMax, answeredMax }).toEqual({
        epochMax: bound.budget.epochMax ?? 2,
        answeredMax: bound.budget.frames,
      })
    })
  }
})

/** The smallest scene in which each dropped rule shows. */
const scenes: Readonly<Record<Mistake, Search>> = {
  'answer-before-mark': { processes: one, budget: { frames: 1 } },
  'take-from-solo': { processes: one, budget: { frames: 1 } },
  'mark-while-deciding': { processes: one, budget: { frames: 1 } },
  'cut-before-draining': { processes: one, budget: { frames: 1, crashes: 1, epochMax: 1 } },
  'sync-too-early': { processes: one, budget: { frames: 1 } },
  'sync-too-early-after-restart': { processes: one, budget: { frames: 1, crashes: 1, epochMax: 1 } },
  'record-before-state': { processes: one, budget: { frames: 1 } },
  'vouch-after-waking': { processes: twoStandbys, budget: { frames: 1, lapses: 1, epochMax: 1 } },
  'commit-after-waking': { processes: twoOwners, budget: { frames: 1, lapses: 1, epochMax: 1 } },
  'epoch-unchecked': { processes: one, budget: { frames: 1, late: 1 } },
  'promote-without-witness': { processes: one, budget: { frames: 1 } },
  'restart-without-claim': { processes: one, budget: { frames: 1, crashes: 1, epochMax: 1 } },
  'read-settles-lost-answer': { processes: one, budget: { frames: 1, timeouts: 1, epochMax: 1 } },
  'move-without-pause': { processes: one, budget: { frames: 1 } },
  'accept-loss-at-once': { processes: one, budget: { frames: 2, losses: 1, epochMax: 1 } },
}

describe('a rule that is dropped costs an answered frame', () => {
  test.each(mistakes)('%s', { timeout: 120_000 }, (mistake) => {
    const { states, violation, trace } = search({
      ...scenes[mistake],
      dropped: { [mistake]: true },
      statesMax: 300_000,
    })
    console.log(`${mistake}: ${violation} after ${trace.length} steps (${states} states)\n  ${trace.join('\n  ')}`)
    expect(violation).toMatch(/is answered and (cut off|not in the log)/)
  })
})
