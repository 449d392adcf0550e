import type postgres from 'postgres'
import type { JournalSaga } from './journal.ts'

const rechargeKind = 1

type SagaRow = {
  kind: number
  amount: bigint
  step: number
  reason: number
  balance_after: bigint
  requested: bigint
  changed: bigint
}

/** A wallet's recharge or redemption of this id, when the journal has it. */
export async function selectSaga(sql: postgres.Sql, wallet: number, id: Uint8Array): Promise<JournalSaga | undefined> {
  const [row] = await sql<SagaRow[]>`
    select kind, amount_fen as amount, step, reason, balance_after_fen as balance_after, requested_ms as requested,
      changed_ms as changed
    from sagas where wallet = ${wallet} and id = ${id}`
  return row && sagaOf(row, wallet)
}

function sagaOf(row: SagaRow, wallet: number): JournalSaga {
  return {
    kind: row.kind === rechargeKind ? 'recharge' : 'redemption',
    walletNumber: wallet,
    amountFen: Number(row.amount),
    step: row.step,
    code: row.reason,
    balanceAfterFen: Number(row.balance_after),
    requestedMs: Number(row.requested),
    changedMs: Number(row.changed),
  }
}
