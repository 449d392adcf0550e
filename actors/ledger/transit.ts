import type { FrameInput } from './frameInput.ts'
import { Lane } from './lanes.ts'
import { isAmount, LawBroken } from './money.ts'
import { type Outcomes, postingKinds } from './outcomes.ts'
import { judgeCredit } from './paymentRules.ts'
import { creditWallet, returnToWallet } from './postings.ts'
import { transitHeader, transitOps, transitRecord } from './records.ts'
import { refusals } from './refusals.ts'
import { type State, walletStates } from './state.ts'

const transitWords = transitRecord.size >>> 3
const headerWords = transitHeader.size >>> 3
const T = transitRecord.at
/** Rows that are looked up ahead, so that their cache misses overlap. */
const lookAhead = 128

/** Writes down what a debit owes another shard: legs wallet - (posted by the caller), transit +. `row` is the payer's. */
export function oweCredit(
  s: State,
  shard: number,
  op: number,
  row: number,
  payer: number,
  payee: number,
  amount: number,
  edge: number,
  position: number,
  token: number,
  idWords: Uint32Array,
  idWord: number,
): void {
  s.books.toTransit(shard, amount)
  const lane = s.lanes[shard]!
  const chunk = lane.chunkFor(lane.next)
  const at = Lane.offsetOf(lane.next)
  chunk.u32[at >>> 2] = op | (s.wallets.at.institution[row]! << 16)
  chunk.u32[(at + T.edge) >>> 2] = edge | (position << 16)
  chunk.f64[(at + T.payer) >>> 3] = payer
  chunk.f64[(at + T.payee) >>> 3] = payee
  chunk.f64[(at + T.amount) >>> 3] = amount
  const id = (at + T.id) >>> 2
  chunk.u32[id] = idWords[idWord]!
  chunk.u32[id + 1] = idWords[idWord + 1]!
  chunk.u32[id + 2] = idWords[idWord + 2]!
  chunk.u32[id + 3] = idWords[idWord + 3]!
  chunk.f64[(at + T.token) >>> 3] = token
  lane.next += 1
}

/** What comes from other shards: credits, legs transit - and wallet +, or the returns of such as could not be taken. */
export class Transit {
  readonly #s: State
  readonly #rows = new Int32Array(lookAhead)
  /** The prefetch of a block adds what it read here, so that no compiler may leave the reads out. */
  #touched = 0

  constructor(state: State) {
    this.#s = state
  }

  /** Takes what another shard owes this one: in order, once, whatever is sent again. */
  apply(frame: FrameInput, out: Outcomes): void {
    const s = this.#s
    const source = frame.u32[transitHeader.at.source >>> 2]!
    const incarnation = frame.u32[transitHeader.at.incarnation >>> 2]!
    const first = frame.f64[transitHeader.at.first >>> 3]!
    // A number that counts nothing would make the watermark count nothing from then on.
    if (!Number.isSafeInteger(first) || first < 0) {
      out.skipped = 'malformed'
      return
    }
    if (incarnation > s.receivedIncarnation[source]!) {
      s.receivedIncarnation[source] = incarnation
      s.received[source] = 0
    }
    const awaited = s.received[source]!
    if (incarnation < s.receivedIncarnation[source]! || first + frame.count <= awaited) {
      out.skipped = 'repeated'
      return
    }
    if (first > awaited) {
      out.skipped = 'gap'
      return
    }
    for (let from = awaited - first; from < frame.count; from += lookAhead) {
      this.#take(frame, from, Math.min(frame.count, from + lookAhead), source, first, out)
    }
    s.received[source] = first + frame.count
  }

