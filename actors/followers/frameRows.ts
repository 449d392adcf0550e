import { makeRecordId } from '../ledger/batches.ts'
import { businessDay } from '../ledger/businessTime.ts'
import { commandOffsets } from '../ledger/commands.ts'
import { type Layout, readRecord } from '../ledger/layout.ts'
import type { Outcomes, Watch } from '../ledger/outcomes.ts'
import {
  batchHeader,
  batchRecord,
  commandHeadRecord,
  commandOps,
  commandRecords,
  frameKinds,
  paymentRecord,
  transitOps,
  transitRecord,
} from '../ledger/records.ts'
import { refusalOf, rememberedByCode } from '../ledger/refusals.ts'
import type { State } from '../ledger/state.ts'
import { readTransitId } from '../ledger/transit.ts'
import { transitPlaces } from '../ledger/transitParts.ts'
import { decodeFrame, frameIdentityBytes } from '../log/frame.ts'
import type { Applied } from '../log/replica.ts'
import { addAct } from './auditRows.ts'
import { hex, int8Of } from './copyText.ts'
import { addDisputeChange, addDisputeReturn, addDisputeText } from './disputeRows.ts'
import { addCapture, addHold } from './holdRows.ts'
import { addCollection, addMade, addMandate, addPurpose } from './mandateRows.ts'
import { addMerchant, addMerchantText } from './merchantRows.ts'
import { addMerchantUser, addMerchantUserLabel } from './merchantUserRows.ts'
import { addName } from './nameRows.ts'
import { addCommandNotice, addNotice, addRecoveryChange } from './noticeRows.ts'
import { addOrder, addOrderPayment, addOrderText, addRefund, addSplit } from './orderRows.ts'
import { addRisk } from './riskRows.ts'
import type { ShardRows } from './shardRows.ts'
import { sagaLine } from './stateRows.ts'
import { addOrderEvents, addRefundArrivals, addRefundReturn, addReplay } from './webhookRows.ts'

/** Where in a frame notices are numbered that belong to no record. */
const noticesFrom = 100_000

export type Posting = { row: number; kind: number; delta: number; counterparty: number; id: string; index: number }

/** Collects the postings of the frame that is being applied. */
export class PostingWatch implements Watch {
  postings: Posting[] = []
  /** While a log is read again for the state alone nobody takes the postings: they would fill the memory. */
  idle = false

  posted(
    row: number,
    kind: number,
    delta: number,
    counterparty: number,
    bytes: Uint8Array,
    at: number,
    index: number,
  ): void {
    if (!this.idle) this.postings.push({ row, kind, delta, counterparty, id: hex(bytes, at, 16), index })
  }
}

/** Turns an applied frame into rows. What the ledger decided is read, nothing is decided here. */
export function addFrame(rows: ShardRows, state: State, applied: Applied, postings: readonly Posting[]): void {
  const { frame, out, entry, opened } = applied
  const day = businessDay(state.logTimeMs)
  rows.days.add(day)
  for (const posting of postings) {
    const wallet = state.wallets.at.number[posting.row]!
    const { kind, delta, counterparty, id, index } = posting
    const place = `${day}\t${wallet}\t${rows.shard}\t${entry.seq}\t${index}\t${kind}`
    rows.entries.push(`${place}\t${delta}\t${counterparty}\t\\\\x${id}\t${state.logTimeMs}\n`)
    rows.wallets.add(posting.row)
  }
  // What falls due does so with any frame, one that is skipped included.
  for (const row of out.orders) addOrder(rows, state, row)
  for (const row of out.holds) addHold(rows, state, row)
  for (const row of out.splits) addSplit(rows, state, row)
  for (const row of out.mandates) addMandate(rows, state, row)
  for (const row of out.merchantUsers) addMerchantUser(rows, state, row)
  for (const made of out.made) addMade(rows, state, entry.seq, made)
  for (const [n, change] of out.recoveries.entries()) {
    // Behind all postings of the frame: what falls due does so with any frame, and has no record in it.
    addRecoveryChange(rows, change, { seq: entry.seq, index: noticesFrom + n, logTimeMs: state.logTimeMs })
    addWallet(rows, state, change.wallet)
  }
  let behind = noticesFrom + out.recoveries.length
  for (const change of out.disputes) {
    addDisputeChange(rows, change, { seq: entry.seq, index: behind++, logTimeMs: state.logTimeMs })
  }
  for (const { wallet, link, code } of out.payouts) {
    const about = { link_id: link, reason: refusalOf(code) }
    addNotice(rows, wallet, 'payoutFailed', { seq: entry.seq, index: behind++, logTimeMs: state.logTimeMs }, about)
  }
  for (const row of out.sagas) rows.sagas.set(`${row}/${state.sagas.at.seq[row]}`, sagaLine(rows.shard, state, row))
  if (out.orders.length > 0) addOrderEvents(rows, state, applied, postings)
  if (out.skipped !== '' || opened === undefined) return
  addRefundArrivals(rows, state, applied, postings)
  if (opened.evidence !== undefined) addEvidence(rows, entry.data, entry.seq, day)
  if (frame.kind === frameKinds.payments) addPayments(rows, state, applied, day)
  else if (frame.kind === frameKinds.batch) addBatch(rows, state, applied, day)
  else if (frame.kind === frameKinds.transit) addReturns(rows, state, applied, postings)
  else if (frame.kind === frameKinds.commands) addCommands(rows, state, applied)
}

