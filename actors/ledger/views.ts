import { businessDay, yearOfDay } from './businessTime.ts'
import { overdueOf } from './holds.ts'
import { walletIdText } from './ids.ts'
import { drawnToday } from './links.ts'
import { overdueRecovery, waitingOf } from './recoveries.ts'
import { type Refusal, refusalOf } from './refusals.ts'
import { riskLevels } from './rules.ts'
import { type State, sagaKey, walletStates } from './state.ts'
import { sagaKinds } from './stateTables.ts'

/** What the memory of a shard says of one wallet; amounts in fen. */
export type WalletView = {
  walletId: string
  number: number
  userNumber: number
  institution: number
  class: number
  kind: number
  risk: number
  state: 'open' | 'frozen' | 'closed'
  /** Whether it may be paid: 0 good, 1 suspended, 2 blacklisted. */
  standing: number
  algorithm: number
  key: Uint8Array
  keyVersion: number
  balance: number
  /** Set aside for payees, no longer in the balance. */
  held: number
  pendingIn: number
  dayOut: number
  yearOut: number
  limits: { balance: number; single: number; day: number; year: number }
  links: LinkView[]
  /** A new key that will be the current one unless somebody objects. */
  recovery?: { startedMs: number; effectiveMs: number }
}

export type LinkView = {
  link: number
  type: number
  active: boolean
  masked: string
  sealed: Uint8Array
  /** Tells accounts apart without their numbers. */
  fingerprint: Uint8Array
  limit: number
  drawnToday: number
}

/** The wallet with this number, or undefined when the shard has none. */
export function viewWallet(s: State, number: number): WalletView | undefined {
  const row = s.walletRows.row(number)
  if (row < 0) return undefined
  const w = s.wallets.at
  const a = s.accounts
  const today = businessDay(s.logTimeMs)
  const last = a.lastDay(row)
  const group = a.class(row)
  const overdue = overdueOf(s, row)
  const at = group * riskLevels + a.risk(row)
  return {
    walletId: walletIdText(number, w.kind[row]!),
    number,
    userNumber: s.users.at.number[w.user[row]!]!,
    institution: a.institution(row),
    class: group,
    kind: w.kind[row]!,
    risk: a.risk(row),
    state: stateName(a.state(row)),
    standing: a.standing(row),
    ...viewKey(s, row),
    balance: a.balance(row) + overdue,
    held: a.held(row) - overdue,
    pendingIn: a.pendingIn(row) - a.held(row),
    dayOut: last === today ? a.dayOut(row) : 0,
    yearOut: yearOfDay(last) === yearOfDay(today) ? a.yearOut(row) : 0,
    limits: {
      balance: s.rules.balance[group]!,
      single: s.rules.single[at]!,
      day: s.rules.day[at]!,
      year: s.rules.year[group]!,
    },
    links: viewLinks(s, row),
    ...viewRecovery(s, row),
  }
}

function stateName(code: number): WalletView['state'] {
  return code === walletStates.open ? 'open' : code === walletStates.frozen ? 'frozen' : 'closed'
}

/** The key that signs now, also when it is that of a recovery whose turn among all that fell due has not come. */
function viewKey(s: State, wallet: number): Pick<WalletView, 'algorithm' | 'key' | 'keyVersion'> {
  const { algorithm, key, keyVersion } = s.wallets.at
  const row = s.accounts.state(wallet) === walletStates.closed ? -1 : overdueRecovery(s, wallet)
  const keyOf = (keys: Uint8Array, at: number): Uint8Array => keys.slice(at * 33, at * 33 + 33)
  if (row < 0) return { algorithm: algorithm[wallet]!, key: keyOf(key, wallet), keyVersion: keyVersion[wallet]! }
  const next = s.recoveries.columns.at
  return { algorithm: next.algorithm[row]!, key: keyOf(next.key, row), keyVersion: keyVersion[wallet]! + 1 }
}

function viewRecovery(s: State, wallet: number): Pick<WalletView, 'recovery'> {
  const row = waitingOf(s, wallet)
  if (row < 0) return {}
  const { startedMs, effectiveMs } = s.recoveries.columns.at
  return { recovery: { startedMs: startedMs[row]!, effectiveMs: effectiveMs[row]! } }
}

/** Links of a wallet, oldest first. */
function viewLinks(s: State, wallet: number): LinkView[] {
  const out: LinkView[] = []
  const l = s.links.at
  for (let n = s.wallets.at.firstLink[wallet]!; n !== 0; n = l.nextLink[n - 1]!) {
    const row = n - 1
    out.unshift({
      link: n,
      type: l.type[row]!,
      active: l.active[row] === 1,
      masked: String.fromCharCode(...l.masked.subarray(row * 32, row * 32 + l.maskedLength[row]!)),
      sealed: l.sealed.slice(row * 152, row * 152 + l.sealedLength[row]!),
      fingerprint: l.fingerprint.slice(row * 8, row * 8 + 8),
      limit: l.limit[row]!,
      drawnToday: drawnToday(s, row),
    })
  }
  return out
}

