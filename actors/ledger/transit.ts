import { makeRecordId } from './batches.ts'
import { disputeBounced } from './disputes.ts'
import type { FrameInput } from './frameInput.ts'
import { uuidTimeMs } from './ids.ts'
import { isMadeId } from './madeIds.ts'
import { mandateReturned } from './mandates.ts'
import { isAmount, LawBroken } from './money.ts'
import { bindOrder, judgeOrder } from './orders.ts'
import { type Outcomes, postingKinds } from './outcomes.ts'
import { judgeCredit } from './paymentRules.ts'
import { creditPayment, creditWallet, returnToWallet } from './postings.ts'
import { orderTransitRecord, transitGroup, transitHeader, transitOps, transitRecord } from './records.ts'
import { judgeRefundCredit, refundReturned } from './refunds.ts'
import { refusals } from './refusals.ts'
import { splitReturned } from './splits.ts'
import { type State, walletStates } from './state.ts'
import { partEnd, recordsAt, recordsOf } from './transitParts.ts'

const recordWords = transitRecord.size >>> 3
const groupWords = transitGroup.size >>> 3
const headerWords = transitHeader.size >>> 3
const H = transitHeader.at
const G = transitGroup.at
const T = transitRecord.at
/** As what the journal shows a credit or return, by its op. */
const {
  paymentIn,
  refundIn,
  splitIn,
  paymentReturned,
  refundReturned: refundBack,
  splitReturned: splitBack,
} = postingKinds
const creditKinds: Readonly<Record<number, number>> = {
  [transitOps.orderCredit]: paymentIn,
  [transitOps.refundCredit]: refundIn,
  [transitOps.splitCredit]: splitIn,
  [transitOps.mandateCredit]: paymentIn,
  [transitOps.disputeCredit]: refundIn,
}
const returnKinds: Readonly<Record<number, number>> = {
  [transitOps.return]: paymentReturned,
  [transitOps.batchReturn]: paymentReturned,
  [transitOps.orderReturn]: paymentReturned,
  [transitOps.refundReturn]: refundBack,
  [transitOps.splitReturn]: splitBack,
  [transitOps.mandateReturn]: paymentReturned,
  [transitOps.disputeReturn]: refundBack,
}
/** Rows that are looked up ahead, so that their cache misses overlap. */
const lookAhead = 128

/** What comes from other shards: credits, legs transit - and wallet +, or the returns of such as could not be taken. */
export class Transit {
  readonly #s: State
  readonly #rows = new Int32Array(lookAhead)
  /** The prefetch of a block adds what it read here, so that no compiler may leave the reads out. */
  #touched = 0
  /** Where the records of the part begin, in doubles, and how many records of the frame stand before them. */
  #records = 0
  #before = 0
  /** Where the group of the record at hand stands, in doubles, and the record from which on the next one holds. */
  #group = 0
  #groupUntil = 0
  /** The group that the lane back was told of last in this part, or 0. */
  #groupBack = 0
  /** A record's id as it stands in the journal. */
  readonly #id = new Uint8Array(16)

  constructor(state: State) {
    this.#s = state
  }

  /** Takes what other shards owe this one: of each in order, once, whatever is sent again. */
  apply(frame: FrameInput, out: Outcomes): void {
    let taken = false
    let gap = false
    this.#before = 0
    for (let at = 0; at < frame.bodyBytes; at = partEnd(frame, at)) {
      const came = this.#takePart(frame, at, out)
      if (came === 'taken') taken = true
      else if (came === 'gap') gap = true
      this.#before += recordsOf(frame, at)
    }
    if (!taken) out.skipped = gap ? 'gap' : 'repeated'
  }