/** The evidence stays sealed as the edge sealed it: the projector needs no key for it. */
function addEvidence(rows: ShardRows, data: Uint8Array, seq: number, day: number): void {
  const { sealedEvidence } = decodeFrame(data)
  if (sealedEvidence === undefined) return
  const head = hex(data, 0, frameIdentityBytes)
  rows.evidence.push(
    `${rows.shard}\t${seq}\t${day}\t\\\\x${head}\t\\\\x${hex(sealedEvidence, 0, sealedEvidence.length)}\n`,
  )
}

function addPayments(rows: ShardRows, state: State, { frame, out, entry }: Applied, day: number): void {
  const at = paymentRecord.at
  for (let i = 0; i < frame.count; i++) {
    const code = out.code[i]!
    if (out.repeated[i] === 1 || (code !== 0 && rememberedByCode[code] === 0)) continue
    const base = i * paymentRecord.size
    const f64 = (field: number): number => frame.f64[(base + field) >>> 3]!
    const cells = [
      day,
      f64(at.payer),
      `\\\\x${hex(frame.u8, base + at.id, 16)}`,
      int8Of(f64(at.payee)),
      int8Of(f64(at.amount)),
      code,
      rows.shard,
      entry.seq,
      i,
      out.destination[i]!,
      out.value[i]!,
      `\\\\x${hex(frame.u8, base + at.digestHigh, 8)}`,
      state.logTimeMs,
      out.ruleVersion[i]!,
    ]
    rows.payments.push(`${cells.join('\t')}\n`)
  }
}

/** Every record of an executed batch is a payment like any other, under its own id: the batch's with its index. */
function addBatch(rows: ShardRows, state: State, { frame, out, entry }: Applied, day: number): void {
  if (out.batch !== 'executed') return
  const at = batchRecord.at
  const id = frame.u8.slice(batchHeader.at.id, batchHeader.at.id + 16)
  const digest = `\\\\x${hex(frame.u8, batchHeader.at.digestHigh, 8)}`
  const taken = new Map<number, number>()
  for (let i = 0; i < frame.count; i++) {
    const base = batchHeader.size + i * batchRecord.size
    const f64 = (field: number): number => frame.f64[(base + field) >>> 3]!
    makeRecordId(id, frame.u32[(base + at.index) >>> 2]!)
    const shard = out.code[i] === 0 ? state.shardOf(f64(at.payee)) : rows.shard
    const before = taken.get(shard) ?? 0
    const left = shard !== rows.shard
    if (left) taken.set(shard, before + 1)
    const cells = [
      day,
      int8Of(f64(at.payer)),
      `\\\\x${hex(id, 0, 16)}`,
      int8Of(f64(at.payee)),
      int8Of(f64(at.amount)),
      out.code[i]!,
      rows.shard,
      entry.seq,
      i,
      left ? shard + 1 : 0,
      left ? out.transitFirst[shard]! + before : 0,
      digest,
      state.logTimeMs,
      out.ruleVersion[i]!,
    ]
    rows.payments.push(`${cells.join('\t')}\n`)
  }
}

