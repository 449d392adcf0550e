import { businessDay } from './businessTime.ts'
import { datedIdDay, idClass, idClasses, uuidTimeMs } from './ids.ts'
import type { Outcomes } from './outcomes.ts'
import { signers } from './records.ts'
import { codeOf } from './refusals.ts'
import type { State } from './state.ts'

/** A UUIDv7 id runs only within this much of the time that it carries. */
export const idWindowMs = 15 * 60_000
/** How far ahead of log time an id or a timestamp may be: clocks differ, and log time lags by up to 5 s. */
export const earlyMs = 5 * 60_000
/** An exact entry outlives every id that could still run. */
export const idMemoryMs = idWindowMs + earlyMs
/** A dated id runs on its date and the two business days after it. */
export const datedIdDays = 2
export const datedIdsPerDayMax = 1_000
export const forgetPerRecord = 2

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

/** Whether the time that a UUIDv7 carries lets it run now. */
export function admitUuid(s: State, bytes: Uint8Array, at: number): number {
  const madeMs = uuidTimeMs(bytes, at)
  if (madeMs > s.logTimeMs + earlyMs) return codeOf['id-early']
  return madeMs < s.logTimeMs - idWindowMs ? codeOf['id-expired'] : 0
}

/** Whether the payer's own timestamp lets a request run now. */
export function admitTimestamp(s: State, requestedMs: number): number {
  if (!(requestedMs >= s.logTimeMs - idWindowMs)) return codeOf['timestamp-stale']
  return requestedMs > s.logTimeMs + earlyMs ? codeOf['timestamp-early'] : 0
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
  if (kind === idClasses.uuid) return admitUuid(s, bytes, at)
  if (kind !== idClasses.dated) return codeOf['id-malformed']
  const day = datedIdDay(bytes, at)
  if (day > businessDay(s.logTimeMs + earlyMs)) return codeOf['id-early']
  if (day < s.today - datedIdDays) return codeOf['id-expired']
  return s.datedIds.has(actor, words, word) ? codeOf['id-seen'] : 0
}

/**
 * Whether somebody without a wallet in this shard may use this id. Dated ids are remembered for days, and it is the
 * quota of a wallet that keeps one of its holder's from filling the table for all: who has none here uses UUIDv7 ids.
 * Institutions and operators have no quota; they leave half of the table to the wallets.
 */
export function admitStranger(s: State, signer: number, bytes: Uint8Array, at: number): number {
  if (idClass(bytes, at) !== idClasses.dated) return 0
  s.datedIds.forget(s.today, forgetPerRecord)
  const isPrincipal = signer === signers.institution || signer === signers.operator
  return isPrincipal && !s.datedIds.halfFull ? 0 : codeOf['id-quota-exceeded']
}

/** Whether there is room to remember one more id of this wallet. */
export function admitQuota(s: State, row: number, bytes: Uint8Array, at: number): number {
  if (idClass(bytes, at) !== idClasses.dated) return s.ids.full ? codeOf['ids-exhausted'] : 0
  s.datedIds.forget(s.today, forgetPerRecord)
  const { countDay, dayDatedIds } = s.wallets.at
  if (row >= 0 && countDay[row] === s.today && dayDatedIds[row]! >= datedIdsPerDayMax)
    return codeOf['id-quota-exceeded']
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
  s.datedIds.add(actor, words, word, Math.max(s.today, datedIdDay(bytes, at)) + datedIdDays)
  if (row < 0) return
  s.wallets.hashRow(s.digest, row, -1)
  rollCounts(s, row)
  s.wallets.at.dayDatedIds[row]! += 1
  s.wallets.hashRow(s.digest, row, 1)
}

/** Starts the counters of a wallet's commands anew on a new business day. The caller keeps the digest. */
export function rollCounts(s: State, row: number): void {
  const { countDay, dayRecharges, dayDatedIds } = s.wallets.at
  if (countDay[row] === s.today) return
  countDay[row] = s.today
  dayRecharges[row] = 0
  dayDatedIds[row] = 0
}
