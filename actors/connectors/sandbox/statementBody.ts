import { yuanText } from '../yuan.ts'
import type { DoubleEntry } from './doubleEntry.ts'

/** One page of the full journal, oldest first; `next` is the cursor of the page after it. */
export function statementBody(
  book: DoubleEntry,
  page: { after: number; limit: number },
  shownAccount: (account: string) => string,
): Record<string, unknown> {
  const { after, limit } = page
  const lastSeq = book.lastSeq()
  return {
    entries: book.page(after, limit).map(({ seq, atMs, kind, txId, legs }) => ({
      seq,
      at: new Date(atMs).toISOString(),
      kind,
      tx_id: txId,
      legs: legs.map(({ account, fen }) => ({ account: shownAccount(account), amount: yuanText(fen) })),
    })),
    next: Math.min(after + limit, Math.max(after, lastSeq)),
    last_seq: lastSeq,
  }
}
