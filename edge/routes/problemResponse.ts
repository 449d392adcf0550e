import { messageOf } from '../../actors/log/process.ts'
import { VerifyBusy } from '../auth/verifyPool.ts'
import { BodyTooLarge } from '../content.ts'
import { ShardUnavailable } from '../gateway/ports.ts'
import { type Language, type Problem, type ProblemCode, problemOf } from '../problem.ts'
import { ProtobufError } from '../wire/protobuf.ts'
import { JsonError } from '../wire/strictJson.ts'
import { Failure, type FailureMembers, StillPending } from './failure.ts'
import type { MediaBody } from './operation.ts'

/** A response before it is encoded. */
export type Outcome = {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>
  /** A problem is always JSON (RFC 9457); anything else comes in the form that the client asked for. */
  readonly problem: boolean
  /** Protobuf message of the body, when it is not that of the operation's answer. */
  readonly message?: string | undefined
  /** A body that is neither JSON nor Protobuf, in place of the members. */
  readonly bytes?: MediaBody
}

const pendingRetryAfterS = 1
const unavailableRetryAfterS = 1

/** What a request that did not end in its result is answered with. Nothing of an unexpected error goes outside. */
export function outcomeOf(
  error: unknown,
  language: Language,
  onFault: (what: string, error: unknown) => void,
): Outcome {
  if (error instanceof StillPending) {
    const headers = { location: error.instance, 'retry-after': String(pendingRetryAfterS) }
    const body = { ...error.body, status_url: error.instance }
    return { status: 202, body, headers, problem: false, message: error.answerMessage }
  }
  if (error instanceof Failure) return problemOutcome(error.code, language, error.about)
  if (error instanceof JsonError) {
    const fields = error.path === '' ? {} : { fields: [{ field: error.path, message: error.message }] }
    return problemOutcome(error.problem, language, { detail: error.message, ...fields })
  }
  if (error instanceof ProtobufError) {
    const { field, message } = error
    const fields = field === undefined ? {} : { fields: [{ field, message }] }
    const detail = field === undefined ? message : `${field} ${message}`
    return problemOutcome('malformed-protobuf', language, { detail, ...fields })
  }
  if (error instanceof BodyTooLarge) return problemOutcome('body-too-large', language, { detail: error.message })
  if (error instanceof ShardUnavailable) {
    return problemOutcome('unavailable', language, { retryAfterS: unavailableRetryAfterS })
  }
  if (error instanceof VerifyBusy) return problemOutcome('overloaded', language, { retryAfterS: 1 })
  onFault(`a request failed: ${messageOf(error)}`, error)
  return problemOutcome('internal', language, {})
}

function problemOutcome(code: ProblemCode, language: Language, about: FailureMembers): Outcome {
  const { fields, detail, instance, members, retryAfterS, allow } = about
  const problem: Problem = problemOf(code, language, {
    ...(detail === undefined ? {} : { detail }),
    ...(instance === undefined ? {} : { instance }),
    ...(fields === undefined ? {} : { errors: fields }),
    ...(members === undefined ? {} : { members: { ...members } }),
  })
  const headers: Record<string, string> = { 'content-language': language === 'zh' ? 'zh-CN' : 'en' }
  if (retryAfterS !== undefined) headers['retry-after'] = String(retryAfterS)
  if (allow !== undefined) headers.allow = allow.join(', ')
  // RFC 9110 §15.5.2 wants a challenge; the scheme is that of RFC 9421.
  if (problem.status === 401) headers['www-authenticate'] = 'Signature'
  return { status: problem.status, body: problem, headers, problem: true }
}
