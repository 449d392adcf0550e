import type { Blobs } from '../log/blobs.ts'
import type { Replica } from '../log/replica.ts'
import { SealError } from '../log/sealError.ts'
import type { Database } from './database.ts'
import { openBalance } from './stateRows.ts'

const cursorRows = 5_000
const notesMax = 20

export type WalletFindings = {
  compared: number
  /** Wallets whose row or journal does not say what the log says. */
  differing: number
  /** By how much, all of them together: of each the larger of what its row and its journal are wrong by. */
  differingFen: bigint
  notes: string[]
}

/**
 * Compares Postgres with replicas that stand where it stood: each wallet's sealed balance and state, and the sum of its
 * journal. Must run inside one repeatable-read transaction, in which the positions were read too.
 */
export async function compareWallets(
  sql: Database,
  replicas: readonly Replica[],
  blobs: Blobs,
): Promise<WalletFindings> {
  const expected = expectedOf(replicas)
  const differing = new Differing()
  let compared = 0
  const rows = sql<{ number: bigint; state: string; seq: bigint; sealed: Uint8Array }[]>`
    select number, state, seq, balance_sealed as sealed from wallets`
  for await (const page of rows.cursor(cursorRows)) {
    for (const { number, state, seq, sealed } of page) {
      compared += 1
      const wallet = expected.get(Number(number))
      const balance = balanceIn(blobs, number, seq, sealed)
      const gap = (balance === 'unreadable' ? 0n : balance) - (wallet?.fen ?? 0n)
      if (wallet === undefined) differing.add(Number(number), gap, 'is not in the log')
      else if (balance !== wallet.fen) differing.add(Number(number), gap, `${balance} fen, the log has ${wallet.fen}`)
      else if (state !== wallet.state) differing.add(Number(number), 0n, `${state}, the log has ${wallet.state}`)
      expected.delete(Number(number))
    }
  }
  for (const [number, { fen }] of expected) differing.add(number, fen, 'is missing in Postgres')
  await compareJournal(sql, replicas, differing)
  return { compared, ...differing.findings() }
}

/** Wallets that differ: by how much, and in what last. */
class Differing {
  readonly #wallets = new Map<number, { fen: bigint; what: string }>()

  add(number: number, gap: bigint, what: string): void {
    const fen = gap < 0n ? -gap : gap
    const before = this.#wallets.get(number)?.fen ?? 0n
    this.#wallets.set(number, { fen: fen > before ? fen : before, what })
  }

  findings(): Omit<WalletFindings, 'compared'> {
    const all = [...this.#wallets]
    return {
      differing: all.length,
      differingFen: all.reduce((sum, [, { fen }]) => sum + fen, 0n),
      notes: all.slice(0, notesMax).map(([number, { what }]) => `wallet ${number}: ${what}`),
    }
  }
}

const stateNames = ['open', 'frozen', 'closed']

function expectedOf(replicas: readonly Replica[]): Map<number, { fen: bigint; state: string }> {
  const expected = new Map<number, { fen: bigint; state: string }>()
  for (const { ledger } of replicas) {
    const { wallets, accounts } = ledger.state
    for (let row = 0; row < wallets.count; row++) {
      const state = stateNames[accounts.state(row)]!
      expected.set(wallets.at.number[row]!, { fen: BigInt(accounts.balance(row)), state })
    }
  }
  return expected
}

function balanceIn(blobs: Blobs, number: bigint, seq: bigint, sealed: Uint8Array): bigint | 'unreadable' {
  try {
    return openBalance(blobs, number, seq, sealed)
  } catch (error) {
    if (error instanceof SealError) return 'unreadable'
    throw error
  }
}

/** Every fen in a wallet must have come by an entry, and every entry must count. */
async function compareJournal(sql: Database, replicas: readonly Replica[], differing: Differing): Promise<void> {
  const expected = expectedOf(replicas)
  const sums = sql<{ wallet: bigint; fen: string }[]>`
    select wallet, sum(delta_fen)::text as fen from entries group by wallet`
  for await (const page of sums.cursor(cursorRows)) {
    for (const { wallet, fen } of page) {
      const { fen: balance } = expected.get(Number(wallet)) ?? { fen: 0n }
      const gap = BigInt(fen) - balance
      if (gap !== 0n) differing.add(Number(wallet), gap, `journal sums to ${fen} fen, the log has ${balance}`)
      expected.delete(Number(wallet))
    }
  }
  for (const [number, { fen }] of expected) {
    if (fen !== 0n) differing.add(number, fen, `no journal, the log has ${fen} fen`)
  }
}
