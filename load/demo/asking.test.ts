import { describe, expect, test } from 'vitest'
import { ApiProblem, OutcomeUnknown } from '../../edge/client/node.ts'
import { untilDecided, untilEnded } from './asking.ts'

const insistence = { triesMax: 5, pauseMs: 1 }
const body = (text: string): Uint8Array => new TextEncoder().encode(text)
const done = { status: 200, raw: body('done') }
const pending = { status: 202, raw: body('pending') }
const problem = (status: number): ApiProblem => new ApiProblem(status, { code: 'C', reason: 'because' })

/** Answers in turn, the last again and again. */
function answers<T>(...list: (T | Error)[]): { ask: () => Promise<T>; asked: () => number } {
  let count = 0
  const ask = async (): Promise<T> => {
    const answer = list[Math.min(count++, list.length - 1)]!
    if (answer instanceof Error) throw answer
    return answer
  }
  return { ask, asked: () => count }
}

describe('a command', () => {
  test('that is under way is asked for again until it is decided', async () => {
    const { ask, asked } = answers(pending, pending, { status: 201, raw: body('opened') })
    expect(await untilDecided(ask, insistence)).toMatchObject({ status: 201 })
    expect(asked()).toBe(3)
  })

  test('that stays under way is given up, and never taken for done', async () => {
    await expect(untilDecided(answers(pending).ask, insistence)).rejects.toThrow('still under way after 5 tries')
  })

  test('that is refused fails at once', async () => {
    await expect(untilDecided(answers(problem(409)).ask, insistence)).rejects.toThrow(ApiProblem)
  })
})

describe('a payment', () => {
  test('ends with its answer, however often nobody answered before', async () => {
    const { ask } = answers(pending, new OutcomeUnknown('no answer'), problem(503), problem(429), done)
    expect(await untilEnded(ask, insistence)).toEqual({ kind: 'completed', answer: 'done' })
  })

  test('ends with a refusal, and is not asked for again', async () => {
    const { ask, asked } = answers<typeof done>(problem(422), done)
    expect(await untilEnded(ask, insistence)).toMatchObject({ kind: 'refused', reason: 'because' })
    expect(asked()).toBe(1)
  })

  test.each([
    ['nobody answers', new OutcomeUnknown('no answer after 60 tries'), 'no answer after 60 tries'],
    ['stays pending', pending, 'it stayed pending'],
    ['meets nothing but trouble', problem(500), '{"code":"C","reason":"because"}'],
  ])('that %s is unknown, never refused', async (_what, answer, said) => {
    const { ask, asked } = answers<typeof pending>(answer)
    expect(await untilEnded(ask, insistence)).toEqual({ kind: 'unknown', answer: said })
    expect(asked()).toBe(insistence.triesMax)
  })
})
