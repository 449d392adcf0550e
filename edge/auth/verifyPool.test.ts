import { ECDH, generateKeyPairSync, sign } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { VerifyJob } from './verifyJobs.ts'
import { VerifyBusy, VerifyPool } from './verifyPool.ts'

let pool: VerifyPool
afterEach(() => pool.close())

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const { x, y } = pair.publicKey.export({ format: 'jwk' })
const point = Buffer.concat([Buffer.of(4), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')])
const key = new Uint8Array(ECDH.convertKey(point, 'prime256v1', undefined, undefined, 'compressed') as Buffer)

function jobOf(text: string, signedText = text): VerifyJob {
  const signature = sign('sha256', Buffer.from(signedText), { key: pair.privateKey, dsaEncoding: 'der' })
  return { algorithm: 1, key, message: Buffer.from(text), signature }
}

test.each([1, 3])('%i threads tell good signatures from bad ones, each for its own', async (threads) => {
  pool = new VerifyPool(threads)
  const jobs = Array.from({ length: 300 }, (_, n) => jobOf(`payment ${n}`, n % 7 === 0 ? 'another' : undefined))
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

test('sixteen are checked in the turn they came in, and a few more in the next', async () => {
  pool = new VerifyPool(1)
  expect(await doneAfterTurns(16, 1)).toEqual([16])
  expect(await doneAfterTurns(16 + 7, 2)).toEqual([16, 23])
})

test('what is more goes to a thread, and is not waited for by the sixteen', async () => {
  pool = new VerifyPool(1)
  expect(await doneAfterTurns(16 + 64, 1)).toEqual([16])
})

test('while every thread is at work, what waits is checked sixteen a turn', async () => {
  pool = new VerifyPool(1)
  const atThread = Array.from({ length: 16 + 64 }, (_, n) => pool.verify(jobOf(`first ${n}`)))
  await nextTurn()
  expect(await doneAfterTurns(32, 1)).toEqual([16])
  expect(await Promise.all(atThread)).toEqual(Array(80).fill(true))
})

test('a key that is no point of the curve, or too long a signature, verifies nothing', async () => {
  pool = new VerifyPool(1)
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
  pool = new VerifyPool(1, 2)
  const job = jobOf('payment')
  const results = await Promise.allSettled([1, 2, 3].map(() => pool.verify(job)))
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
  expect((results[2] as PromiseRejectedResult).reason).toBeInstanceOf(VerifyBusy)
})

test('what waits when the pool closes is told so', async () => {
  pool = new VerifyPool(1)
  const waiting = pool.verify(jobOf('payment'))
  await pool.close()
  await expect(waiting).rejects.toBeInstanceOf(VerifyBusy)
})

test('what a thread has when the pool closes is told so', async () => {
  pool = new VerifyPool(1)
  const all = Promise.allSettled(Array.from({ length: 16 + 64 }, (_, n) => pool.verify(jobOf(`payment ${n}`))))
  await nextTurn()
  await pool.close()
  const told = (await all).filter(({ status }) => status === 'rejected')
  expect(told).toHaveLength(64)
  expect((told[0] as PromiseRejectedResult).reason).toBeInstanceOf(VerifyBusy)
})
