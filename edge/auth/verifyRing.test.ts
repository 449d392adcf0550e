import { expect, test } from 'vitest'
import type { VerifyJob } from './verifyJobs.ts'
import { VerifyRing } from './verifyRing.ts'

function jobOf(text: string): VerifyJob {
  const message = Buffer.from(text)
  return { algorithm: 1, key: new Uint8Array(33).fill(2), message, signature: new Uint8Array(70).fill(3) }
}

test('each job is taken once, by whoever shares the memory, in the order of their numbers', () => {
  const ring = new VerifyRing()
  const other = new VerifyRing(ring.memory)
  for (const n of [0, 1, 2]) ring.put(n, jobOf(`payment ${n}`))
  expect(ring.take()).toBeUndefined()
  ring.publish(3, 0)
  expect([ring.take(), other.take(), ring.take(), other.take()]).toEqual([0, 1, 2, undefined])
  expect(Buffer.from(other.jobOf(1).message).toString()).toBe('payment 1')
})

test('a result is told of the job that was finished, and of no other', () => {
  const ring = new VerifyRing()
  for (const n of [0, 1, 2]) ring.put(n, jobOf(`payment ${n}`))
  ring.publish(3, 0)
  for (const n of [0, 1, 2]) expect(ring.take()).toBe(n)
  ring.finish(0, true)
  ring.finish(2, false)
  expect([0, 1, 2].map((n) => ring.resultOf(n))).toEqual([true, undefined, false])
})

test('who finishes a job again, or so late that its slot is used again, changes nothing', () => {
  const ring = new VerifyRing()
  ring.put(0, jobOf('first'))
  ring.finish(0, false)
  ring.finish(0, true)
  expect(ring.resultOf(0)).toBe(false)
  ring.put(VerifyRing.capacity, jobOf('second'))
  ring.finish(0, true)
  expect(ring.resultOf(VerifyRing.capacity)).toBeUndefined()
  ring.finish(VerifyRing.capacity, false)
  expect(ring.resultOf(VerifyRing.capacity)).toBe(false)
})

test('a job is taken as soon as it is published, and not before', () => {
  const ring = new VerifyRing()
  ring.put(0, jobOf('payment'))
  expect(ring.isTaken(0)).toBe(false)
  ring.publish(1, 0)
  expect(ring.isTaken(0)).toBe(false)
  ring.take()
  expect([ring.isTaken(0), ring.isTaken(1)]).toEqual([true, false])
})

test.each([
  [1_024, true],
  [1_025, false],
])('a job of %i bytes fits a slot: %s', (bytes, fits) => {
  const empty = jobOf('')
  const message = new Uint8Array(bytes - 38 - empty.signature.length)
  expect(VerifyRing.fits({ ...empty, message })).toBe(fits)
})
