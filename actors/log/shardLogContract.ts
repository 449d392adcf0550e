import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Follower, type LogEntry, LogGap, type ShardLog } from './shardLog.ts'

/** What a test may do to a log behind its back. */
export type LogUnderTest = {
  readonly log: ShardLog
  /** A subject that the log collects. */
  readonly subject: string
  /** Removes one entry from the middle. */
  damage(seq: number): Promise<void>
  /** Removes everything up to and including `seq`. */
  trimTo(seq: number): Promise<void>
  close(): Promise<void>
}

export type LogContractOptions = {
  /** Opens an empty log that holds at most this many bytes of messages. */
  readonly open: (bytesMax: number) => Promise<LogUnderTest>
}

const timeoutMs = 5_000
const roomy = 64 * 1024 * 1024

/** The suite that every adapter of ShardLog passes; a JetStream log makes the memory log believable. */
export function shardLogContract(name: string, { open }: LogContractOptions): void {
  describe(`${name} is a shard log`, () => {
    let under: LogUnderTest
    let followers: Follower[]

    const frame = (text: string) => new TextEncoder().encode(text)
    const textOf = (entry: LogEntry) => new TextDecoder().decode(entry.data)

    const append = async (text: string) => {
      const outcome = await under.log.append(under.subject, frame(text), { timeoutMs })
      expect(outcome.kind).toBe('appended')
      return outcome
    }

    const follow: ShardLog['follow'] = (...args) => {
      const follower = under.log.follow(...args)
      followers.push(follower)
      return follower
    }

    /** Reads `count` entries from `fromSeq` on. */
    const read = (fromSeq: number, count: number) =>
      new Promise<LogEntry[]>((resolve, reject) => {
        const entries: LogEntry[] = []
        const follower = follow(fromSeq, (entry) => {
          entries.push(entry)
          if (entries.length === count) resolve(entries)
        })
        void follower.failed.then(reject)
      })

    const failureOf = (fromSeq: number) => follow(fromSeq, () => undefined).failed

    beforeEach(async () => {
      followers = []
      under = await open(roomy)
    })
    afterEach(async () => {
      await Promise.all(followers.map((follower) => follower.stop()))
      await under.close()
    })

    test('an empty log has no entries, and the first one gets number 1', async () => {
      expect(await under.log.bounds()).toEqual({ first: 1, last: 0 })
      expect(await append('one')).toEqual({ kind: 'appended', seq: 1 })
      expect(await under.log.bounds()).toEqual({ first: 1, last: 1 })
    })

    test('entries come in the order of their numbers, with bytes, subject and stamp', async () => {
      const texts = Array.from({ length: 50 }, (_, index) => `frame ${index}`)
      for (const text of texts) await append(text)
      const entries = await read(1, 50)
      expect(entries.map((entry) => entry.seq)).toEqual(texts.map((_, index) => index + 1))
      expect(entries.map(textOf)).toEqual(texts)
      expect(new Set(entries.map((entry) => entry.subject))).toEqual(new Set([under.subject]))
      const stamps = entries.map((entry) => entry.stampMs)
      expect(stamps).toEqual(stamps.toSorted((a, b) => a - b))
      expect(stamps.every(Number.isInteger)).toBe(true)
    })

    test('appends that are on their way together are all stored once, and every follower sees the same order', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 200 }, (_, index) => under.log.append(under.subject, frame(`${index}`), { timeoutMs })),
      )
      const seqs = outcomes.map((outcome) => (outcome.kind === 'appended' ? outcome.seq : 0))
      expect(seqs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
      const [one, other] = await Promise.all([read(1, 200), read(1, 200)])
      expect(one.map(textOf)).toEqual(other.map(textOf))
      expect(one.map(textOf)).toEqual(seqs.map((_, index) => `${seqs.indexOf(index + 1)}`))
    })

    test('the same frame sent twice is stored twice', async () => {
      await append('again')
      await append('again')
      expect((await read(1, 2)).map(textOf)).toEqual(['again', 'again'])
    })

    test('a follower may begin in the middle, or where the next entry will be', async () => {
      for (const text of ['a', 'b', 'c']) await append(text)
      expect((await read(2, 2)).map(textOf)).toEqual(['b', 'c'])
      const next = read(4, 1)
      await append('d')
      expect((await next).map(textOf)).toEqual(['d'])
    })

    test('a follower sees what is appended after it has caught up', async () => {
      await append('early')
      const both = read(1, 2)
      await read(1, 1)
      await append('late')
      expect((await both).map(textOf)).toEqual(['early', 'late'])
    })

    test('while a handler has not finished no further entry is handed out', async () => {
      for (const text of ['a', 'b', 'c']) await append(text)
      const begun: number[] = []
      let inside = 0
      await new Promise<void>((resolve) => {
        follow(1, async (entry) => {
          begun.push(entry.seq)
          expect(++inside).toBe(1)
          await new Promise((next) => setTimeout(next, 5))
          inside--
          if (entry.seq === 3) resolve()
        })
      })
      expect(begun).toEqual([1, 2, 3])
    })

    test('stop waits for the handler that is at work, and none starts after it', async () => {
      for (const text of ['a', 'b']) await append(text)
      const seen: string[] = []
      const began = Promise.withResolvers<void>()
      const follower = follow(1, async (entry) => {
        seen.push(`begin ${entry.seq}`)
        began.resolve()
        await new Promise((next) => setTimeout(next, 20))
        seen.push(`end ${entry.seq}`)
      })
      await began.promise
      await follower.stop()
      await append('c')
      await read(3, 1)
      expect(seen).toEqual(['begin 1', 'end 1'])
    })

    test.each([
      [
        'throws',
        () => {
          throw new Error('broken law')
        },
      ],
      ['rejects', () => Promise.reject(new Error('broken law'))],
    ])('a handler that %s ends its follower with that error', async (_what, handler) => {
      await append('a')
      await append('b')
      let calls = 0
      const follower = follow(1, () => {
        calls++
        return handler()
      })
      expect((await follower.failed).message).toBe('broken law')
      await append('c')
      await read(1, 3)
      expect(calls).toBe(1)
    })

    test('a log that was trimmed is not read as if nothing were missing', async () => {
      for (const text of ['a', 'b', 'c']) await append(text)
      await under.trimTo(2)
      expect(await under.log.bounds()).toEqual({ first: 3, last: 3 })
      expect(await failureOf(2)).toBeInstanceOf(LogGap)
      expect((await read(3, 1)).map(textOf)).toEqual(['c'])
    })

    test('a log that was trimmed to nothing goes on with the next number', async () => {
      await append('a')
      await under.trimTo(1)
      expect(await under.log.bounds()).toEqual({ first: 2, last: 1 })
      expect(await append('b')).toEqual({ kind: 'appended', seq: 2 })
      expect((await read(2, 1)).map(textOf)).toEqual(['b'])
    })

    test('a hole in the middle stops a follower before it', async () => {
      for (const text of ['a', 'b', 'c', 'd']) await append(text)
      await under.damage(3)
      const seen: number[] = []
      const follower = follow(1, (entry) => {
        seen.push(entry.seq)
      })
      const failure = await follower.failed
      expect(failure).toBeInstanceOf(LogGap)
      expect(failure).toMatchObject({ expectedSeq: 3, foundSeq: 4 })
      expect(seen).toEqual([1, 2])
    })

    test('a follower that was further than the log is now says that the tail is lost', async () => {
      await append('a')
      const failure = await failureOf(5)
      expect(failure).toBeInstanceOf(LogGap)
      expect(failure.message).toContain('tail')
    })

    test('a full log refuses, keeps what it has, and takes frames again once it is trimmed', async () => {
      await under.close()
      under = await open(8 * 1024)
      const large = new Uint8Array(1_000)
      let stored = 0
      for (; stored < 20; stored++) {
        const outcome = await under.log.append(under.subject, large, { timeoutMs })
        if (outcome.kind === 'full') break
      }
      expect(stored).toBeGreaterThan(3)
      expect(stored).toBeLessThan(9)
      expect(await under.log.bounds()).toEqual({ first: 1, last: stored })
      await under.trimTo(2)
      expect(await under.log.append(under.subject, large, { timeoutMs })).toEqual({ kind: 'appended', seq: stored + 1 })
      expect(await read(3, stored - 1)).toHaveLength(stored - 1)
    })

    test('large frames arrive whole, also more of them than fit into one window', async () => {
      const frames = Array.from({ length: 12 }, (_, index) => new Uint8Array(1_000_000 + index).fill(index))
      for (const data of frames) {
        expect((await under.log.append(under.subject, data, { timeoutMs })).kind).toBe('appended')
      }
      const entries = await read(1, frames.length)
      for (const [index, data] of frames.entries()) expect(Buffer.compare(entries[index]!.data, data)).toBe(0)
    })
  })
}
