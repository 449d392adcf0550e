import { yuanText } from '../yuan.ts'
import type { Answer } from './signedServer.ts'
import type { Transaction } from './transactions.ts'

/** How both far sides speak of a request: 200 when it is decided, 202 while it is under way, 409 for a reused id. */
export function transactionAnswer(transaction: Transaction | 'conflict', more: Record<string, unknown> = {}): Answer {
  if (transaction === 'conflict') {
    return { status: 409, body: { error: 'this tx_id was used before with another body' } }
  }
  const { kind, txId, status, reason, fen, decidedMs } = transaction
  return {
    status: status === 'processing' ? 202 : 200,
    body: {
      kind,
      tx_id: txId,
      status,
      ...(reason === '' ? {} : { reason }),
      amount: yuanText(fen),
      decided_at: new Date(decidedMs).toISOString(),
      ...more,
    },
  }
}

export function unknownAnswer(kind: string, txId: string): Answer {
  return { status: 200, body: { kind, tx_id: txId, status: 'unknown-to-us' } }
}
