import { ECDH, generateKeyPairSync, sign } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import type { VerifyJob } from './verifyJobs.ts'
import { VerifyBusy, VerifyPool, type VerifyPoolOptions } from './verifyPool.ts'
import { VerifyRing } from './verifyRing.ts'

let pool: VerifyPool
let faults: string[] = []
afterEach(() => pool.close())

function poolOf(threads: number, options: Partial<VerifyPoolOptions> = {}): VerifyPool {
  faults = []
  return new VerifyPool({ threads, onFault: (what, error) => faults.push(`${what}: ${error}`), ...options })
}

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const { x, y } = pair.publicKey.export({ format: 'jwk' })
const point = Buffer.concat([Buffer.of(4), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')])
const key = new Uint8Array(ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'compressed') as Buffer)

function jobOf(text: string, signedText = text): VerifyJob {
  const signature = sign('sha256', Buffer.from(signedText), { key: pair.privateKey, dsaEncoding: 'der' })
  return { algorithm: 1, key, message: Buffer.from(text), signature }
}

test.each([0, 1, 3])('%i threads tell good signatures from bad ones, each for its own', async (threads) => {
  pool = poolOf(threads)
  // More than the ring holds at once.
  const jobs = Array.from({ length: 700 }, (_, n) => jobOf(`payment ${n}`, n % 7 === 0 ? 'another' : undefined))
  const valid = await Promise.all(jobs.map((job) => pool.verify(job)))
  expect(valid).toEqual(jobs.map((_, n) => n % 7 !== 0))
})

/** How many are done after each of the next turns of the event loop; in the end all are. */
async function doneAfterTurns(jobs: number, turns: number): Promise<number[]> {
  let done = 0
  const all = Array.from({ length: jobs }, (_, n) => pool.verify(jobOf(`payment ${n}`)).then(() => (done += 1)))
  const found: number[] = []
  while (found.length < turns) {
    await nextTurn()
    found.push(done)
  }
  await Promise.all(all)
  return found
}

test.each([3, 16, 16 + 7, 300])('of %i that come in one turn sixteen are checked in each', async (jobs) => {
  pool = poolOf(0)
  expect(await doneAfterTurns(jobs, 2)).toEqual([Math.min(jobs, 16), Math.min(jobs, 32)])
})

test('what a thread has finished is done in the next turn', async () => {
  const ring = new VerifyRing()
  pool = poolOf(0, { ring })
  let good = 0
  let bad = 0
  for (let n = 0; n < 20; n++) void pool.verify(jobOf(`payment ${n}`)).then((valid) => (valid ? good++ : bad++))
  await nextTurn()
  expect([good, bad]).toEqual([16, 0])
  expect([ring.take(), ring.take()]).toEqual([16, 17])
  ring.finish(16, true)
  ring.finish(17, false)
  await nextTurn()
  expect([good, bad]).toEqual([19, 1])
})

test('what a thread has taken and does not finish is checked after all', async () => {
  const ring = new VerifyRing()
  pool = poolOf(0, { ring })
  let done = 0
  const all = Array.from({ length: 20 }, (_, n) => pool.verify(jobOf(`payment ${n}`)).then(() => (done += 1)))
  await nextTurn()
  expect(ring.take()).toBe(16)
  await nextTurn()
  expect(done).toBe(19)
  await Promise.all(all)
  expect(ring.resultOf(16)).toBe(true)
})

/** Lets 64 good signatures at a time be checked until so many were taken by threads of the pool. */
async function untilTakenByThreads(ring: VerifyRing, takenMin: number): Promise<void> {
  const taken = vi.spyOn(ring, 'take')
  const takenHere = (): number => taken.mock.results.filter(({ value }) => value !== undefined).length
  let sent = 0
  await vi.waitFor(
    async () => {
      const jobs = Array.from({ length: 64 }, (_, n) => pool.verify(jobOf(`payment ${n}`)))
      sent += jobs.length
      expect(await Promise.all(jobs)).toEqual(jobs.map(() => true))
      expect(sent - takenHere()).toBeGreaterThanOrEqual(takenMin)
    },
    { timeout: 20_000 },
  )
}

test('a thread takes its part of what comes in one turn', async () => {
  const ring = new VerifyRing()
  pool = poolOf(1, { ring })
  await untilTakenByThreads(ring, 64)
  expect(faults).toEqual([])
})

test('a thread that dies is told of and leaves its job to the others, and another takes its place', async () => {
  const ring = new VerifyRing()
  pool = poolOf(1, { ring, program: new URL('./dyingVerifier.fixture.ts', import.meta.url) })
  await untilTakenByThreads(ring, 2)
  expect(faults[0]).toBe('a thread that checks signatures ended: Error: dies with a job in hand')
})

test('without the threads, which cannot begin, everything is checked all the same', async () => {
  pool = poolOf(1, { program: new URL('./isNotThere.ts', import.meta.url) })
  await vi.waitFor(() => expect(faults).toHaveLength(1), { timeout: 20_000 })
  const jobs = Array.from({ length: 64 }, (_, n) => pool.verify(jobOf(`payment ${n}`, n === 7 ? 'another' : undefined)))
  expect(await Promise.all(jobs)).toEqual(jobs.map((_, n) => n !== 7))
})

test('what is too long for the memory that threads share is checked here', async () => {
  pool = poolOf(1)
  const text = 'payment '.repeat(1_000)
  const jobs = Array.from({ length: 20 }, (_, n) => pool.verify(jobOf(text, n === 7 ? 'another' : undefined)))
  expect(await Promise.all(jobs)).toEqual(jobs.map((_, n) => n !== 7))
})

test('a key that is no point of the curve, or too long a signature, verifies nothing', async () => {
  pool = poolOf(1)
  const good = jobOf('payment')
  const no = await Promise.all([
    pool.verify({ ...good, key: new Uint8Array(33).fill(255) }),
    pool.verify({ ...good, key: key.subarray(1) }),
    pool.verify({ ...good, signature: new Uint8Array(300) }),
    pool.verify({ ...good, algorithm: 9 }),
  ])
  expect(no).toEqual([false, false, false, false])
  expect(await pool.verify(good)).toBe(true)
})

test('beyond what may wait a signature is turned away, and the others are still checked', async () => {
  pool = poolOf(1, { waitingMax: 2 })
  const job = jobOf('payment')
  const results = await Promise.allSettled([1, 2, 3].map(() => pool.verify(job)))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  expect((results[2] as PromiseRejectedResult).reason).toBeInstanceOf(VerifyBusy)
})

test('what waits when the pool closes is told so', async () => {
  pool = poolOf(1)
  const waiting = pool.verify(jobOf('payment'))
  await pool.close()
  await expect(waiting).rejects.toBeInstanceOf(VerifyBusy)
})

test('what is shared with threads when the pool closes is told so', async () => {
  pool = poolOf(0)
  const all = Promise.allSettled(Array.from({ length: 16 + 64 }, (_, n) => pool.verify(jobOf(`payment ${n}`))))
  await nextTurn()
  await pool.close()
  const told = (await all).filter(({ status }) => status === 'rejected')
  expect(told).toHaveLength(64)
  expect((told[0] as PromiseRejectedResult).reason).toBeInstanceOf(VerifyBusy)
})
