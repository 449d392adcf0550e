import { businessDay, yearOfDay } from './businessTime.ts'
import type { FrameInput } from './frameInput.ts'
import { datedIdDay, idClass, idClasses, uuidTimeMs } from './ids.ts'
import { Lane } from './lanes.ts'
import { addExact, isAmount, LawBroken } from './money.ts'
import { type Outcomes, postingKinds } from './outcomes.ts'
import { paymentRecord, transitHeader, transitOps, transitRecord } from './records.ts'
import { codeOf, refusals, rememberedByCode } from './refusals.ts'
import { riskBlocked, riskLevels } from './rules.ts'
import { type State, walletStates } from './state.ts'

/** A UUIDv7 id runs only within this much of the time that it carries. */
export const idWindowMs = 15 * 60_000
/** How far ahead of log time an id or a timestamp may be: clocks differ, and log time lags by up to 5 s. */
export const earlyMs = 5 * 60_000
/** An exact entry outlives every id that could still run. */
export const idMemoryMs = idWindowMs + earlyMs
/** A dated id runs on its date and the two business days after it. */
export const datedIdDays = 2
export const datedIdsPerDayMax = 1_000
const forgetPerRecord = 2

const paymentWords = paymentRecord.size >>> 3
const P = {
  keyVersion: paymentRecord.at.keyVersion >>> 2,
  payer: paymentRecord.at.payer >>> 3,
  payee: paymentRecord.at.payee >>> 3,
  amount: paymentRecord.at.amount >>> 3,
  id: paymentRecord.at.id,
  digest: paymentRecord.at.digestHigh >>> 2,
  requestedMs: paymentRecord.at.requestedMs >>> 3,
  token: paymentRecord.at.token >>> 3,
}
const transitWords = transitRecord.size >>> 3
const T = transitRecord.at

