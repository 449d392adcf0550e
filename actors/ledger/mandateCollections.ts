import { mayInstitution } from './authority.ts'
import { periodOfDay } from './calendar.ts'
import { bytesWords } from './commandBytes.ts'
import { type Command, type Execute, refuse } from './execution.ts'
import { judgeWithOverdue } from './holds.ts'
import { countPayment, mandateStateOf, takenIn } from './mandates.ts'
import { mandateStates } from './mandateTable.ts'
import { isAmount } from './money.ts'
import { postingKinds } from './outcomes.ts'
import { judgeCredit, judgePayment } from './paymentRules.ts'
import { creditPayment, debitWallet, oweCredit } from './postings.ts'
import { signers, transitOps } from './records.ts'
import { type Refusal, refusalOf } from './refusals.ts'
import { nobodyThere } from './riskJudgements.ts'
import type { State } from './state.ts'

/** The payee collects by a mandate: a payment of the payer's like any other, within what the payer allowed. */
export const collectMandate: Execute<'mandateCollect'> = (s, command, out, place) => {
  const { wallet, amount, id } = command
  const row = s.walletRows.row(wallet)
  const mandate = row < 0 ? -1 : s.mandates.find(row, command.mandate)
  const refusal = judgeCollection(s, row, mandate, command)
  if (refusal !== 'accepted') return refuse(refusal)
  const payee = s.mandates.columns.at.payee[mandate]!
  const shard = s.shardOf(payee)
  const here = shard === s.genesis.shard
  const payeeRow = here ? s.walletRows.row(payee) : -1
  const code = judgeWithOverdue(s, row, out, () => {
    const found = judgePayment(s, row, wallet, payee, amount, nobodyThere)
    return found !== 0 || !here ? found : judgeCredit(s, payeeRow, amount)
  })
  if (code !== 0) return refuse(refusalOf(code))
  countPayment(s, mandate, amount, out)
  debitWallet(s, row, amount, nobodyThere)
  out.watch?.posted(row, postingKinds.paymentOut, -amount, payee, id, 0, place.index)
  if (here) {
    creditPayment(s, payeeRow, amount)
    out.watch?.posted(payeeRow, postingKinds.paymentIn, amount, wallet, id, 0, place.index)
    return { refusal: 'accepted' }
  }
  const lane = s.lanes[shard]!
  lane.begin(s.accounts.institution(row), place.sender, command.token, bytesWords(id, 0, 0), 0)
  oweCredit(s, shard, transitOps.mandateCredit, 0, s.mandates.numberOf(mandate), wallet, payee, amount)
  return { refusal: 'accepted', value: lane.next - 1, destination: shard + 1 }
}

function judgeCollection(s: State, row: number, mandate: number, command: Command<'mandateCollect'>): Refusal {
  if (row < 0) return 'wallet-unknown'
  if (mandate < 0) return 'mandate-unknown'
  const may = mayCollect(s, mandate, command)
  if (may !== 'accepted') return may
  // What comes back is found by the payer's wallet and the id.
  if (command.actor !== command.wallet) return 'signer-not-allowed'
  const { amount } = command
  if (!isAmount(amount)) return 'amount-invalid'
  const at = s.mandates.columns.at
  if (at.scheduled[mandate] === 1) return 'mandate-scheduled'
  const state = mandateStateOf(s, mandate)
  if (state === mandateStates.cancelled) return 'mandate-cancelled'
  if (state === mandateStates.over) return 'mandate-ended'
  if (s.logTimeMs < at.firstMs[mandate]!) return 'mandate-early'
  const taken = takenIn(s, mandate, periodOfDay(s.today, at.period[mandate]!))
  const inBounds = amount <= at.amount[mandate]! && amount <= at.periodAmount[mandate]! - taken
  return inBounds ? 'accepted' : 'mandate-exceeded'
}

/** As for holds: the payee's key is known in its own shard alone, where the edge has just read that it is current. */
function mayCollect(s: State, mandate: number, by: Command<'mandateCollect'>): Refusal {
  const { payee, payeeInstitution } = s.mandates.columns.at
  if (by.signer === signers.payeeKey) return payee[mandate] === by.payee ? 'accepted' : 'signer-not-allowed'
  if (by.signer !== signers.institution) return 'signer-not-allowed'
  const may = mayInstitution(s, by.principal)
  if (may !== 'accepted') return may
  return payeeInstitution[mandate] === by.principal ? 'accepted' : 'signer-not-allowed'
}
