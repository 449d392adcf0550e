import { createHash } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** Requests by (kind, tx_id). A row without a digest is a tombstone: the request was called off before it came. */
export const transactionsSchema = `
  CREATE TABLE IF NOT EXISTS transactions (
    kind TEXT NOT NULL,
    tx_id TEXT NOT NULL,
    digest TEXT,
    request TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('done', 'refused', 'processing')),
    reason TEXT NOT NULL,
    fen INTEGER NOT NULL,
    decided_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, tx_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS transactions_processing ON transactions (kind, tx_id) WHERE status = 'processing'
`

export type Status = 'done' | 'refused' | 'processing'
export type Decision = { status: Status; reason?: string; fen: number }
export type Transaction = {
  kind: string
  txId: string
  digest: string | null
  request: Record<string, unknown>
  status: Status
  reason: string
  fen: number
  decidedMs: number
}

const cancelled = 'CANCELLED'

type Row = Omit<Transaction, 'txId' | 'request' | 'decidedMs'> & { tx_id: string; request: string; decided_ms: number }

/** What was asked and how it was decided: the memory that makes every request idempotent. Runs in transactions. */
export class Transactions {
  readonly #find: StatementSync
  readonly #insert: StatementSync
  readonly #move: StatementSync
  readonly #processing: StatementSync

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('SELECT * FROM transactions WHERE kind = ? AND tx_id = ?')
    this.#insert = db.prepare('INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    this.#move = db.prepare(
      `UPDATE transactions SET status = ?, reason = ?, decided_ms = ?
       WHERE kind = ? AND tx_id = ? AND status = 'processing'`,
    )
    this.#processing = db.prepare(`SELECT kind, tx_id FROM transactions WHERE status = 'processing'`)
  }

  find(kind: string, txId: string): Transaction | undefined {
    const row = this.#find.get(kind, txId) as Row | undefined
    if (row === undefined) return undefined
    const { tx_id: id, request, decided_ms: decidedMs, ...rest } = row
    return { ...rest, txId: id, request: JSON.parse(request), decidedMs }
  }

  /**
   * Decides a request once. The same request again gets the decision that stands; another request under the same id
   * gets 'conflict'; one that was called off stays refused whatever it says.
   * @param secrets parts of the request that belong to its identity but are not to be kept
   */
  decide(
    kind: string,
    txId: string,
    request: Record<string, unknown>,
    secrets: readonly string[],
    atMs: number,
    judge: () => Decision,
  ): Transaction | 'conflict' {
    const digest = digestOf([request, ...secrets])
    const known = this.find(kind, txId)
    if (known !== undefined) return known.digest === null || known.digest === digest ? known : 'conflict'
    const { status, reason = '', fen } = judge()
    this.#insert.run(kind, txId, digest, JSON.stringify(request), status, reason, fen, atMs)
    return { kind, txId, digest, request, status, reason, fen, decidedMs: atMs }
  }

  /** Ends a request that was processing. @returns false when it had ended already */
  settle(kind: string, txId: string, status: 'done' | 'refused', reason: string, atMs: number): boolean {
    return Number(this.#move.run(status, reason, atMs, kind, txId).changes) === 1
  }

  /** Calls a request off: unless it is known, it will be refused for ever. Returns where it stands. */
  cancel(kind: string, txId: string, atMs: number): Transaction {
    const known = this.find(kind, txId)
    if (known !== undefined) return known
    this.#insert.run(kind, txId, null, '{}', 'refused', cancelled, 0, atMs)
    return { kind, txId, digest: null, request: {}, status: 'refused', reason: cancelled, fen: 0, decidedMs: atMs }
  }

  processing(): { kind: string; txId: string }[] {
    const rows = this.#processing.all() as { kind: string; tx_id: string }[]
    return rows.map(({ kind, tx_id: txId }) => ({ kind, txId }))
  }
}

function digestOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}