/**
 * The payment saga: debit in the payer's shard, then credit in the payee's or a return to the payer. Legs of a debit:
 * wallet -, transit +. Of a credit: transit -, wallet +. A payment inside one shard makes both in one step.
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
    let code = this.#admit(frame, i, row)
    let entry = -1
    if (code === 0) {
      code = this.#judge(frame, i, row)
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
    const requestedMs = frame.f64[words + P.requestedMs]!
    if (!(requestedMs >= s.logTimeMs - idWindowMs)) return codeOf['timestamp-stale']
    if (requestedMs > s.logTimeMs + earlyMs) return codeOf['timestamp-early']
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
    if (!isAmount(amount)) return codeOf['amount-invalid']
    if (payee === frame.f64[words + P.payer]) return codeOf['payer-is-payee']
    const walletState = s.wallets.at.state[row]
    if (walletState === walletStates.frozen) return codeOf['wallet-frozen']
    if (walletState === walletStates.closed) return codeOf['wallet-closed']
    const limit = this.#limits(row, amount)
    if (limit !== 0) return limit
    if (s.accounts.at.balance[row]! < amount) return codeOf['funds-insufficient']
    if (!(Number.isSafeInteger(payee) && payee > 0)) return codeOf['payee-unknown']
    return s.shardOf(payee) === s.genesis.shard ? this.#judgeCredit(s.walletRows.row(payee), amount) : 0
  }

  #limits(row: number, amount: number): number {
    const s = this.#s
    const { dayOut, yearOut, lastDay, dayPayments } = s.accounts.at
    const risk = s.wallets.at.risk[row]!
    const group = s.wallets.at.class[row]!
    const today = businessDay(s.logTimeMs)
    const sameDay = lastDay[row] === today
    if (risk === riskBlocked) return codeOf['risk-control']
    if (sameDay && dayPayments[row]! >= s.rules.paymentsPerDay[risk]!) return codeOf['risk-control']
    const at = group * riskLevels + risk
    if (amount > s.rules.single[at]!) return codeOf['single-limit-exceeded']
    if ((sameDay ? dayOut[row]! : 0) + amount > s.rules.day[at]!) return codeOf['day-limit-exceeded']
    const sameYear = sameDay || yearOfDay(lastDay[row]!) === yearOfDay(today)
    if ((sameYear ? yearOut[row]! : 0) + amount > s.rules.year[group]!) return codeOf['year-limit-exceeded']
    return 0
  }

  /** Why a wallet of this shard cannot take an amount. */
  #judgeCredit(row: number, amount: number): number {
    const s = this.#s
    if (row < 0) return codeOf['payee-unknown']
    const walletState = s.wallets.at.state[row]
    if (walletState === walletStates.frozen) return codeOf['payee-frozen']
    if (walletState === walletStates.closed) return codeOf['payee-closed']
    const { balance, pendingIn } = s.accounts.at
    const room = s.rules.balance[s.wallets.at.class[row]!]!
    if (balance[row]! + pendingIn[row]! + amount > room) return codeOf['payee-balance-limit-exceeded']
    return 0
  }

  /** Posts an accepted payment. Returns the destination shard + 1, or 0 when both legs are in this shard. */
  #debit(frame: FrameInput, i: number, row: number, out: Outcomes): number {
    const s = this.#s
    const words = i * paymentWords
    const payer = frame.f64[words + P.payer]!
    const payee = frame.f64[words + P.payee]!
    const amount = frame.f64[words + P.amount]!
    const idAt = words * 8 + P.id
    s.hashAccount(row, -1)
    rollDay(s, row)
    const { dayOut, yearOut, dayPayments } = s.accounts.at
    dayOut[row] = addExact(dayOut[row]!, amount)
    yearOut[row] = addExact(yearOut[row]!, amount)
    if (dayPayments[row]! < 65_535) dayPayments[row]! += 1
    postToWallet(s, row, -amount)
    s.hashAccount(row, 1)
    out.watch?.posted(row, postingKinds.paymentOut, -amount, payee, frame.u8, idAt, i)
    const shard = s.shardOf(payee)
    if (shard === s.genesis.shard) {
      this.#credit(s.walletRows.row(payee), amount)
      out.watch?.posted(s.walletRows.row(payee), postingKinds.paymentIn, amount, payer, frame.u8, idAt, i)
      return 0
    }
    s.books.toTransit(shard, amount)
    const lane = s.lanes[shard]!
    const chunk = lane.chunkFor(lane.next)
    const at = Lane.offsetOf(lane.next)
    chunk.u32[at >>> 2] = transitOps.credit | (s.wallets.at.institution[row]! << 16)
    chunk.u32[(at + T.edge) >>> 2] = frame.senderNumber
    chunk.f64[(at + T.payer) >>> 3] = payer
    chunk.f64[(at + T.payee) >>> 3] = payee
    chunk.f64[(at + T.amount) >>> 3] = amount
    for (let w = 0; w < 4; w++) chunk.u32[((at + T.id) >>> 2) + w] = frame.u32[(idAt >>> 2) + w]!
    chunk.f64[(at + T.token) >>> 3] = frame.f64[words + P.token]!
    lane.next += 1
    return shard + 1
  }

  #credit(row: number, amount: number): void {
    const s = this.#s
    s.hashAccount(row, -1)
    postToWallet(s, row, amount)
    s.hashAccount(row, 1)
  }

  /** Takes what another shard owes this one: in order, once, whatever is sent again. */
  applyTransit(frame: FrameInput, out: Outcomes): void {
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
    for (let i = awaited - first; i < frame.count; i++) {
      const word = (transitHeader.size >>> 3) + i * transitWords
      const op = frame.u8[word * 8 + T.op]
      if (op === transitOps.credit) this.#takeCredit(frame, word, source, out, i)
      else if (op === transitOps.return) this.#takeReturn(frame, word, source, out, i)
      else throw new LawBroken(`transit op ${op} from shard ${source}`)
    }
    s.received[source] = first + frame.count
  }

  #takeCredit(frame: FrameInput, word: number, source: number, out: Outcomes, i: number): void {
    const s = this.#s
    const payee = frame.f64[word + (T.payee >>> 3)]!
    const payer = frame.f64[word + (T.payer >>> 3)]!
    const amount = frame.f64[word + (T.amount >>> 3)]!
    if (!isAmount(amount)) throw new LawBroken(`a transit amount of ${amount} fen from shard ${source}`)
    const row = s.walletRows.row(payee)
    const code = this.#judgeCredit(row, amount)
    s.books.fromTransit(source, amount)
    if (code !== 0) {
      this.#sendReturn(frame, word, source, amount, code)
      return
    }
    this.#credit(row, amount)
    out.watch?.posted(row, postingKinds.paymentIn, amount, payer, frame.u8, word * 8 + T.id, i)
    out.complete(frame.u32[word * 2 + (T.edge >>> 2)]!, frame.f64[word + (T.token >>> 3)]!, 0)
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
    chunk.u8[at + T.op] = transitOps.return
    chunk.u8[at + T.reason] = code
    lane.next += 1
  }

  /**
   * Money that could not be credited comes home. The wallet takes it in any state: it is the payer's. A wallet that
   * was closed meanwhile opens again, frozen: a closed one could never give the money out.
   */
  #takeReturn(frame: FrameInput, word: number, source: number, out: Outcomes, i: number): void {
    const s = this.#s
    const payer = frame.f64[word + (T.payer >>> 3)]!
    const payee = frame.f64[word + (T.payee >>> 3)]!
    const amount = frame.f64[word + (T.amount >>> 3)]!
    const row = s.walletRows.row(payer)
    if (row < 0 || !isAmount(amount)) throw new LawBroken(`shard ${source} returned ${amount} fen to nobody of ours`)
    const reason = frame.u8[word * 8 + T.reason]!
    if (reason === 0 || reason >= refusals.length) throw new LawBroken(`shard ${source} returned for reason ${reason}`)
    s.books.fromTransit(source, amount)
    s.returnsApplied[source]! += 1
    s.hashAccount(row, -1)
    postToWallet(s, row, amount)
    const entry = s.ids.find(payer, frame.u32, word * 2 + (T.id >>> 2))
    if (entry >= 0) this.#giveBackUse(row, amount, s.ids.columns.at.time[entry]!)
    s.hashAccount(row, 1)
    if (s.wallets.at.state[row] === walletStates.closed) {
      s.wallets.hashRow(s.digest, row, -1)
      s.wallets.at.state[row] = walletStates.frozen
      s.wallets.hashRow(s.digest, row, 1)
    }
    out.watch?.posted(row, postingKinds.paymentReturned, amount, payee, frame.u8, word * 8 + T.id, i)
    if (entry >= 0) s.ids.change(entry, reason)
    out.complete(frame.u32[word * 2 + (T.edge >>> 2)]!, frame.f64[word + (T.token >>> 3)]!, reason)
  }

  /** A returned payment does not count against the limits of the day and year it was made in. */
  #giveBackUse(row: number, amount: number, paidMs: number): void {
    const { dayOut, yearOut, lastDay } = this.#s.accounts.at
    const paidDay = businessDay(paidMs)
    if (paidDay === lastDay[row]) dayOut[row] = Math.max(0, dayOut[row]! - amount)
    if (yearOfDay(paidDay) === yearOfDay(lastDay[row]!)) yearOut[row] = Math.max(0, yearOut[row]! - amount)
  }
}

