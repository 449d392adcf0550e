import { describe, expect, test } from 'vitest'
import { outcomeOf, type PubAck } from './appendOutcome.ts'

describe('what an answer of the stream says about a frame', () => {
  test.each<[string, PubAck, string | undefined]>([
    ['a sequence', { stream: 'LOG_a_0', seq: 7 }, 'appended'],
    ['nothing that can be read', {}, 'unknown'],
    ['the stream is full', { error: { code: 503, err_code: 10077, description: 'maximum bytes exceeded' } }, 'full'],
    ['the server’s disk quota is used up', { error: { code: 500, err_code: 10047 } }, 'full'],
    ['the write failed', { error: { code: 503, err_code: 10077, description: 'input/output error' } }, 'unknown'],
    ['JetStream is on its way up', { error: { code: 503, err_code: 10008 } }, 'unknown'],
    ['too many requests at once', { error: { code: 429, err_code: 10167 } }, 'not-sent'],
    ['larger than the stream takes', { error: { code: 400, err_code: 10054 } }, undefined],
    ['the stream is sealed', { error: { code: 400, err_code: 10109 } }, undefined],
  ])('%s', (_what, ack, kind) => {
    expect(outcomeOf(ack)?.kind).toBe(kind)
  })
})
