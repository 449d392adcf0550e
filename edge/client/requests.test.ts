import { describe, expect, test } from 'vitest'
import { ApiProblem, OutcomeUnknown, sendWithRetries } from './requests.ts'

const policy = { triesMax: 3, timeoutMs: 10, pauseMinMs: 0, pauseMaxMs: 0 }
const silence = new Error('no answer within 10 ms')

/** What each try comes to: a status with the reason of its problem, or nothing at all. */
async function outcomeOf(...tries: (readonly [status: number, reason?: string] | Error)[]): Promise<unknown> {
  let n = 0
  const send = async () => {
    const came = tries[n++]!
    if (came instanceof Error) throw came
    const [status, reason] = came
    const headers = { 'content-type': status < 300 ? 'application/json' : 'application/problem+json' }
    return { status, headers, body: new TextEncoder().encode(JSON.stringify({ reason })) }
  }
  return sendWithRetries(send, policy).then(
    ({ status }) => status,
    (error: unknown) => error,
  )
}

describe('a request that is sent again', () => {
  test('is done by the first answer that says so', async () => {
    expect(await outcomeOf([503], silence, [200])).toBe(200)
  })

  test('is refused when every answer says that nothing was done', async () => {
    expect(await outcomeOf([503], [429], [503])).toBeInstanceOf(ApiProblem)
    expect(await outcomeOf([503], [422, 'amount-invalid'])).toBeInstanceOf(ApiProblem)
  })

  test.each([
    ['all tries', [silence, silence, silence]],
    ['the first, and then the edge is busy', [silence, [503], [429]]],
    ['one behind a gateway', [[504], [503], [503]]],
    ['one that broke the edge', [[500, 'internal'], [503], [503]]],
    ['one that may have used its own id', [silence, [409, 'id-seen']]],
  ] as const)('is of unknown outcome when silence took %s', async (_, tries) => {
    expect(await outcomeOf(...tries)).toBeInstanceOf(OutcomeUnknown)
  })

  test('is of unknown outcome when somebody on the way answers', async () => {
    const page = { status: 403, headers: { 'content-type': 'text/html' }, body: new TextEncoder().encode('<p>no</p>') }
    const outcome = sendWithRetries(async () => page, policy)
    await expect(outcome).rejects.toBeInstanceOf(OutcomeUnknown)
    await expect(outcome).rejects.toThrow("the answer was 403 and none of the API's")
  })

  test('is refused after silence by what no earlier try can have caused', async () => {
    expect(await outcomeOf(silence, [422, 'funds-insufficient'])).toBeInstanceOf(ApiProblem)
  })
})
