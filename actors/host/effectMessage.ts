import { commandIdText } from '../ledger/ids.ts'
import type { State } from '../ledger/state.ts'
import { viewSaga } from '../ledger/views.ts'
import type { Effect } from '../log/effects.ts'

/** What an open saga owes the outside, from the state alone: any leader, at any time, says the same. */
export function effectOf(state: State, row: number): Effect {
  const saga = viewSaga(state, row)
  return {
    saga: saga.kind,
    shard: state.genesis.shard,
    walletNumber: saga.walletNumber,
    institution: saga.institution,
    amountFen: String(saga.amount),
    txId: commandIdText(saga.id),
    id: saga.id,
    step: saga.step,
    sealedAccount: saga.sealedAccount,
    sealedToken: saga.sealedToken,
  }
}
