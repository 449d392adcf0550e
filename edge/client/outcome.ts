import type { Problem } from './api.ts'

/** It was done, and the answer is final. */
export type Done<Body> = { readonly kind: 'done'; readonly status: number; readonly body: Body }

/** It was not done; `problem` says why. */
export type Refused = { readonly kind: 'refused'; readonly problem: Problem }

/**
 * Nobody said for certain before the deadline: it may have been done, or may yet be. Ask again under the same id, never
 * under a new one.
 */
export type Unknown<Body> = {
  readonly kind: 'unknown'
  readonly why: string
  /** The last problem that was answered, where there was one: too busy, not available now. */
  readonly problem?: Problem
  /** What was answered while the outcome was open, where something was. */
  readonly pending?: Body
  /** Asks again, the same under the same id, for as long again. */
  again(): Promise<Outcome<Body>>
}

export type Outcome<Body> = Done<Body> | Refused | Unknown<Body>

/** What was to be done was not, or nobody knows; `outcome` tells the one from the other. */
export class NotDone extends Error {
  readonly outcome: Refused | Unknown<unknown>

  constructor(outcome: Refused | Unknown<unknown>) {
    super(outcome.kind === 'refused' ? sentenceOf(outcome.problem) : `The outcome is not known: ${outcome.why}`)
    this.name = 'NotDone'
    this.outcome = outcome
  }
}

/** A problem for people. */
export function sentenceOf({ title, detail, errors }: Pick<Problem, 'title'> & Partial<Problem>): string {
  const fields = errors?.map(({ field, message }) => `${field}: ${message}`).join('; ')
  return [title, detail, fields].filter(Boolean).join(' ')
}

/** The answer's body, for those who cannot go on without it. @throws NotDone */
export function done<Body>(outcome: Outcome<Body>): Body {
  if (outcome.kind === 'done') return outcome.body
  throw new NotDone(outcome)
}