/** Answers a command whose id is known: as it ended then, or that the id was used for something else. */
export function repeatAnswer(
  s: State,
  out: Outcomes,
  i: number,
  entry: number,
  digestHigh: number,
  digestLow: number,
  seq: number,
): void {
  const ids = s.ids.columns.at
  const same = ids.digestHigh[entry] === digestHigh && ids.digestLow[entry] === digestLow
  out.code[i] = same ? ids.code[entry]! : codeOf['id-reused']
  out.destination[i] = same && ids.code[entry] === 0 ? ids.destination[entry]! : 0
  out.value[i] = same ? ids.value[entry]! : 0
  out.time[i] = same ? ids.time[entry]! : s.logTimeMs
  out.seq[i] = same ? ids.seq[entry]! : seq
  out.index[i] = same ? ids.index[entry]! : i
  out.repeated[i] = 1
}

/** Whether an id that is not in the exact memory may run now. */
export function admitId(
  s: State,
  actor: number,
  bytes: Uint8Array,
  at: number,
  words: Uint32Array,
  word: number,
): number {
  const kind = idClass(bytes, at)
  if (kind === idClasses.uuid) {
    const madeMs = uuidTimeMs(bytes, at)
    if (madeMs > s.logTimeMs + earlyMs) return codeOf['id-early']
    return madeMs < s.logTimeMs - idWindowMs ? codeOf['id-expired'] : 0
  }
  if (kind !== idClasses.dated) return codeOf['id-malformed']
  const day = datedIdDay(bytes, at)
  if (day > businessDay(s.logTimeMs + earlyMs)) return codeOf['id-early']
  if (day < businessDay(s.logTimeMs) - datedIdDays) return codeOf['id-expired']
  return s.datedIds.has(actor, words, word) ? codeOf['id-seen'] : 0
}

