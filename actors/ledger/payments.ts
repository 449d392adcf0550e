import {
  admitId,
  admitQuota,
  admitTimestamp,
  forgetPerRecord,
  idMemoryMs,
  rememberDated,
  repeatAnswer,
} from './admission.ts'
import type { FrameInput } from './frameInput.ts'
import { freedOverdue } from './holds.ts'
import { type Outcomes, postingKinds } from './outcomes.ts'
import { judgeCredit, judgePayment } from './paymentRules.ts'
import { creditPayment, debitWallet, oweCredit } from './postings.ts'
import { paymentRecord, transitOps } from './records.ts'
import { finishOverdue } from './recoveries.ts'
import { codeOf, rememberedByCode } from './refusals.ts'
import type { State } from './state.ts'

const paymentWords = paymentRecord.size >>> 3
const P = {
  keyVersion: paymentRecord.at.keyVersion >>> 2,
  device: paymentRecord.at.device >>> 2,
  payer: paymentRecord.at.payer >>> 3,
  payee: paymentRecord.at.payee >>> 3,
  amount: paymentRecord.at.amount >>> 3,
  id: paymentRecord.at.id,
  digest: paymentRecord.at.digestHigh >>> 2,
  requestedMs: paymentRecord.at.requestedMs >>> 3,
  token: paymentRecord.at.token >>> 3,
}

/**
 * Payments that wallets sign one by one: the debit in the payer's shard, then the credit in the payee's or a return to
 * the payer. Legs of a debit: wallet -, transit +. A payment inside one shard makes both its legs in one step.
 */
export class Payments {
  readonly #s: State
  #repeated = false

  constructor(state: State) {
    this.#s = state
  }

  /** @param repeated the frame was applied before: its payments are answered, never executed. */
  apply(frame: FrameInput, out: Outcomes, repeated: boolean): void {
    this.#repeated = repeated
    out.ruleVersion.fill(this.#s.ruleVersion, 0, frame.count)
    for (let i = 0; i < frame.count; i++) {
      this.#payment(frame, out, i)
      this.#s.ids.forget(this.#s.logTimeMs - idMemoryMs, forgetPerRecord)
    }
    out.count = frame.count
  }

  #payment(frame: FrameInput, out: Outcomes, i: number): void {
    const s = this.#s
    const words = i * paymentWords
    const payer = frame.f64[words + P.payer]!
    const idWord = words * 2 + (P.id >>> 2)
    const digestWord = words * 2 + P.digest
    out.token[i] = frame.f64[words + P.token]!
    const known = s.ids.find(payer, frame.u32, idWord)
    if (known >= 0) {
      repeatAnswer(s, out, i, known, frame.u32[digestWord]!, frame.u32[digestWord + 1]!, frame.seq)
      return
    }
    const row = s.walletRows.row(payer)
    finishOverdue(s, row, out)
    let code = this.#admit(frame, i, row)
    let entry = -1
    if (code === 0) {
      code = this.#judge(frame, i, row)
      if (code !== 0 && freedOverdue(s, row, code, out)) code = this.#judge(frame, i, row)
      if (code === 0 || rememberedByCode[code] === 1) {
        entry = s.ids.add(payer, frame.u32, idWord, digestWord)
        rememberDated(s, row, payer, frame.u8, words * 8 + P.id, frame.u32, idWord)
      }
    }
    const destination = code === 0 ? this.#debit(frame, i, row, out) : 0
    out.code[i] = code
    out.destination[i] = destination
    out.value[i] = destination === 0 ? 0 : s.lanes[destination - 1]!.next - 1
    out.time[i] = s.logTimeMs
    out.seq[i] = frame.seq
    out.index[i] = i
    out.repeated[i] = 0
    if (entry >= 0) s.ids.settle(entry, code, s.logTimeMs, frame.seq, i, out.value[i]!, destination)
  }

  /** Whether the command may be judged at all. What is refused here leaves no trace and may be tried again. */
  #admit(frame: FrameInput, i: number, row: number): number {
    const s = this.#s
    const words = i * paymentWords
    if (s.shardOf(frame.f64[words + P.payer]!) !== s.genesis.shard) return codeOf['shard-misplaced']
    const idAt = words * 8 + P.id
    const idCode = admitId(s, frame.f64[words + P.payer]!, frame.u8, idAt, frame.u32, idAt >>> 2)
    if (idCode !== 0) return idCode
    if (this.#repeated) return codeOf['frame-repeated']
    const timestamp = admitTimestamp(s, frame.f64[words + P.requestedMs]!)
    if (timestamp !== 0) return timestamp
    const room = admitQuota(s, row, frame.u8, idAt)
    if (room !== 0) return room
    if (row < 0) return codeOf['wallet-unknown']
    return s.wallets.at.keyVersion[row] === frame.u32[words * 2 + P.keyVersion] ? 0 : codeOf['key-not-current']
  }

  #judge(frame: FrameInput, i: number, row: number): number {
    const s = this.#s
    const words = i * paymentWords
    const payee = frame.f64[words + P.payee]!
    const amount = frame.f64[words + P.amount]!
    const code = judgePayment(s, row, frame.f64[words + P.payer]!, payee, amount, frame.u32[words * 2 + P.device]!)
    if (code !== 0 || s.shardOf(payee) !== s.genesis.shard) return code
    return judgeCredit(s, s.walletRows.row(payee), amount)
  }

  /** Posts an accepted payment. Returns the destination shard + 1, or 0 when both legs are in this shard. */
  #debit(frame: FrameInput, i: number, row: number, out: Outcomes): number {
    const s = this.#s
    const words = i * paymentWords
    const payer = frame.f64[words + P.payer]!
    const payee = frame.f64[words + P.payee]!
    const amount = frame.f64[words + P.amount]!
    const idAt = words * 8 + P.id
    debitWallet(s, row, amount, frame.u32[words * 2 + P.device]!)
    out.watch?.posted(row, postingKinds.paymentOut, -amount, payee, frame.u8, idAt, i)
    const shard = s.shardOf(payee)
    if (shard === s.genesis.shard) {
      const payeeRow = s.walletRows.row(payee)
      creditPayment(s, payeeRow, amount)
      out.watch?.posted(payeeRow, postingKinds.paymentIn, amount, payer, frame.u8, idAt, i)
      return 0
    }
    const lane = s.lanes[shard]!
    lane.begin(s.accounts.institution(row), frame.senderNumber, frame.f64[words + P.token]!, frame.u32, idAt >>> 2)
    oweCredit(s, shard, transitOps.credit, 0, 0, payer, payee, amount)
    return shard + 1
  }
}
