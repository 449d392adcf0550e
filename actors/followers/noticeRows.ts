import type { RecoveryChange } from '../ledger/outcomes.ts'
import { keyCauses, walletActions } from '../ledger/records.ts'
import { recoveryStates } from '../ledger/recoveryTable.ts'
import { noticeKinds } from '../log/noticeKinds.ts'
import { escaped } from './copyText.ts'
import type { ShardRows } from './shardRows.ts'

/** Where in the log something happened, and when. */
export type NoticePlace = { readonly seq: number; readonly index: number; readonly logTimeMs: number }

export function addNotice(
  rows: ShardRows,
  wallet: number,
  kind: keyof typeof noticeKinds,
  place: NoticePlace,
  about: Readonly<Record<string, string | number>> = {},
): void {
  const { seq, index, logTimeMs } = place
  const text = escaped(JSON.stringify(about))
  rows.notices.push(`${wallet}\t${seq}\t${index}\t${noticeKinds[kind]}\t${rows.shard}\t${text}\t${logTimeMs}\n`)
}

const keyNotices: Readonly<Record<number, keyof typeof noticeKinds>> = {
  [keyCauses.rotate]: 'keyRotated',
  [keyCauses.revoke]: 'keyRevoked',
}
const statusNotices: Readonly<Record<number, keyof typeof noticeKinds>> = {
  [walletActions.freeze]: 'walletFrozen',
  [walletActions.unfreeze]: 'walletUnfrozen',
  [walletActions.close]: 'walletClosed',
}
const recoveryNotices: Readonly<Record<number, keyof typeof noticeKinds>> = {
  [recoveryStates.waiting]: 'recoveryStarted',
  [recoveryStates.done]: 'recoveryDone',
  [recoveryStates.stopped]: 'recoveryStopped',
}

/** What a command that was carried out did to a wallet besides moving money. */
export function addCommandNotice(
  rows: ShardRows,
  name: string,
  command: object,
  value: number,
  place: NoticePlace,
): void {
  const { wallet, cause, action } = command as { wallet?: number; cause?: number; action?: number }
  if (name === 'walletKey') addNotice(rows, wallet!, keyNotices[cause!]!, place, { key_version: value })
  if (name === 'walletStatus') addNotice(rows, wallet!, statusNotices[action!]!, place)
}

/** A recovery as a change left it; several changes of a frame follow one another. */
export function addRecoveryChange(rows: ShardRows, change: RecoveryChange, place: NoticePlace): void {
  addRecovery(rows, change)
  const about = { effective_at: new Date(change.effectiveMs).toISOString() }
  addNotice(rows, change.wallet, recoveryNotices[change.state]!, place, about)
}

export function addRecovery(rows: ShardRows, change: RecoveryChange): void {
  const { wallet, seq, index, startedMs, effectiveMs, changedMs, state } = change
  const cells = [wallet, seq, index, rows.shard, startedMs, effectiveMs, changedMs, state]
  rows.recoveries.set(`${wallet}/${seq}/${index}`, `${cells.join('\t')}\n`)
}