/** Whether there is room to remember one more id of this wallet. */
export function admitQuota(s: State, row: number, bytes: Uint8Array, at: number): number {
  if (idClass(bytes, at) !== idClasses.dated) return s.ids.full ? codeOf['ids-exhausted'] : 0
  const today = businessDay(s.logTimeMs)
  s.datedIds.forget(today, forgetPerRecord)
  const { countDay, dayDatedIds } = s.wallets.at
  if (row >= 0 && countDay[row] === today && dayDatedIds[row]! >= datedIdsPerDayMax) return codeOf['id-quota-exceeded']
  return s.ids.full || s.datedIds.full ? codeOf['ids-exhausted'] : 0
}

/** Keeps the fingerprint of an executed dated id. `row` is the wallet it counts against, or -1. */
export function rememberDated(
  s: State,
  row: number,
  actor: number,
  bytes: Uint8Array,
  at: number,
  words: Uint32Array,
  word: number,
): void {
  if (idClass(bytes, at) !== idClasses.dated) return
  const today = businessDay(s.logTimeMs)
  s.datedIds.add(actor, words, word, Math.max(today, datedIdDay(bytes, at)) + datedIdDays)
  if (row < 0) return
  s.wallets.hashRow(s.digest, row, -1)
  rollCounts(s, row)
  s.wallets.at.dayDatedIds[row]! += 1
  s.wallets.hashRow(s.digest, row, 1)
}

/** Starts the counters of a wallet's commands anew on a new business day. The caller keeps the digest. */
export function rollCounts(s: State, row: number): void {
  const { countDay, dayRecharges, dayDatedIds } = s.wallets.at
  const today = businessDay(s.logTimeMs)
  if (countDay[row] === today) return
  countDay[row] = today
  dayRecharges[row] = 0
  dayDatedIds[row] = 0
}

function rollDay(s: State, row: number): void {
  const { dayOut, yearOut, lastDay, dayPayments } = s.accounts.at
  const today = businessDay(s.logTimeMs)
  const last = lastDay[row]!
  if (last === today) return
  if (yearOfDay(last) !== yearOfDay(today)) yearOut[row] = 0
  dayOut[row] = 0
  dayPayments[row] = 0
  lastDay[row] = today
}

/** One leg on a wallet. @throws LawBroken below zero. The caller keeps the digest and posts the other leg. */
export function postToWallet(s: State, row: number, delta: number): void {
  const balance = addExact(s.accounts.at.balance[row]!, delta)
  if (balance < 0) throw new LawBroken(`wallet row ${row} would fall to ${balance} fen`)
  s.accounts.at.balance[row] = balance
  s.books.toWallet(delta)
}
