import { describe, expect, test } from 'vitest'
import { Bus } from './bus.ts'
import { Chronicle } from './chronicle.ts'
import { Prng } from './prng.ts'
import { type BucketFaults, SimBucket } from './simBucket.ts'
import { SimLog } from './simLog.ts'
import { SimMirror } from './simMirror.ts'
import { SimClock, SimProcess } from './simProcess.ts'
import { Links, Site } from './site.ts'
import { calm } from './swarm.ts'
import { VirtualTime } from './virtualTime.ts'

function twoSites() {
  const time = new VirtualTime()
  const chronicle = new Chronicle(time)
  const links = new Links(time, new Prng(1))
  const clock = new SimClock(time, 1_000)
  const [a, b] = [new Site('a', time), new Site('b', time)]
  const onThrow = (error: unknown): never => {
    throw error
  }
  const processAt = (site?: Site) => new SimProcess(`at ${site?.name}`, time, clock, onThrow, site)
  const logAt = (site: Site, seed: number) =>
    new SimLog({ shard: 0, faults: calm.log, time, clock, links, site, prng: new Prng(seed), chronicle })
  const run = (forMs: number) => time.run(time.nowMs + forMs, () => false)
  const bucketAt = (site: Site, faults: BucketFaults = { fail: 0, late: 0 }) =>
    new SimBucket({ name: 'bucket', faults, time, prng: new Prng(3), chronicle, links, site })
  return { time, chronicle, links, a, b, processAt, logAt, run, bucketAt }
}

const subject = 'cmd.a.0.edge.1'
const frame = (n: number): Uint8Array => Uint8Array.of(n)

describe('a mirror of another site’s log', () => {
  function mirrored() {
    const world = twoSites()
    const [origin, copy] = [world.logAt(world.a, 4), world.logAt(world.b, 5)]
    const { time, links, chronicle } = world
    const mirror = new SimMirror({ origin, copy, time, links, prng: new Prng(6), chronicle })
    const append = (n: number): void =>
      void origin.of(world.processAt(world.a)).append(subject, frame(n), { timeoutMs: 100 })
    return { ...world, origin, copy, mirror, append }
  }

  test('holds the same entries under the same numbers and stamps, a little later', async () => {
    const { origin, copy, append, run } = mirrored()
    for (const n of [1, 2, 3]) append(n)
    await run(300)
    expect(copy.memory.entries()).toEqual(origin.memory.entries())
    expect(copy.memory.last).toBe(3)
  })

  test('gets nothing while the way to it is cut, whatever the other way does, and everything afterwards', async () => {
    const { links, copy, mirror, append, run } = mirrored()
    links.cut('b', 'a', 5_000)
    append(1)
    await run(100)
    expect(copy.memory.last).toBe(1)
    links.cut('a', 'b', 1_000)
    append(2)
    append(3)
    await run(900)
    expect([copy.memory.last, mirror.lag]).toEqual([1, 2])
    await run(2_500)
    expect([copy.memory.last, mirror.lag]).toEqual([3, 0])
  })

  test('stands still while either server is down', async () => {
    const { a, b, copy, append, run } = mirrored()
    append(1)
    await run(100)
    a.takeDown(500)
    await run(400)
    b.takeDown(1_000)
    await run(200)
    append(2)
    await run(300)
    expect(copy.memory.last).toBe(1)
    await run(4_000)
    expect(copy.memory.last).toBe(2)
  })
})

describe('a server that dies', () => {
  test('has some of what it had not synced and told nobody of, and all that it told', async () => {
    const stored = new Set<number>()
    for (let seed = 1; seed <= 12; seed++) {
      const { a, logAt, processAt, run } = twoSites()
      const log = logAt(a, seed)
      const outcome = log.of(processAt()).append(subject, frame(1), { timeoutMs: 500 })
      let kind = ''
      void outcome.then((known) => {
        kind = known.kind
      })
      for (let ms = 0; ms < 60 && log.memory.last === 0; ms++) {
        log.crash()
        await run(1)
      }
      a.takeDown(200)
      await run(1_000)
      if (kind === 'appended') expect(log.memory.last).toBe(1)
      stored.add(log.memory.last)
    }
    expect([...stored].sort()).toEqual([0, 1])
  })

  test('takes nothing and tells nothing until it is up again', async () => {
    const { a, logAt, processAt, run } = twoSites()
    const log = logAt(a, 7)
    a.takeDown(500)
    const first = log.of(processAt()).append(subject, frame(1), { timeoutMs: 100 })
    await run(600)
    expect(['unknown', 'not-sent']).toContain((await first).kind)
    const second = log.of(processAt()).append(subject, frame(2), { timeoutMs: 100 })
    await run(100)
    expect([(await second).kind, log.memory.last]).toEqual(['appended', 1])
  })
})

