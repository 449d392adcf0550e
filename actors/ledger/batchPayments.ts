import { admitTimestamp, admitUuid, forgetPerRecord, idMemoryMs } from './admission.ts'
import { batchRecordsMax, makeRecordId } from './batches.ts'
import { BatchUndo } from './batchUndo.ts'
import { shardsMax } from './books.ts'
import type { FrameInput } from './frameInput.ts'
import { freedOverdue, releaseOverdue } from './holds.ts'
import { idClass, idClasses } from './ids.ts'
import { type Outcomes, postingKinds } from './outcomes.ts'
import { judgeCredit, judgePayment } from './paymentRules.ts'
import { creditPayment, debitWallet, oweCredit } from './postings.ts'
import { batchFlags, batchHeader, batchRecord, principalRoles, transitOps } from './records.ts'
import { codeOf } from './refusals.ts'
import { nobodyThere } from './riskJudgements.ts'
import type { State } from './state.ts'

const headerWords = batchHeader.size >>> 3
const recordWords = batchRecord.size >>> 3
const H = batchHeader.at
const R = {
  payer: batchRecord.at.payer >>> 3,
  payee: batchRecord.at.payee >>> 3,
  amount: batchRecord.at.amount >>> 3,
  authorisation: batchRecord.at.authorisation >>> 2,
  index: batchRecord.at.index >>> 2,
}
/** Records whose rows are looked up ahead, so that their cache misses overlap. */
export const lookAhead = 128
const elsewhere = -2

/**
 * Payments that an institution signs for its own wallets, thousands at a time: judged one by one like any other, and
 * remembered as one. Each record is a debit here and a credit wherever the payee lives; a batch that asks for it is
 * carried out whole or not at all, within one shard.
 */
export class BatchPayments {
  readonly #s: State
  readonly #payerRows = new Int32Array(lookAhead)
  readonly #payeeRows = new Int32Array(lookAhead)
  /** By destination: shard + 1 of each payee, 0 for here, of the block looked up last. */
  readonly #shards = new Uint8Array(lookAhead)
  readonly #undo = new BatchUndo(batchRecordsMax)
  /** The record's id as it stands in the journal: the batch's with the index at its end. */
  readonly #id = new Uint8Array(16)
  /** By shard: whether the batch has begun its group in the lane to there. */
  readonly #begun = new Uint8Array(shardsMax)
  /** The look-ahead adds what it read here, so that no compiler may leave the reads out. */
  #touched = 0

  constructor(state: State) {
    this.#s = state
  }

  /** Whether the records' places in the batch rise, so that no two records of it share an id. */
  isOrdered(frame: FrameInput): boolean {
    let last = -1
    for (let i = 0; i < frame.count; i++) {
      const index = frame.u32[(headerWords + i * recordWords) * 2 + R.index]!
      if (index <= last) return false
      last = index
    }
    return last <= 0xffff
  }

  /**
   * A part without records takes in the batch's id: whoever comes with another body under it is refused from then on.
   * Why a part was refused stands at its first place, records or not.
   * @param repeated the frame was applied before: its batch is answered, never executed.
   */
  apply(frame: FrameInput, out: Outcomes, repeated: boolean): void {
    const s = this.#s
    const institution = frame.u32[H.institution >>> 2]!
    out.count = frame.count
    out.ruleVersion.fill(s.ruleVersion, 0, frame.count)
    out.token[0] = frame.f64[H.token >>> 3]!
    out.transitFirst.fill(0)
    out.transitCount.fill(0)
    s.batches.forget(s.logTimeMs - idMemoryMs, forgetPerRecord)
    const known = s.batches.find(institution, frame.u32, H.id >>> 2)
    if (known >= 0) this.#answerAgain(frame, out, known)
    else {
      const code = this.#admit(frame, institution, repeated)
      out.batch = code === 0 ? 'executed' : 'refused'
      if (code === 0) this.#execute(frame, out, institution)
      else out.code.fill(code, 0, Math.max(1, frame.count))
    }
  }

