import type { Journal } from './journal.ts'

const away = () => Promise.resolve({ kind: 'away' } as const)

/** A journal that cannot be reached: what an edge without a database has, and what tests of its absence use. */
export const absentJournal: Journal = {
  payment: away,
  paymentsById: away,
  saga: away,
  entries: away,
  followed: away,
  close: () => Promise.resolve(),
}
