import { describe, expect, test } from 'vitest'
import { shardLogContract } from '../log/shardLogContract.ts'
import { Chronicle } from './chronicle.ts'
import { Prng } from './prng.ts'
import { SimLog } from './simLog.ts'
import { SimClock, SimProcess } from './simProcess.ts'
import { Links, Site } from './site.ts'
import { calm, type Faults } from './swarm.ts'
import { VirtualTime } from './virtualTime.ts'

function simulatedLog(faults: Faults['log'], bytesMax?: number) {
  const time = new VirtualTime()
  const clock = new SimClock(time, 1_000)
  const chronicle = new Chronicle(time)
  const links = new Links(time, new Prng(2))
  const site = new Site('a', time)
  const all = { shard: 0, faults, time, clock, prng: new Prng(1), chronicle, links, site }
  const log = new SimLog(bytesMax === undefined ? all : { ...all, bytesMax })
  const newProcess = (name: string) =>
    new SimProcess(name, time, clock, (error) => {
      throw error
    })
  return { time, log, chronicle, newProcess }
}

shardLogContract('the simulated log', {
  async open(bytesMax) {
    const { time, log, newProcess } = simulatedLog(calm.log, bytesMax)
    const pump = setInterval(() => void time.run(time.nowMs + 20, () => false), 0)
    return {
      log: log.of(newProcess('tester')),
      subject: 'cmd.a.0.edge.1',
      damage: async (seq) => log.memory.damage(seq),
      trimTo: async (seq) => log.memory.trimTo(seq),
      close: async () => clearInterval(pump),
    }
  },
})

describe('a simulated log and its faults', () => {
  const subject = 'cmd.a.0.edge.1'
  const options = { timeoutMs: 100 }
  const appended = async (faults: Partial<Faults['log']>) => {
    const { time, log, newProcess } = simulatedLog({ ...calm.log, ...faults })
    const outcome = log.of(newProcess('edge')).append(subject, Uint8Array.of(1), options)
    await time.run(1_000, () => false)
    return { outcome: (await outcome).kind, stored: log.memory.last }
  }

  test.each([
    ['a lost frame', { lose: 1 }, 'unknown', 0],
    ['a lost word about it', { loseAck: 1 }, 'unknown', 1],
    ['nobody there', { refuse: 1 }, 'not-sent', 0],
    ['a full log', { full: 1 }, 'full', 0],
    ['a frame that the network repeats', { duplicate: 1 }, 'appended', 2],
  ])('%s', async (_what, faults, outcome, stored) => {
    expect(await appended(faults)).toEqual({ outcome, stored })
  })

  test('what arrives while the log stalls is stored afterwards, and its sender does not know', async () => {
    const { time, log, newProcess } = simulatedLog(calm.log)
    log.stall(500)
    const outcome = log.of(newProcess('edge')).append(subject, Uint8Array.of(1), options)
    await time.run(400, () => false)
    expect(log.memory.last).toBe(0)
    await time.run(600, () => false)
    expect(log.memory.last).toBe(1)
    expect(await outcome).toEqual({ kind: 'unknown' })
  })

  test('a killed process hears nothing more, a paused one hears it when it wakes', async () => {
    const { time, log, newProcess } = simulatedLog(calm.log)
    const [dead, frozen] = [newProcess('dead'), newProcess('frozen')]
    const heard: string[] = []
    for (const process of [dead, frozen])
      log.of(process).follow(1, ({ seq }) => void heard.push(`${process.name} ${seq}`))
    dead.kill()
    frozen.pause(300)
    void log.of(newProcess('edge')).append(subject, Uint8Array.of(1), options)
    await time.run(200, () => false)
    expect(heard).toEqual([])
    await time.run(400, () => false)
    expect(heard).toEqual(['frozen 1'])
  })

  test('a process that is cut off hears what it missed once it is joined again', async () => {
    const { time, log, newProcess } = simulatedLog(calm.log)
    const reader = newProcess('reader')
    const heard: number[] = []
    log.of(reader).follow(1, ({ seq }) => void heard.push(seq))
    reader.cut(300)
    for (const byte of [1, 2]) void log.of(newProcess('edge')).append(subject, Uint8Array.of(byte), options)
    await time.run(200, () => false)
    expect(heard).toEqual([])
    await time.run(600, () => false)
    expect(heard).toEqual([1, 2])
  })
})
