import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { fenMax } from '../yuan.ts'

/** Tables of a double-entry ledger: what each account holds, and every posting that ever changed it. */
export const doubleEntrySchema = `
  CREATE TABLE IF NOT EXISTS accounts (
    name TEXT PRIMARY KEY,
    fen INTEGER NOT NULL,
    may_owe INTEGER NOT NULL,
    CHECK (may_owe = 1 OR fen >= 0)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    tx_id TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS legs (
    seq INTEGER NOT NULL REFERENCES journal (seq),
    leg INTEGER NOT NULL,
    account TEXT NOT NULL REFERENCES accounts (name),
    fen INTEGER NOT NULL,
    PRIMARY KEY (seq, leg)
  ) STRICT, WITHOUT ROWID
`

/** Signed fen: a liability grows with a positive leg, an asset with a negative one, and all accounts sum to zero. */
export type Leg = { account: string; fen: number }
export type Entry = { seq: number; atMs: number; kind: string; txId: string; legs: Leg[] }

/** A law of the book does not hold: the transaction is rolled back and nothing of it is kept. */
export class BookLawBroken extends Error {
  constructor(law: string) {
    super(`law of the book broken: ${law}`)
    this.name = 'BookLawBroken'
  }
}

/** The double-entry ledger of one far side. All methods run inside the caller's transaction. */
export class DoubleEntry {
  readonly #open: StatementSync
  readonly #read: StatementSync
  readonly #move: StatementSync
  readonly #entry: StatementSync
  readonly #leg: StatementSync
  readonly #page: StatementSync
  readonly #sum: StatementSync
  readonly #last: StatementSync

  constructor(db: DatabaseSync) {
    this.#open = db.prepare('INSERT INTO accounts (name, fen, may_owe) VALUES (?, 0, ?) ON CONFLICT DO NOTHING')
    this.#read = db.prepare('SELECT fen FROM accounts WHERE name = ?')
    this.#move = db.prepare('UPDATE accounts SET fen = fen + ? WHERE name = ? RETURNING fen')
    this.#entry = db.prepare('INSERT INTO journal (at_ms, kind, tx_id) VALUES (?, ?, ?) RETURNING seq')
    this.#leg = db.prepare('INSERT INTO legs (seq, leg, account, fen) VALUES (?, ?, ?, ?)')
    this.#page = db.prepare(`
      SELECT seq, at_ms, kind, tx_id, account, fen FROM journal JOIN legs USING (seq)
      WHERE seq > ? AND seq <= ? ORDER BY seq, leg
    `)
    this.#sum = db.prepare('SELECT coalesce(sum(fen), 0) AS fen FROM accounts WHERE name >= ? AND name < ?')
    this.#last = db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM journal')
  }

  /** Opens an account with nothing in it; one that exists stays as it is. Only assets and equity may go below zero. */
  open(account: string, mayOwe = false): void {
    this.#open.run(account, mayOwe ? 1 : 0)
  }

  has(account: string): boolean {
    return this.#read.get(account) !== undefined
  }

  balance(account: string): number {
    const row = this.#read.get(account) as { fen: number } | undefined
    if (row === undefined) throw new BookLawBroken('a balance was asked of an account that was never opened')
    return row.fen
  }

  /** Sum of all accounts whose name begins with `prefix`; every account with the empty prefix. */
  sum(prefix = ''): number {
    const end =
      prefix === '' ? '\u{10ffff}' : prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
    return (this.#sum.get(prefix, end) as { fen: number }).fen
  }

  /** @throws BookLawBroken, or an SQLite error when an account would owe that may not; nothing is kept then. */
  post(kind: string, txId: string, atMs: number, legs: readonly Leg[]): void {
    if (legs.reduce((sum, { fen }) => sum + BigInt(fen), 0n) !== 0n) throw new BookLawBroken('legs do not sum to zero')
    const { seq } = this.#entry.get(atMs, kind, txId) as { seq: number }
    for (const [i, { account, fen }] of legs.entries()) {
      const row = this.#move.get(fen, account) as { fen: number } | undefined
      if (row === undefined) throw new BookLawBroken('a leg names an account that was never opened')
      const size = BigInt(row.fen) < 0n ? -BigInt(row.fen) : BigInt(row.fen)
      if (size > fenMax) throw new BookLawBroken('a balance left the exact range')
      this.#leg.run(seq, i, account, fen)
    }
  }

  /** Number of the newest entry, 0 when there is none. */
  lastSeq(): number {
    return (this.#last.get() as { seq: number }).seq
  }

  /** Entries after `afterSeq`, oldest first. */
  page(afterSeq: number, limit: number): Entry[] {
    const rows = this.#page.all(afterSeq, afterSeq + limit) as LegRow[]
    const entries: Entry[] = []
    for (const { seq, at_ms: atMs, kind, tx_id: txId, account, fen } of rows) {
      if (entries.at(-1)?.seq !== seq) entries.push({ seq, atMs, kind, txId, legs: [] })
      entries.at(-1)!.legs.push({ account, fen })
    }
    return entries
  }
}

type LegRow = { seq: number; at_ms: number; kind: string; tx_id: string; account: string; fen: number }
