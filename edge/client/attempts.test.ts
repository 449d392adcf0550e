import fc from 'fast-check'
import { expect, test } from 'vitest'
import { untilEnded } from './attempts.ts'
import { TestTime } from './testNetwork.ts'

const problem = (status: number, reason: string, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify({ title: reason, status, reason }), {
    status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })

type Event = 'lost' | 'silent' | 'busy' | 'pending' | 'broken' | 'refused' | 'done'
const answers: Readonly<Record<Event, (signal: AbortSignal) => Promise<Response>>> = {
  lost: () => Promise.reject(new TypeError('fetch failed')),
  silent: (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
  busy: () => Promise.resolve(problem(429, 'overloaded', { 'retry-after': '1' })),
  pending: () => Promise.resolve(Response.json({}, { status: 202 })),
  broken: () => Promise.resolve(problem(500, 'internal')),
  refused: () => Promise.resolve(problem(409, 'funds-insufficient')),
  done: () => Promise.resolve(Response.json({ paid: true })),
}
const open: Event[] = ['lost', 'silent', 'busy', 'pending', 'broken']

test('whatever happens, it ends by its deadline with what the last answer says, and not before one is final', async () => {
  const events = fc.array(fc.constantFrom<Event>(...open, 'refused', 'done'), { maxLength: 40 })
  const deadline = fc.integer({ min: 1, max: 60_000 })
  const chance = fc.double({ min: 0, max: 1, noNaN: true })
  await fc.assert(
    fc.asyncProperty(events, deadline, chance, async (planned, deadlineMs, random) => {
      const time = new TestTime(() => random)
      const seen: Event[] = []
      const send = (signal: AbortSignal): Promise<Response> => {
        expect(time.nowMs()).toBeLessThan(deadlineMs)
        const event = planned[seen.length] ?? 'silent'
        seen.push(event)
        return answers[event](signal)
      }
      const ended = await untilEnded(send, { deadlineMs, tryTimeoutMs: 10_000 }, time)
      expect(time.nowMs()).toBeLessThanOrEqual(deadlineMs)
      expect(seen.slice(0, -1).every((event) => open.includes(event))).toBe(true)
      const last = seen.at(-1)!
      expect(ended.kind).toBe(last === 'done' || last === 'refused' ? last : 'unknown')
    }),
  )
})

test('pauses grow, have chance in them, and are never shorter than was asked for', async () => {
  const waits = async (random: number, event: Event): Promise<number[]> => {
    const time = new TestTime(() => random)
    await untilEnded(answers[event], { deadlineMs: 20_000, tryTimeoutMs: 10_000 }, time)
    return time.waits.filter((_, n) => n % 2 === 1)
  }
  expect((await waits(0, 'lost')).slice(0, 6)).toEqual([50, 100, 200, 400, 800, 1_500])
  expect((await waits(1, 'lost')).slice(0, 6)).toEqual([150, 300, 600, 1_200, 2_400, 4_500])
  expect(Math.min(...(await waits(0, 'busy')))).toBe(1_000)
})

test('a refusal after a try that was lost is believed, unless it may be that try’s own trace', async () => {
  const after = async (second: Response) => {
    const sent = [() => answers.lost(AbortSignal.any([])), () => Promise.resolve(second)]
    return untilEnded(() => sent.shift()!(), { deadlineMs: 20_000, tryTimeoutMs: 10_000 }, new TestTime())
  }
  expect(await after(problem(409, 'funds-insufficient'))).toMatchObject({ kind: 'refused' })
  for (const [status, reason] of [
    [401, 'not-signed'],
    [409, 'id-seen'],
    [410, 'id-expired'],
    [410, 'wallet-closed'],
  ] as const) {
    expect(await after(problem(status, reason))).toMatchObject({ kind: 'unknown', problem: { reason } })
  }
})
