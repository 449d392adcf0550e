import { expect, test } from 'vitest'
import { ApiProblem, OutcomeUnknown } from '../client/requests.ts'
import { type ProblemCode, problemOf } from '../problem.ts'
import { failureText } from './command.ts'
import { BadInput, exitCodeOf, exitCodes, NotReachable } from './exitCodes.ts'

function problem(reason: ProblemCode): ApiProblem {
  const body = problemOf(reason, 'en')
  return new ApiProblem(body.status, body)
}

test.each([
  ['funds-insufficient', exitCodes.refused],
  ['wallet-frozen', exitCodes.refused],
  ['risk-control', exitCodes.refused],
  ['not-signed', exitCodes.refused],
  ['not-found', exitCodes.refused],
  ['id-reused', exitCodes.refused],
  ['field-invalid', exitCodes.badInput],
  ['field-missing', exitCodes.badInput],
  ['id-malformed', exitCodes.badInput],
  ['unavailable', exitCodes.failed],
  ['overloaded', exitCodes.failed],
  ['journal-unavailable', exitCodes.failed],
  ['internal', exitCodes.failed],
] as const)('%s ends with %i', (reason, code) => {
  expect(exitCodeOf(problem(reason))).toBe(code)
})

test('an outcome that is unknown is neither a refusal nor a failure', () => {
  expect(exitCodeOf(new OutcomeUnknown('no answer'))).toBe(exitCodes.unknown)
  expect(exitCodeOf(new NotReachable('no region'))).toBe(exitCodes.failed)
  expect(exitCodeOf(new BadInput('no such file'))).toBe(exitCodes.badInput)
  expect(exitCodeOf(new TypeError('a fault of our own'))).toBe(exitCodes.failed)
})

test('the line for people says which of them it is, with its code', () => {
  expect(failureText(problem('wallet-frozen'))).toBe('refused: The wallet is frozen. (WALLET_FROZEN)')
  expect(failureText(problem('unavailable'))).toMatch(/^not done: .*\(UNAVAILABLE\)$/)
  expect(failureText(new OutcomeUnknown('no answer'))).toBe('unknown: no answer')
  expect(failureText(new Error('bad\nline'))).toBe('jiaozi: bad?line')
})
