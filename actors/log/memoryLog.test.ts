import { describe, expect, test } from 'vitest'
import { type AppendFate, MemoryLog } from './memoryLog.ts'
import { LogGap } from './shardLog.ts'
import { shardLogContract } from './shardLogContract.ts'

shardLogContract('the memory log', {
  async open(bytesMax) {
    const log = new MemoryLog({ bytesMax })
    return {
      log,
      subject: 'cmd.a.0.edge.1',
      damage: async (seq) => log.damage(seq),
      trimTo: async (seq) => log.trimTo(seq),
      close: async () => undefined,
    }
  },
})

describe('faults of the memory log', () => {
  const timeoutMs = 1_000

  test('each fate tells the sender what a network would tell, and stores what a network would store', async () => {
    const fates: AppendFate[] = ['store', 'lose', 'lose-ack', 'refuse', 'store']
    const log = new MemoryLog({ fateOf: () => fates.shift()! })
    const outcomes = []
    for (const byte of [1, 2, 3, 4, 5])
      outcomes.push(await log.append('cmd.a.0.op', Uint8Array.of(byte), { timeoutMs }))
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['appended', 'unknown', 'unknown', 'not-sent', 'appended'])
    expect(log.entries().map((entry) => entry.data[0])).toEqual([1, 3, 5])
  })

  test('a tail that is lost under a follower is found when the numbers come again', async () => {
    const log = new MemoryLog()
    for (const byte of [1, 2, 3]) await log.append('cmd.a.0.op', Uint8Array.of(byte), { timeoutMs })
    const follower = log.follow(1, () => undefined)
    await new Promise((resolve) => setTimeout(resolve))
    log.loseTail(2)
    expect(await follower.failed).toBeInstanceOf(LogGap)
  })

  test('a frame that its sender changes afterwards is stored as it was', async () => {
    const log = new MemoryLog()
    const frame = Uint8Array.of(1)
    await log.append('cmd.a.0.op', frame, { timeoutMs })
    frame[0] = 9
    expect(log.entries()[0]!.data).toEqual(Uint8Array.of(1))
  })

  test('order and time are the caller’s: the same schedule gives the same run', async () => {
    const run = async () => {
      const work: (() => void)[] = []
      let nowMs = 1_000
      const log = new MemoryLog({ defer: (job) => work.push(job), nowMs: () => nowMs++ })
      const seen: string[] = []
      for (const name of ['one', 'other'])
        log.follow(1, ({ seq, stampMs }) => void seen.push(`${name} ${seq} ${stampMs}`))
      const appends = [1, 2, 3].map((byte) => log.append('cmd.a.0.op', Uint8Array.of(byte), { timeoutMs }))
      while (work.length > 0) work.splice(work.length >> 1, 1)[0]!()
      await Promise.all(appends)
      return seen
    }
    expect(await run()).toEqual(await run())
    expect(await run()).toHaveLength(6)
  })
})
