import { describe, expect, test } from 'vitest'
import type { WitnessStore } from '../host/ownership/witnessStore.ts'
import { decodeJson } from '../log/jsonBytes.ts'
import type { OwnerRecord } from '../log/ownerRecord.ts'
import type { Opener } from '../log/sealing.ts'
import type { Mistakes } from './mistakes.ts'
import { simulate } from './simulate.ts'
import { calm, type Faults, type Scenario } from './swarm.ts'

/** Many tests may share a small machine. */
const timeoutMs = 300_000
const seeds = Array.from({ length: 40 }, (_, n) => n + 1)

/** A scenario in which what the planted bug breaks is needed often; without the bug it must hold. */
function needing(faults: Partial<Faults>): (drawn: Scenario) => Scenario {
  const shape = { shardCount: 2, personCount: 6, thinkMs: 80, chaosMs: 20_000, autoTakeoverMs: 3_000 }
  return (drawn) => ({ ...drawn, ...shape, quietStart: false, faults: { ...calm, ...faults } })
}

/** What the auditor says of the seeds up to the first in which it names the bug. */
async function saidUntil(
  named: RegExp,
  change: (drawn: Scenario) => Scenario,
  mistakes: Partial<Mistakes>,
): Promise<string> {
  const said: string[] = []
  for (const seed of seeds) {
    said.push(...(await simulate(seed, { regions: 2, change, mistakes })).violations)
    if (said.some((violation) => named.test(violation))) break
  }
  return said.join('\n') || 'none: the auditor is blind'
}

async function expectSound(change: (drawn: Scenario) => Scenario): Promise<void> {
  expect((await simulate(seeds[0]!, { regions: 2, change })).violations).toEqual([])
}

const lost = needing({
  links: { ...calm.links, delayMs: 40 },
  region: { lossesPerMinute: 10, serverRestartsPerMinute: 0, awayMs: 9_000 },
})
const restless = needing({
  log: { ...calm.log, stallsPerMinute: 12, stallMs: 2_500 },
  edge: { crashesPerMinute: 0, pausesPerMinute: 20 },
  worker: { ...calm.worker, pausesPerMinute: 4, pauseMs: 1_500 },
  operator: { movesPerMinute: 40, takeoversPerMinute: 0 },
})

describe('the auditor finds what is planted into two regions', () => {
  test(
    'an owner that answers before the other region vouches for it',
    async () => {
      await expectSound(lost)
      const mistakes = { dropped: { 'answer-before-mark': true } } as const
      const named = /what was committed in epoch \d+ is not/
      expect(await saidUntil(named, lost, mistakes)).toMatch(named)
    },
    timeoutMs,
  )

  test(
    'a region that promotes itself without asking the witness',
    async () => {
      const named = /what was committed in epoch \d+ is not|commits, and region [ab] did so before/
      expect(await saidUntil(named, lost, { witness: askingNobody })).toMatch(named)
    },
    timeoutMs,
  )

  test(
    'replicas that take frames of any epoch',
    async () => {
      await expectSound(restless)
      const opener: Mistakes['opener'] = (real, _shard, who, epochHere) =>
        who === 'everybody' ? real : takingAny(real, epochHere)
      const named = /shard \d at \d+: .* has [0-9a-f]+, .* [0-9a-f]+/
      expect(await saidUntil(named, restless, { opener })).toMatch(named)
    },
    timeoutMs,
  )
})

/** Takes every promotion for granted, and from then on its own word for the record. */
function askingNobody(store: WitnessStore): WitnessStore {
  const own = new Map<string, { value: Uint8Array; revision: number }>()
  const ownerIn = (value: Uint8Array): string => (decodeJson(value) as OwnerRecord).owner
  return {
    get: async (key) => own.get(key) ?? (await store.get(key)),
    update: async (key, value, revision) => {
      const before = own.get(key) ?? (await store.get(key).catch(() => undefined))
      const promoted = own.has(key) || (before !== undefined && ownerIn(before.value) !== ownerIn(value))
      if (!promoted) return store.update(key, value, revision)
      own.set(key, { value, revision: revision + 1 })
      return revision + 1
    },
  }
}

/** Opens frames as if they carried the epoch that counts where they lie. */
function takingAny(opener: Opener, epochHere: () => number): Opener {
  const changed = (frame: ReturnType<Opener['open']>) => ({
    ...frame,
    header: { ...frame.header, epoch: epochHere() },
  })
  return { open: (bytes) => changed(opener.open(bytes)), openMaybe: (bytes) => changed(opener.open(bytes)) }
}