export type UserView = { number: number; institution: number; kyc: number; risk: number; wallets: string[] }

export function viewUser(s: State, number: number): UserView | undefined {
  const row = s.userRows.row(number)
  if (row < 0) return undefined
  const wallets: string[] = []
  for (let w = s.users.at.firstWallet[row]!; w !== 0; w = s.wallets.at.nextWallet[w - 1]!) {
    wallets.unshift(walletIdText(s.wallets.at.number[w - 1]!, s.wallets.at.kind[w - 1]!))
  }
  const { institution, kyc, risk } = s.users.at
  return { number, institution: institution[row]!, kyc: kyc[row]!, risk: risk[row]!, wallets }
}

/** How a command ended, while its id is in the exact memory. `destination`: see `Outcomes`. */
export type CommandView = {
  refusal: Refusal
  destination: number
  value: number
  time: number
  seq: number
  index: number
}

export function viewCommand(s: State, actor: number, id: Uint8Array): CommandView | undefined {
  const words = new Uint32Array(4)
  new Uint8Array(words.buffer).set(id)
  const row = s.ids.find(actor, words, 0)
  if (row < 0) return undefined
  const { code, destination, value, time, seq, index } = s.ids.columns.at
  return {
    refusal: refusalOf(code[row]!),
    destination: destination[row]!,
    value: value[row]!,
    time: time[row]!,
    seq: seq[row]!,
    index: index[row]!,
  }
}

/** A batch as this shard carried its part out. */
export type BatchView = {
  /** Log time and position of the execution. */
  time: number
  seq: number
  /** By record, in the order of the frame: 0, or the refusal; a credit that came back has its reason. */
  codes: Uint8Array
  /** By destination shard: the transit numbers that the accepted records took, in their order. */
  transit: { first: number; count: number }[]
}

export function viewBatch(s: State, institution: number, id: Uint8Array): BatchView | undefined {
  const words = new Uint32Array(4)
  new Uint8Array(words.buffer).set(id)
  const row = s.batches.find(institution, words, 0)
  if (row < 0) return undefined
  const codes = new Uint8Array(s.batches.countOf(row))
  const first = new Float64Array(s.lanes.length)
  const count = new Uint32Array(s.lanes.length)
  s.batches.read(row, codes, first, count)
  const transit = s.lanes.map((_, shard) => ({ first: first[shard]!, count: count[shard]! }))
  return { time: s.batches.timeOf(row), seq: s.batches.seqOf(row), codes, transit }
}

/** A recharge or redemption as its shard holds it: what it still owes, or how it ended. */
export type SagaView = {
  kind: 'recharge' | 'redemption'
  row: number
  walletNumber: number
  institution: number
  amount: number
  id: Uint8Array
  step: number
  reason: Refusal
  open: boolean
  requestedMs: number
  changedMs: number
  seq: number
  index: number
  /** Balance of the wallet when the saga ended, 0 while it is open. */
  balanceAfter: number
  link: number
  sealedAccount: Uint8Array
  sealedToken: Uint8Array
}

export function viewSaga(s: State, row: number): SagaView {
  const g = s.sagas.at
  const link = g.link[row]!
  return {
    kind: g.kind[row] === sagaKinds.recharge ? 'recharge' : 'redemption',
    row,
    walletNumber: s.wallets.at.number[g.wallet[row]!]!,
    institution: g.institution[row]!,
    amount: g.amount[row]!,
    id: g.id.slice(row * 16, row * 16 + 16),
    step: g.step[row]!,
    reason: refusalOf(g.reason[row]!),
    open: s.openSagas.has(row),
    requestedMs: g.requestedMs[row]!,
    changedMs: g.changedMs[row]!,
    seq: g.seq[row]!,
    index: g.index[row]!,
    balanceAfter: g.balanceAfter[row]!,
    link: link + 1,
    sealedAccount: s.links.at.sealed.slice(link * 152, link * 152 + s.links.at.sealedLength[link]!),
    sealedToken: g.sealedToken.slice(row * 192, row * 192 + g.tokenLength[row]!),
  }
}

export function findSagaView(s: State, wallet: number, id: Uint8Array): SagaView | undefined {
  const row = s.sagaRows.get(sagaKey(wallet, id, 0))
  return row === undefined ? undefined : viewSaga(s, row)
}

/** Bytes that the wallets and users of a shard take: their rows, and the tables that find them. */
export function viewStateBytes(s: State): number {
  const rows = s.wallets.count * (s.wallets.rowBytes + s.accounts.rowBytes) + s.users.count * s.users.rowBytes
  return rows + s.walletRows.bytes + s.userRows.bytes
}