describe('messages between sites', () => {
  test('cross while their own direction is whole, and people and banks need no link', async () => {
    const { time, chronicle, links, a, b, processAt, run } = twoSites()
    const bus = new Bus(calm.net, time, new Prng(8), chronicle, links)
    const [inA, inB, outside] = [processAt(a), processAt(b), processAt()]
    const heard: string[] = []
    bus.subscribe(inB, 'mark.*.*', (message) => heard.push(`b ${message[0]}`))
    bus.subscribe(inA, 'mark.b.0', (message) => heard.push(`a ${message[0]}`))
    links.cut('a', 'b', 1_000)
    bus.publish(inA, 'mark.a.0', frame(1))
    bus.publish(inB, 'mark.b.0', frame(2))
    bus.publish(outside, 'mark.a.1', frame(3))
    await run(500)
    expect(heard.sort()).toEqual(['a 2', 'b 2', 'b 3'])
    await run(600)
    bus.publish(inA, 'mark.a.0', frame(4))
    await run(100)
    expect(heard).toContain('b 4')
  })

  test('a request whose answer cannot come back is not answered', async () => {
    const { time, chronicle, links, a, b, processAt, run } = twoSites()
    const bus = new Bus(calm.net, time, new Prng(9), chronicle, links)
    let asked = 0
    bus.subscribe(processAt(b), 'q.b.0', (_message, reply) => {
      asked++
      reply(frame(1))
    })
    links.cut('b', 'a', 1_000)
    const answer = bus.request(processAt(a), 'q.b.0', frame(0), 200)
    answer.catch(() => undefined)
    await run(300)
    await expect(answer).rejects.toThrow('timeout')
    expect(asked).toBe(1)
  })
})

describe('a bucket behind a network', () => {
  const value = frame(1)

  test('changes by compare-and-set, once', async () => {
    const { a, b, bucketAt, processAt, run } = twoSites()
    const bucket = bucketAt(a)
    const [near, far] = [bucket.of(processAt(a)), bucket.of(processAt(b))]
    const created = Promise.all([near.create('k', value), far.create('k', frame(2))])
    await run(200)
    expect((await created).filter((revision) => revision !== undefined)).toEqual([1])
    const updated = Promise.all([near.update('k', frame(3), 1), far.update('k', frame(4), 1)])
    await run(200)
    expect((await updated).filter((revision) => revision !== undefined)).toEqual([2])
  })

  test.each([
    ['a request that is lost', 'w', 'a'],
    ['an answer that is lost', 'a', 'w'],
  ])('%s is not told from the other', async (_what, ...cut) => {
    const { time, links, a, bucketAt, processAt, run } = twoSites()
    const bucket = bucketAt(new Site('w', time))
    const [from, to] = cut as [string, string]
    // The first of the pair is cut towards the process, the second towards the bucket.
    links.cut(to, from, 1_000)
    const created = bucket.of(processAt(a)).create('k', value)
    created.catch(() => undefined)
    await run(3_000)
    await expect(created).rejects.toThrow('did not answer')
    expect(bucket.peek('k') === undefined).toBe(from === 'w')
  })

  test('a request that is late changes what is there, when its sender has long given up', async () => {
    const { a, bucketAt, processAt, run } = twoSites()
    const bucket = bucketAt(a, { fail: 0, late: 1 })
    const created = bucket.of(processAt(a)).create('k', value)
    created.catch(() => undefined)
    await run(2_000)
    await expect(created).rejects.toThrow('did not answer')
    expect(bucket.peek('k')).toBeUndefined()
    await run(12_000)
    expect(bucket.peek('k')).toMatchObject({ revision: 1 })
  })

  test('tells those who can be reached of each change', async () => {
    const { links, a, b, bucketAt, processAt, run } = twoSites()
    const bucket = bucketAt(a)
    const heard: number[] = []
    bucket.watch(processAt(b), (_key, { revision }) => heard.push(revision))
    bucket.put('k', value)
    await run(100)
    links.cut('a', 'b', 500)
    bucket.put('k', value)
    await run(1_000)
    bucket.put('k', value)
    await run(100)
    expect(heard).toEqual([1, 3])
  })
})
