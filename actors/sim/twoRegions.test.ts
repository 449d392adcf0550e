import { describe, expect, test } from 'vitest'
import { simulate } from './simulate.ts'

/** `npm run sim -- --regions 2` runs as many more as one likes. */
const seeds = [2, 9, 11, 14, 16]
/** Many tests may share a small machine. */
const timeoutMs = 300_000

describe('two simulated regions', () => {
  test(
    'without faults end with every request answered, in both the same, and no shard has moved',
    async () => {
      const { violations, counts } = await simulate(2, { regions: 2, calm: true })
      expect(violations).toEqual([])
      for (const kind of ['payment.done', 'batch.done', 'recharge.settled', 'redemption.paid']) {
        expect(counts.get(`answered.${kind}`)).toBeGreaterThan(0)
      }
      expect(counts.get('record.solo')).toBeUndefined()
    },
    timeoutMs,
  )

  test(
    'hold whatever befalls them: lost regions, broken links, a deaf witness, wrong clocks, hasty operators',
    async () => {
      const happened = new Map<string, number>()
      for (const seed of seeds) {
        const { violations, counts } = await simulate(seed, { regions: 2 })
        expect(violations, `seed ${seed}`).toEqual([])
        for (const [kind, times] of counts) happened.set(kind, (happened.get(kind) ?? 0) + times)
      }
      for (const kind of [
        'fault.regionLoss',
        'fault.serverRestart',
        'fault.link',
        'fault.linkOneWay',
        'fault.witnessCut',
        'fault.serverClock',
        'operator.move.done',
        'record.solo',
        'witness.answerLost',
        'witness.late',
        'log.late',
      ]) {
        expect(happened.get(kind), kind).toBeGreaterThan(0)
      }
    },
    timeoutMs,
  )

  test(
    'are the same event by event when their seed is run again',
    async () => {
      const tellOf = async (): Promise<string[]> => {
        const lines: string[] = []
        await simulate(3, { regions: 2, print: (line) => lines.push(line) })
        return lines
      }
      expect(await tellOf()).toEqual(await tellOf())
    },
    timeoutMs,
  )
})