  #take(frame: FrameInput, from: number, to: number, source: number, first: number, out: Outcomes): void {
    this.#findRows(frame, from, to)
    for (let i = from; i < to; i++) {
      const word = headerWords + i * transitWords
      const op = frame.u8[word * 8 + T.op]
      const row = this.#rows[i - from]!
      if (op === transitOps.credit || op === transitOps.batchCredit) {
        this.#takeCredit(frame, word, row, source, first + i, out, i)
      } else if (op === transitOps.return || op === transitOps.batchReturn) {
        this.#takeReturn(frame, word, row, source, out, i)
      } else throw new LawBroken(`transit op ${op} from shard ${source}`)
    }
  }

  /** In passes of reads that do not wait for one another: a miss costs little when many are under way. */
  #findRows(frame: FrameInput, from: number, to: number): void {
    const s = this.#s
    for (let i = from; i < to; i++) this.#touched += s.walletRows.touch(this.#walletOf(frame, i))
    for (let i = from; i < to; i++) this.#rows[i - from] = s.walletRows.row(this.#walletOf(frame, i))
    for (let n = 0; n < to - from; n++) {
      if (this.#rows[n]! >= 0) this.#touched += s.touch(this.#rows[n]!)
    }
  }

  /** Whose money a record moves: the payee's, or when it comes back the payer's. */
  #walletOf(frame: FrameInput, i: number): number {
    const word = headerWords + i * transitWords
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
    creditWallet(s, row, amount)
    const payer = frame.f64[word + (T.payer >>> 3)]!
    out.watch?.posted(row, postingKinds.paymentIn, amount, payer, frame.u8, word * 8 + T.id, i)
    const edge = frame.u32[word * 2 + (T.edge >>> 2)]! & 0xffff
    const token = frame.f64[word + (T.token >>> 3)]!
    if (frame.u8[word * 8 + T.op] === transitOps.credit) out.complete(edge, token, 0)
    else out.completeOfBatch(edge, token, source, number)
  }

  #sendReturn(frame: FrameInput, word: number, source: number, amount: number, code: number): void {
    const s = this.#s
    s.books.toTransit(source, amount)
    s.returnsIssued[source]! += 1
    const lane = s.lanes[source]!
    const chunk = lane.chunkFor(lane.next)
    const at = Lane.offsetOf(lane.next)
    // Copied as integers: an id whose bytes look like a NaN need not survive a copy as a float.
    for (let w = 0; w < 2 * transitWords; w++) chunk.u32[(at >>> 2) + w] = frame.u32[word * 2 + w]!
    chunk.u8[at + T.op] = frame.u8[word * 8 + T.op]! + 1
    chunk.u8[at + T.reason] = code
    lane.next += 1
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
    returnToWallet(s, row, amount, this.#recordReturn(frame, word, reason, out))
    if (s.wallets.at.state[row] === walletStates.closed) {
      s.wallets.hashRow(s.digest, row, -1)
      s.wallets.at.state[row] = walletStates.frozen
      s.wallets.hashRow(s.digest, row, 1)
    }
    out.watch?.posted(row, postingKinds.paymentReturned, amount, payee, frame.u8, word * 8 + T.id, i)
  }

  /** Changes the outcome that the id is answered with. @returns when the money left, or undefined if that is forgotten */
  #recordReturn(frame: FrameInput, word: number, reason: number, out: Outcomes): number | undefined {
    const s = this.#s
    const edgeWord = frame.u32[word * 2 + (T.edge >>> 2)]!
    const token = frame.f64[word + (T.token >>> 3)]!
    const idWord = word * 2 + (T.id >>> 2)
    if (frame.u8[word * 8 + T.op] === transitOps.return) {
      out.complete(edgeWord & 0xffff, token, reason)
      const entry = s.ids.find(frame.f64[word + (T.payer >>> 3)]!, frame.u32, idWord)
      if (entry < 0) return undefined
      s.ids.change(entry, reason)
      return s.ids.columns.at.time[entry]!
    }
    const position = edgeWord >>> 16
    const institution = frame.u8[word * 8 + T.institution]! | (frame.u8[word * 8 + T.institution + 1]! << 8)
    out.returnOfBatch(edgeWord & 0xffff, token, position, reason)
    const batch = s.batches.find(institution, frame.u32, idWord)
    if (batch < 0) return undefined
    s.batches.change(batch, position, reason)
    return s.batches.timeOf(batch)
  }
}
