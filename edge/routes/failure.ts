import type { Executed } from '../gateway/submission.ts'
import type { ProblemCode } from '../problem.ts'

export type FailureMembers = {
  /** The part of the request that is wrong, as the client wrote it: a body field, a parameter or a header. */
  readonly fields?: readonly { readonly field: string; readonly message: string }[]
  /** One sentence for a person, in English; nothing secret. */
  readonly detail?: string
  readonly retryAfterS?: number
  /** Methods that the path takes, with a problem about another one. */
  readonly allow?: readonly string[]
  /** Where the thing stands that was asked for. */
  readonly instance?: string
  /** Further members of the problem document, in this order. */
  readonly members?: Readonly<Record<string, unknown>>
}

/** Ends a request with a problem. */
export class Failure extends Error {
  readonly code: ProblemCode
  readonly about: FailureMembers

  constructor(code: ProblemCode, about: FailureMembers = {}) {
    super(about.detail ?? code)
    this.name = 'Failure'
    this.code = code
    this.about = about
  }
}

/** The caller may ask again: what it sent may or may not have been done. */
export class StillPending extends Error {
  /** Where to ask. */
  readonly instance: string
  readonly body: Readonly<Record<string, unknown>>
  /** Protobuf message of the body, when it is not that of the operation's answer. */
  readonly answerMessage: 'Pending' | undefined

  constructor(instance: string, body: Readonly<Record<string, unknown>>, answerMessage?: 'Pending') {
    super('the outcome is not known yet')
    this.name = 'StillPending'
    this.instance = instance
    this.body = body
    this.answerMessage = answerMessage
  }
}

/** Characters of a name from outside that an answer repeats. */
const nameShownMax = 64

/** A member's name as an answer repeats it: no more of it than is needed, and something where there is nothing to see. */
export function shownName(name: string): string {
  return name === '' ? '""' : name.slice(0, nameShownMax)
}

export function badField(field: string, message: string): Failure {
  return new Failure('field-invalid', { fields: [{ field, message }] })
}

/** The place in the log that every outcome of the ledger names. */
export function positionOf({ shard, seq, index }: Executed): { shard: number; seq: number; index: number } {
  return { shard, seq, index }
}
