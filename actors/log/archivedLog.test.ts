import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ArchivedLog } from './archivedLog.ts'
import { createBlobs } from './blobs.ts'
import { chainStart, nextChain } from './chain.ts'
import { folderSegments } from './folderSegments.ts'
import { memoryKeyRing } from './memoryKeyRing.ts'
import { MemoryLog } from './memoryLog.ts'
import { tagOf } from './replica.ts'
import { type LogEntry, LogGap } from './shardLog.ts'
import { shardLogContract } from './shardLogContract.ts'

const timeoutMs = 1_000
const subject = 'cmd.a.0.edge.1'
const folders: string[] = []
const newSegments = () => {
  const dir = mkdtempSync(join(tmpdir(), 'jiaozi-archived-'))
  folders.push(dir)
  return folderSegments(dir, createBlobs(memoryKeyRing(['snapshot'])), 'a')
}
afterAll(() => {
  for (const dir of folders) rmSync(dir, { recursive: true })
})

// With nothing archived it is the log alone; every law of a log must hold through it.
shardLogContract('a log with an empty archive', {
  async open(bytesMax) {
    const live = new MemoryLog({ bytesMax })
    return {
      log: new ArchivedLog(0, live, newSegments()),
      subject,
      damage: async (seq) => live.damage(seq),
      trimTo: async (seq) => live.trimTo(seq),
      close: async () => undefined,
    }
  },
})

describe('a log whose beginning is archived', () => {
  const newLog = async (texts: readonly string[]) => {
    let nowMs = 1_000
    const live = new MemoryLog({ nowMs: () => (nowMs += 7) })
    for (const text of texts) await live.append(subject, Buffer.from(text), { timeoutMs })
    const segments = newSegments()
    return { live, segments, log: new ArchivedLog(0, live, segments) }
  }
  const chainOf = (entries: readonly LogEntry[]) =>
    entries.reduce((chain, { data }) => nextChain(chain, tagOf(data)), chainStart)

  const read = (log: ArchivedLog, from: number, count: number) =>
    new Promise<LogEntry[]>((resolve, reject) => {
      const entries: LogEntry[] = []
      const follower = log.follow(from, (entry) => {
        entries.push(entry)
        if (entries.length === count) follower.stop().then(() => resolve(entries), reject)
      })
      void follower.failed.then(reject)
    })
  const plain = (entries: readonly LogEntry[]) =>
    entries.map(({ data, ...rest }) => ({ ...rest, text: Buffer.from(data).toString() }))

  test('is read from its first entry, with the stamps it had, and on into what comes', async () => {
    const { live, segments, log } = await newLog(['a', 'b', 'c', 'd', 'e'])
    const before = live.entries()
    await segments.save(0, chainStart, before.slice(0, 2))
    await segments.save(0, chainOf(before.slice(0, 2)), before.slice(2, 4))
    live.trimTo(4)
    expect(await log.bounds()).toEqual({ first: 1, last: 5 })
    expect(plain(await read(log, 1, 5))).toEqual(plain(before))
    expect(plain(await read(log, 4, 2))).toEqual(plain(before.slice(3)))
    const next = read(log, 1, 6)
    await log.append(subject, Buffer.from('f'), { timeoutMs })
    expect((await next).at(-1)).toMatchObject({ seq: 6, data: Buffer.from('f') })
  })

  test('hands out one entry at a time from the archive too', async () => {
    const { live, segments, log } = await newLog(['a', 'b', 'c', 'd'])
    await segments.save(0, chainStart, live.entries().slice(0, 3))
    live.trimTo(3)
    let inside = 0
    const seen: number[] = []
    await new Promise<void>((resolve) => {
      const follower = log.follow(1, async ({ seq }) => {
        expect(++inside).toBe(1)
        await new Promise((done) => setTimeout(done, 2))
        inside--
        seen.push(seq)
        if (seq === 4) void follower.stop().then(resolve)
        if (seq === 4) resolve()
      })
    })
    expect(seen).toEqual([1, 2, 3, 4])
  })

  test('stop ends a reader within the archive, and waits for the handler at work', async () => {
    const { live, segments, log } = await newLog(['a', 'b', 'c', 'd'])
    await segments.save(0, chainStart, live.entries().slice(0, 3))
    live.trimTo(3)
    const seen: string[] = []
    const began = Promise.withResolvers<void>()
    const follower = log.follow(1, async ({ seq }) => {
      seen.push(`begin ${seq}`)
      began.resolve()
      await new Promise((done) => setTimeout(done, 10))
      seen.push(`end ${seq}`)
    })
    await began.promise
    await follower.stop()
    expect(seen).toEqual(['begin 1', 'end 1'])
  })

  test('a handler that throws on an archived entry ends its follower with that error', async () => {
    const { live, segments, log } = await newLog(['a', 'b'])
    await segments.save(0, chainStart, live.entries().slice(0, 1))
    live.trimTo(1)
    const follower = log.follow(1, () => {
      throw new Error('broken law')
    })
    expect((await follower.failed).message).toBe('broken law')
  })

  test('what the server holds comes from the server: an archive may end with a tail that was cut off since', async () => {
    const { live, segments, log } = await newLog(['a', 'b', 'c', 'd'])
    const [a, b] = live.entries()
    const gone = ['x', 'y'].map((text, n) => ({ ...b!, seq: 3 + n, data: Buffer.from(text) }))
    await segments.save(0, chainStart, [a!, b!, ...gone])
    live.trimTo(2)
    expect(plain(await read(log, 1, 4)).map(({ text }) => text)).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a hole between archive and log is not read over', async () => {
    const { live, segments, log } = await newLog(['a', 'b', 'c', 'd'])
    await segments.save(0, chainStart, live.entries().slice(0, 2))
    live.trimTo(3)
    expect(await log.bounds()).toEqual({ first: 4, last: 4 })
    const seen: number[] = []
    const failure = await log.follow(1, ({ seq }) => void seen.push(seq)).failed
    expect(failure).toBeInstanceOf(LogGap)
    expect(failure).toMatchObject({ expectedSeq: 3, foundSeq: 4 })
    expect(seen).toEqual([1, 2])
  })

  test('a log that is trimmed under a slow reader goes on from the archive', async () => {
    const { live, segments, log } = await newLog(['a', 'b', 'c', 'd'])
    const before = live.entries()
    const seen: number[] = []
    await new Promise<void>((resolve, reject) => {
      const follower = log.follow(1, async ({ seq }) => {
        seen.push(seq)
        if (seq === 1) {
          await segments.save(0, chainStart, before.slice(0, 3))
          live.trimTo(3)
        }
        if (seq === 4) resolve()
      })
      void follower.failed.then(reject)
    })
    expect(seen).toEqual([1, 2, 3, 4])
  })
})