/** Of a frame's returns those that were taken: what is sent again, or too early, changes nothing. */
function addReturns(rows: ShardRows, state: State, applied: Applied, postings: readonly Posting[]): void {
  const { frame, entry } = applied
  const at = transitRecord.at
  const id = new Uint8Array(16)
  const taken = new Set(postings.map(({ index }) => index))
  let index = -1
  for (const { group, record } of transitPlaces(frame)) {
    index += 1
    const op = frame.u8[record + at.op]
    if (op === undefined || op % 2 === 1 || !taken.has(index)) continue
    readTransitId(frame.u8, group, record, id)
    const payer = frame.f64[(record + at.payer) >>> 3]!
    if (op === transitOps.refundReturn) addRefundReturn(rows, state, applied, index, record, id)
    rows.returns.push({ payer, id: hex(id, 0, 16), reason: frame.u8[record + at.reason]!, seq: entry.seq })
  }
}

const names = new Map<number, keyof typeof commandOps>(
  Object.entries(commandOps).map(([name, op]) => [op, name as keyof typeof commandOps]),
)

/** Which wallets, users and links a frame of commands may have changed: they are written as they stand now. */
function addCommands(rows: ShardRows, state: State, applied: Applied): void {
  const { frame, out, entry } = applied
  for (const [i, at] of (commandOffsets(frame) ?? []).entries()) {
    const name = names.get(frame.u8[at + commandHeadRecord.at.op]!)
    if (name !== undefined) addAct(rows, state, applied, i, at, name)
    if (name === 'orderPayment') addOrderPayment(rows, state, applied, i, at)
    if (name === 'orderRefund') addRefund(rows, state, applied, i, at)
    if (name === 'holdCapture') addCapture(rows, state, applied, i, at)
    if (name === 'disputeAnswer') addDisputeReturn(rows, state, applied, i, at)
    if (name === 'mandateCollect') addCollection(rows, state, applied, i, at)
    if (name === undefined || out.code[i] !== 0 || out.repeated[i] === 1) continue
    if (name === 'webhookReplay') addReplay(rows, state, frame, at)
    if (name === 'merchantPut') addMerchantText(rows, applied, i, at)
    if (name === 'merchantUserPut') addMerchantUserLabel(rows, applied, i, at)
    if (name === 'disputeOpen') addDisputeText(rows, applied, i, at)
    if (name === 'orderCreate' || name === 'orderCreateSplit') addOrderText(rows, state, applied, i, at, name)
    if (name === 'mandateSign') addPurpose(rows, applied, i, at)
    const command = readRecord(commandRecords[name] as Layout, frame.view, at) as { wallet?: number; user?: number }
    addCommandNotice(rows, name, command, out.value[i]!, { seq: entry.seq, index: i, logTimeMs: state.logTimeMs })
    if (name === 'walletOpen') addWallet(rows, state, out.value[i]!)
    else if (command.wallet !== undefined) addWallet(rows, state, command.wallet)
    if (name === 'merchantPut' || name === 'webhookSecretRotate') addMerchant(rows, state, command.wallet!)
    if (name === 'userOpen') addUser(rows, state, out.value[i]!)
    else if (command.user !== undefined) addUser(rows, state, command.user)
    if (name === 'userOpen') addName(rows, applied, name, i, at, out.value[i]!)
    else if (name === 'userUpdate') addName(rows, applied, name, i, at, command.user!)
    addRisk(rows, state, applied, i, at, name)
    addLink(rows, name, out, i, command as { link?: number })
  }
}

function addWallet(rows: ShardRows, state: State, number: number): void {
  const row = state.walletRows.row(number)
  if (row >= 0) rows.wallets.add(row)
}

function addUser(rows: ShardRows, state: State, number: number): void {
  const row = state.userRows.row(number)
  if (row < 0) return
  rows.users.add(row)
  for (let w = state.users.at.firstWallet[row]!; w !== 0; w = state.wallets.at.nextWallet[w - 1]!)
    rows.wallets.add(w - 1)
}

function addLink(rows: ShardRows, name: string, out: Outcomes, i: number, command: { link?: number }): void {
  if (name === 'linkOpen') rows.links.add(out.value[i]! - 1)
  else if (name === 'linkStatus' && command.link !== undefined) rows.links.add(command.link - 1)
}
