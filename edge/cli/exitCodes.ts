import { ApiProblem, OutcomeUnknown } from '../client/requests.ts'

/** What the exit code of every command says. */
export const exitCodes = { ok: 0, refused: 1, badInput: 2, unknown: 3, failed: 4 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export const exitCodeHelp = `
Exit codes:
  0  done, or answered
  1  refused; the answer says why
  2  wrong usage or input; nothing was sent, or nothing was done
  3  the outcome is not known yet: ask again under the same id
  4  the region is not reachable, or another failure; nothing was done
`

/** Input that is wrong before anything is sent. */
export class BadInput extends Error {}

/** Nothing that was sent can have reached the region. */
export class NotReachable extends Error {}

/** Reasons that speak of the form of a request, not of a rule. */
const formReasons = new Set([
  'field-invalid',
  'field-missing',
  'number-form',
  'id-malformed',
  'malformed-json',
  'body-too-large',
])

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof BadInput) return exitCodes.badInput
  if (error instanceof OutcomeUnknown) return exitCodes.unknown
  if (!(error instanceof ApiProblem)) return exitCodes.failed
  if (formReasons.has(error.reason)) return exitCodes.badInput
  return error.status === 429 || error.status >= 500 ? exitCodes.failed : exitCodes.refused
}