  /** What one source owes stands for itself: whether it is the next says nothing about that of the others. */
  #takePart(frame: FrameInput, at: number, out: Outcomes): 'taken' | 'repeated' | 'gap' {
    const s = this.#s
    const source = frame.u32[(at + H.source) >>> 2]!
    const incarnation = frame.u32[(at + H.incarnation) >>> 2]!
    const first = frame.f64[(at + H.first) >>> 3]!
    const count = recordsOf(frame, at)
    if (incarnation > s.receivedIncarnation[source]!) {
      s.receivedIncarnation[source] = incarnation
      s.received[source] = 0
    }
    const awaited = s.received[source]!
    if (incarnation < s.receivedIncarnation[source]! || first + count <= awaited) return 'repeated'
    if (first > awaited) return 'gap'
    this.#records = recordsAt(frame, at) >>> 3
    this.#groupBack = 0
    this.#enterGroup(frame, (at >>> 3) + headerWords, first)
    for (let from = awaited - first; from < count; from += lookAhead) {
      this.#take(frame, from, Math.min(count, from + lookAhead), source, first, out)
    }
    s.received[source] = first + count
    return 'taken'
  }

  #enterGroup(frame: FrameInput, group: number, first: number): void {
    this.#group = group
    const next = group + groupWords
    // The lowest 32 bits tell how far the next group begins behind the part's first record.
    this.#groupUntil =
      next < this.#records ? (frame.u32[next * 2 + (G.first >>> 2)]! - first) | 0 : Number.POSITIVE_INFINITY
  }

  #take(frame: FrameInput, from: number, to: number, source: number, first: number, out: Outcomes): void {
    this.#findRows(frame, from, to)
    for (let i = from; i < to; i++) {
      while (i >= this.#groupUntil) this.#enterGroup(frame, this.#group + groupWords, first)
      const word = this.#records + i * recordWords
      const op = frame.u8[word * 8 + T.op]
      const row = this.#rows[i - from]!
      if (op === transitOps.credit || op === transitOps.batchCredit) {
        this.#takeCredit(frame, word, row, source, first + i, out, this.#before + i)
      } else if (op! > transitOps.batchReturn && op! <= transitOps.disputeReturn && (op! & 1) === 1) {
        this.#takeNumberedCredit(frame, word, row, source, out, this.#before + i)
      } else if (op! > 0 && op! <= transitOps.disputeReturn)
        this.#takeReturn(frame, word, row, source, out, this.#before + i)
      else throw new LawBroken(`transit op ${op} from shard ${source}`)
    }
  }

  /** In passes of reads that do not wait for one another: a miss costs little when many are under way. */
  #findRows(frame: FrameInput, from: number, to: number): void {
    const s = this.#s
    for (let i = from; i < to; i++) this.#touched += s.walletRows.touch(this.#walletOf(frame, i))
    for (let i = from; i < to; i++) this.#rows[i - from] = s.walletRows.row(this.#walletOf(frame, i))
    for (let n = 0; n < to - from; n++) {
      if (this.#rows[n]! >= 0) this.#touched += s.accounts.touch(this.#rows[n]!)
    }
  }

  /** Whose money a record moves: the payee's, or when it comes back the payer's. */
  #walletOf(frame: FrameInput, i: number): number {
    const word = this.#records + i * recordWords
    const isReturn = (frame.u8[word * 8 + T.op]! & 1) === 0
    return frame.f64[word + ((isReturn ? T.payer : T.payee) >>> 3)]!
  }

  #takeCredit(
    frame: FrameInput,
    word: number,
    row: number,
    source: number,
    number: number,
    out: Outcomes,
    i: number,
  ): void {
    const s = this.#s
    const amount = frame.f64[word + (T.amount >>> 3)]!
    if (!isAmount(amount)) throw new LawBroken(`a transit amount of ${amount} fen from shard ${source}`)
    const code = judgeCredit(s, row, amount)
    s.books.fromTransit(source, amount)
    if (code !== 0) {
      this.#sendReturn(frame, word, source, amount, code)
      return
    }
    creditPayment(s, row, amount)
    if (out.watch !== undefined) {
      const payer = frame.f64[word + (T.payer >>> 3)]!
      this.#show(frame, word, row, postingKinds.paymentIn, amount, payer, out, i)
    }
    const edge = this.#edge(frame)
    const token = frame.f64[this.#group + (G.token >>> 3)]!
    if (frame.u8[word * 8 + T.op] === transitOps.credit) out.complete(edge, token, 0)
    else out.completeOfBatch(edge, token, source, number)
  }

  /**
   * The credit of a payment binds the order that it names: of two the second comes back. That of a refund is the payer's
   * own money; a split and what a mandate pays are judged like any payment.
   */
  #takeNumberedCredit(frame: FrameInput, word: number, row: number, source: number, out: Outcomes, i: number): void {
    const s = this.#s
    const amount = frame.f64[word + (T.amount >>> 3)]!
    if (!isAmount(amount)) throw new LawBroken(`a transit amount of ${amount} fen from shard ${source}`)
    const number = frame.u32[word * 2 + (orderTransitRecord.at.order >>> 2)]!
    const op = frame.u8[word * 8 + T.op]!
    const ofOrder = op === transitOps.orderCredit
    // What comes back to its payer is the payer's own.
    const isOwn = op === transitOps.refundCredit || op === transitOps.disputeCredit
    const code = isOwn ? judgeRefundCredit(s, row) : judgeCredit(s, row, amount)
    const refused = code !== 0 || !ofOrder ? code : judgeOrder(s, number, row, amount)
    s.books.fromTransit(source, amount)
    if (refused !== 0) {
      this.#sendReturn(frame, word, source, amount, refused)
      return
    }
    if (isOwn) creditWallet(s, row, amount)
    else creditPayment(s, row, amount)
    const payer = frame.f64[word + (T.payer >>> 3)]!
    if (out.watch !== undefined) this.#show(frame, word, row, creditKinds[op]!, amount, payer, out, i)
    if (ofOrder) bindOrder(s, number, payer, frame.u8, this.#group * 8 + G.id, out)
    // What the ledger made by itself no edge waits for.
    if (isMadeId(frame.u8, this.#group * 8 + G.id)) return
    out.complete(this.#edge(frame), frame.f64[this.#group + (G.token >>> 3)]!, 0)
  }

  #edge(frame: FrameInput): number {
    return frame.u32[this.#group * 2 + (G.institution >>> 2)]! >>> 16
  }

  #show(
    frame: FrameInput,
    word: number,
    row: number,
    kind: number,
    delta: number,
    counterparty: number,
    out: Outcomes,
    i: number,
  ): void {
    readTransitId(frame.u8, this.#group * 8, word * 8, this.#id)
    out.watch?.posted(row, kind, delta, counterparty, this.#id, 0, i)
  }

  #sendReturn(frame: FrameInput, word: number, source: number, amount: number, code: number): void {
    const s = this.#s
    s.books.toTransit(source, amount)
    s.returnsIssued[source]! += 1
    const lane = s.lanes[source]!
    if (this.#groupBack !== this.#group) lane.beginLike(frame.u32, this.#group * 2)
    this.#groupBack = this.#group
    lane.oweBack(frame.u32, word * 2, code)
  }

  /**
   * Money that could not be credited comes home. The wallet takes it in any state: it is the payer's. A wallet that
   * was closed meanwhile opens again, frozen: a closed one could never give the money out.
   */
  #takeReturn(frame: FrameInput, word: number, row: number, source: number, out: Outcomes, i: number): void {
    const s = this.#s
    const payee = frame.f64[word + (T.payee >>> 3)]!
    const amount = frame.f64[word + (T.amount >>> 3)]!
    if (row < 0 || !isAmount(amount)) throw new LawBroken(`shard ${source} returned ${amount} fen to nobody of ours`)
    const reason = frame.u8[word * 8 + T.reason]!
    if (reason === 0 || reason >= refusals.length) throw new LawBroken(`shard ${source} returned for reason ${reason}`)
    s.books.fromTransit(source, amount)
    s.returnsApplied[source]! += 1
    const op = frame.u8[word * 8 + T.op]!
    const paidMs = this.#recordReturn(frame, word, reason, out)
    // A refund counted against no limit, and no more does a split.
    const given = op === transitOps.refundReturn || op === transitOps.disputeReturn
    const uncounted = given || op === transitOps.splitReturn
    returnToWallet(s, row, amount, uncounted ? undefined : paidMs)
    const number = frame.u32[word * 2 + (orderTransitRecord.at.order >>> 2)]!
    if (op === transitOps.refundReturn) refundReturned(s, number, amount, out)
    else if (op === transitOps.disputeReturn) disputeBounced(s, number, out)
    else if (op === transitOps.splitReturn) splitReturned(s, number, reason, out)
    else if (op === transitOps.mandateReturn) mandateReturned(s, number, amount, paidMs, reason, out)
    if (s.accounts.state(row) === walletStates.closed) {
      s.accounts.setState(row, walletStates.frozen)
      s.settleAccount(row)
    }
    if (out.watch !== undefined) this.#show(frame, word, row, returnKinds[op]!, amount, payee, out, i)
  }

  /** Changes the outcome that the id is answered with. @returns when the money left, or undefined if that is forgotten */
  #recordReturn(frame: FrameInput, word: number, reason: number, out: Outcomes): number | undefined {
    const s = this.#s
    const token = frame.f64[this.#group + (G.token >>> 3)]!
    const idWord = this.#group * 2 + (G.id >>> 2)
    if (isMadeId(frame.u8, this.#group * 8 + G.id)) return uuidTimeMs(frame.u8, this.#group * 8 + G.id)
    if (frame.u8[word * 8 + T.op] !== transitOps.batchReturn) {
      out.complete(this.#edge(frame), token, reason)
      const entry = s.ids.find(frame.f64[word + (T.payer >>> 3)]!, frame.u32, idWord)
      if (entry < 0) return undefined
      s.ids.change(entry, reason)
      return s.ids.columns.at.time[entry]!
    }
    const position = frame.u32[word * 2]! >>> 16
    const institution = frame.u32[this.#group * 2 + (G.institution >>> 2)]! & 0xffff
    out.returnOfBatch(this.#edge(frame), token, position, reason)
    const batch = s.batches.find(institution, frame.u32, idWord)
    if (batch < 0) return undefined
    s.batches.change(batch, position, reason)
    return s.batches.timeOf(batch)
  }
}

/** Writes the payment id of a transit record, made of its group's and, when that is a batch's, of its own index. */
export function readTransitId(u8: Uint8Array, groupAt: number, recordAt: number, id: Uint8Array): void {
  for (let b = 0; b < 16; b++) id[b] = u8[groupAt + G.id + b]!
  const op = u8[recordAt + T.op]
  const isOfBatch = op === transitOps.batchCredit || op === transitOps.batchReturn
  if (isOfBatch) makeRecordId(id, u8[recordAt + T.index]! | (u8[recordAt + T.index + 1]! << 8))
}
