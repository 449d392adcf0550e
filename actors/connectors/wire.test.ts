import { describe, expect, test } from 'vitest'
import { freshnessMs, freshTimestamp, sameSignature, secretKey, signAnswer, signRequest } from './wire.ts'

const key = secretKey('0b'.repeat(32))
const request = { method: 'POST', path: '/debits?x=1', timestampMs: 1_800_000_000_000, body: '{"amount":"1.00"}' }
const answer = { status: 200, requestSignature: 'aa', timestampMs: 1_800_000_000_001, body: '{"status":"done"}' }

test('the bytes that are signed are fixed: HMAC-SHA256 over the lines of the agreement', () => {
  expect(signRequest(key, request)).toBe('94dbd2de3ed92c1cc7669c33e8dddda0b268fcfe20f4462a1107b5a79a99f1ed')
  expect(signAnswer(key, answer)).toBe('1bc900755496863c23556a1bdeab3a0351b0dbb85f251bdcae00488182a7c8f8')
})

describe('a signature stands for everything that it covers', () => {
  test.each([
    { method: 'GET' },
    { path: '/debits?x=2' },
    { timestampMs: request.timestampMs + 1 },
    { body: '{"amount":"1.01"}' },
  ])('a request with %j has another', (change) => {
    expect(signRequest(key, { ...request, ...change })).not.toBe(signRequest(key, request))
  })

  test.each([{ status: 201 }, { requestSignature: 'ab' }, { timestampMs: answer.timestampMs + 1 }, { body: '{}' }])(
    'an answer with %j has another',
    (change) => {
      expect(signAnswer(key, { ...answer, ...change })).not.toBe(signAnswer(key, answer))
    },
  )

  test('another secret makes another, and one of another length is wrong and no error', () => {
    const other = signRequest(secretKey('0c'.repeat(32)), request)
    expect(sameSignature(signRequest(key, request), other)).toBe(false)
    expect(sameSignature(signRequest(key, request), '')).toBe(false)
    expect(sameSignature(signRequest(key, request), signRequest(key, request))).toBe(true)
  })
})

test('a message is fresh for five minutes either side of its timestamp', () => {
  const nowMs = 1_800_000_000_000
  expect(freshTimestamp(String(nowMs - freshnessMs), nowMs)).toBe(nowMs - freshnessMs)
  expect(freshTimestamp(String(nowMs - freshnessMs - 1), nowMs)).toBeUndefined()
  expect(freshTimestamp(String(nowMs + freshnessMs + 1), nowMs)).toBeUndefined()
  for (const header of [null, undefined, '', '-1', '1e12', 'now', '1'.repeat(16)]) {
    expect(freshTimestamp(header, nowMs)).toBeUndefined()
  }
})

test.each(['', 'abc', 'AA'.repeat(32), '0b'.repeat(15), '0b'.repeat(65)])('"%s" is no secret', (text) => {
  expect(() => secretKey(text)).toThrow('16 to 64 bytes')
})
