/**
 * `key-unknown`: the ring has no such key, perhaps not yet: look again before judging the bytes.
 * `key-foreign`, `tampered`, `malformed`: these bytes will never open.
 */
export type SealProblem = 'key-unknown' | 'key-foreign' | 'tampered' | 'malformed'

/** Sealed bytes that do not open. The message names the place and never shows content. */
export class SealError extends Error {
  readonly problem: SealProblem

  constructor(problem: SealProblem, message: string) {
    super(message)
    this.name = 'SealError'
    this.problem = problem
  }
}
