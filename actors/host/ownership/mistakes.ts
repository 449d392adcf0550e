/**
 * Rules of the protocol that a test may drop, one at a time, to see that the checker misses them. Nothing but tests
 * ever passes one.
 */
export const mistakes = [
  'answer-before-mark',
  'take-from-solo',
  'mark-while-deciding',
  'cut-before-draining',
  'sync-too-early',
  'sync-too-early-after-restart',
  'record-before-state',
  'vouch-after-waking',
  'commit-after-waking',
  'epoch-unchecked',
  'promote-without-witness',
  'restart-without-claim',
  'read-settles-lost-answer',
  'move-without-pause',
  'accept-loss-at-once',
] as const

export type Mistake = (typeof mistakes)[number]
export type Mistakes = Readonly<Partial<Record<Mistake, true>>>

export const noMistakes: Mistakes = {}