  #answerAgain(frame: FrameInput, out: Outcomes, known: number): void {
    const { batches } = this.#s
    const same = batches.isSameBody(known, frame.u32, H.digestHigh >>> 2) && batches.countOf(known) === frame.count
    out.batch = same ? 'repeated' : 'refused'
    if (same) batches.read(known, out.code, out.transitFirst, out.transitCount)
    else out.code.fill(codeOf['id-reused'], 0, Math.max(1, frame.count))
  }

  /** Whether the batch may be judged at all. What is refused here leaves no trace and may be tried again. */
  #admit(frame: FrameInput, institution: number, repeated: boolean): number {
    const s = this.#s
    if (idClass(frame.u8, H.id) !== idClasses.uuid) return codeOf['id-malformed']
    const id = admitUuid(s, frame.u8, H.id)
    if (id !== 0) return id
    if (repeated) return codeOf['frame-repeated']
    const timestamp = admitTimestamp(s, frame.f64[H.requestedMs >>> 3]!)
    if (timestamp !== 0) return timestamp
    if (!s.batches.hasRoom(frame.count)) return codeOf['ids-exhausted']
    return s.activePrincipal(institution, principalRoles.institution) < 0 ? codeOf['institution-unknown'] : 0
  }

  #execute(frame: FrameInput, out: Outcomes, institution: number): void {
    const s = this.#s
    const batch = s.batches.add(institution, frame.u32, H.id >>> 2, H.digestHigh >>> 2, frame.count)
    for (let b = 0; b < 16; b++) this.#id[b] = frame.u8[H.id + b]!
    for (let d = 0; d < s.lanes.length; d++) out.transitFirst[d] = s.lanes[d]!.next
    this.#begun.fill(0)
    const atomic = (frame.u32[H.flags >>> 2]! & batchFlags.atomic) !== 0
    if (atomic) this.#executeWhole(frame, out, institution)
    else this.#executeEach(frame, out, institution)
    for (let d = 0; d < s.lanes.length; d++) out.transitCount[d] = s.lanes[d]!.next - out.transitFirst[d]!
    s.batches.settle(batch, s.logTimeMs, frame.seq, out.code, out.transitFirst, out.transitCount)
  }

  #executeEach(frame: FrameInput, out: Outcomes, institution: number): void {
    for (let from = 0; from < frame.count; from += lookAhead) {
      const to = Math.min(frame.count, from + lookAhead)
      this.#lookUp(frame, from, to)
      for (let i = from; i < to; i++) {
        let code = this.#judge(frame, i, i - from, institution)
        if (code !== 0 && freedOverdue(this.#s, this.#payerRows[i - from]!, code, out)) {
          code = this.#judge(frame, i, i - from, institution)
        }
        out.code[i] = code
        if (code === 0) this.#post(frame, out, i, i - from)
      }
    }
  }

  /** All or nothing: what was posted before the first refusal is taken back, and the journal never hears of it. */
  #executeWhole(frame: FrameInput, out: Outcomes, institution: number): void {
    this.#undo.clear()
    for (let i = 0; i < frame.count; i++) {
      this.#lookUp(frame, i, i + 1)
      const payer = this.#payerRows[0]!
      // Before any payment of this payer is remembered: what a hold gives back of the limits must outlive a taking back.
      if (payer >= 0 && this.#s.accounts.firstHold(payer) !== 0) releaseOverdue(this.#s, payer, out)
      const code = this.#judge(frame, i, 0, institution)
      const refused = code === 0 && this.#shards[0] !== 0 ? codeOf['batch-not-local'] : code
      if (refused !== 0) {
        this.#undo.takeBack(this.#s)
        out.code.fill(codeOf['batch-linked'], 0, frame.count)
        out.code[i] = refused
        return
      }
      const amount = frame.f64[headerWords + i * recordWords + R.amount]!
      this.#undo.remember(this.#s, payer, this.#payeeRows[0]!, amount)
      debitWallet(this.#s, payer, amount, nobodyThere)
      creditPayment(this.#s, this.#payeeRows[0]!, amount)
    }
    out.code.fill(0, 0, frame.count)
    this.#showWhole(frame, out)
  }

  #showWhole(frame: FrameInput, out: Outcomes): void {
    if (out.watch === undefined) return
    for (let i = 0; i < frame.count; i++) {
      const words = headerWords + i * recordWords
      const payer = frame.f64[words + R.payer]!
      const payee = frame.f64[words + R.payee]!
      this.#lookUp(frame, i, i + 1)
      this.#show(frame, out, i, this.#payerRows[0]!, postingKinds.paymentOut, -frame.f64[words + R.amount]!, payee)
      this.#show(frame, out, i, this.#payeeRows[0]!, postingKinds.paymentIn, frame.f64[words + R.amount]!, payer)
    }
  }

  /** Three passes, each of reads that do not wait for one another: a miss costs little when many are under way. */
  #lookUp(frame: FrameInput, from: number, to: number): void {
    const s = this.#s
    for (let i = from; i < to; i++) {
      const words = headerWords + i * recordWords
      const shard = s.shardOf(frame.f64[words + R.payee]!)
      const here = shard === s.genesis.shard
      this.#shards[i - from] = here ? 0 : shard + 1
      this.#touched += s.walletRows.touch(frame.f64[words + R.payer]!)
      if (here) this.#touched += s.walletRows.touch(frame.f64[words + R.payee]!)
    }
    for (let i = from; i < to; i++) {
      const words = headerWords + i * recordWords
      const n = i - from
      const payer = frame.f64[words + R.payer]!
      this.#payerRows[n] = s.shardOf(payer) === s.genesis.shard ? s.walletRows.row(payer) : elsewhere
      this.#payeeRows[n] = this.#shards[n] === 0 ? s.walletRows.row(frame.f64[words + R.payee]!) : elsewhere
    }
    for (let n = 0; n < to - from; n++) {
      if (this.#payerRows[n]! >= 0) this.#touched += s.accounts.touch(this.#payerRows[n]!)
      if (this.#payeeRows[n]! >= 0) this.#touched += s.accounts.touch(this.#payeeRows[n]!)
    }
  }

  #judge(frame: FrameInput, i: number, n: number, institution: number): number {
    const s = this.#s
    const words = headerWords + i * recordWords
    const row = this.#payerRows[n]!
    if (row === elsewhere) return codeOf['shard-misplaced']
    if (row < 0) return codeOf['wallet-unknown']
    if (s.accounts.institution(row) !== institution) return codeOf['signer-not-allowed']
    const amount = frame.f64[words + R.amount]!
    const payee = frame.f64[words + R.payee]!
    const payment = judgePayment(s, row, frame.f64[words + R.payer]!, payee, amount, nobodyThere)
    if (payment !== 0) return payment
    const credit = this.#shards[n] === 0 ? judgeCredit(s, this.#payeeRows[n]!, amount) : 0
    if (credit !== 0) return credit
    return frame.u32[words * 2 + R.authorisation] === 0 ? codeOf['authorisation-missing'] : 0
  }

  #post(frame: FrameInput, out: Outcomes, i: number, n: number): void {
    const s = this.#s
    const words = headerWords + i * recordWords
    const row = this.#payerRows[n]!
    const payer = frame.f64[words + R.payer]!
    const payee = frame.f64[words + R.payee]!
    const amount = frame.f64[words + R.amount]!
    debitWallet(s, row, amount, nobodyThere)
    this.#show(frame, out, i, row, postingKinds.paymentOut, -amount, payee)
    const shard = this.#shards[n]!
    if (shard === 0) {
      creditPayment(s, this.#payeeRows[n]!, amount)
      this.#show(frame, out, i, this.#payeeRows[n]!, postingKinds.paymentIn, amount, payer)
      return
    }
    this.#oweTo(frame, i, shard - 1, payer, payee, amount)
  }

  /** The batch's first record for a shard begins its group there. */
  #oweTo(frame: FrameInput, i: number, shard: number, payer: number, payee: number, amount: number): void {
    const s = this.#s
    const lane = s.lanes[shard]!
    if (this.#begun[shard] === 0) {
      this.#begun[shard] = 1
      const institution = frame.u32[H.institution >>> 2]!
      lane.begin(institution, frame.senderNumber, frame.f64[H.token >>> 3]!, frame.u32, H.id >>> 2)
    }
    const index = frame.u32[(headerWords + i * recordWords) * 2 + R.index]!
    oweCredit(s, shard, transitOps.batchCredit, i, index, payer, payee, amount)
  }

  #numberId(frame: FrameInput, i: number): void {
    makeRecordId(this.#id, frame.u32[(headerWords + i * recordWords) * 2 + R.index]!)
  }

  #show(
    frame: FrameInput,
    out: Outcomes,
    i: number,
    row: number,
    kind: number,
    delta: number,
    counterparty: number,
  ): void {
    if (out.watch === undefined) return
    this.#numberId(frame, i)
    out.watch.posted(row, kind, delta, counterparty, this.#id, 0, i)
  }
}
