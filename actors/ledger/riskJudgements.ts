import { countPayment, fenIn, paymentsIn } from './frequency.ts'
import { isKnownDevice, isUnusual, learn } from './habits.ts'
import { walletKinds } from './ids.ts'
import { keyAlgorithms } from './records.ts'
import { codeOf } from './refusals.ts'
import { type RiskRuleVersion, riskActions, riskKinds, riskWindowsMs } from './riskRules.ts'
import type { State } from './state.ts'

/** Stands for the device of a payment that no person makes at one: an institution's batch, or what runs by itself. */
export const nobodyThere = -1
/** Of a debit that the payee asks for: it is no payment that its payer made now. */
export const notCounted = -2

const bit = (kind: number): number => 1 << kind
const ofPayers = bit(riskKinds.payerFrequency)
const ofDevices = bit(riskKinds.deviceFrequency)
const ofMerchants = bit(riskKinds.merchantFrequency)
const ofHabits = bit(riskKinds.habit)
const ofNewDevices = bit(riskKinds.newDevice)
const aboutPayers = ofPayers | ofDevices | ofHabits | ofNewDevices

/** Why a payment may not be made though limits and funds allow it, or 0. `row` is the payer's. */
export function judgeRisk(s: State, row: number, amount: number, device: number): number {
  if ((s.risk.rules.judged & aboutPayers) === 0) return 0
  return judgeFrequency(s, row, device) || (device === nobodyThere ? 0 : judgeHabits(s, row, amount, device))
}

function judgeFrequency(s: State, row: number, device: number): number {
  const { rules, payers, devices } = s.risk
  const isPayer = (rules.judged & ofPayers) !== 0
  const payer = isPayer ? payers.find(row) : -1
  const isDevice = device > 0 && (rules.judged & ofDevices) !== 0
  for (let window = 0; window < riskWindowsMs.length; window++) {
    const rule = isPayer ? rules.inForce(riskKinds.payerFrequency, window) : undefined
    if (rule !== undefined) {
      // A rule that allows none at all speaks also of who has never paid.
      const paid = payer < 0 ? 0 : paymentsIn(payers.at, payer, window, s.logTimeMs)
      const code = paid >= rule.paymentsMax ? refusalBy(s, rule, row, device, codeOf['risk-frequency']) : 0
      if (code !== 0) return code
    }
    const other = isDevice ? rules.inForce(riskKinds.deviceFrequency, window) : undefined
    const often = other !== undefined && devices.paymentsIn(device, window, s.logTimeMs) >= other.paymentsMax
    const refused = often ? refusalBy(s, other, row, device, codeOf['risk-frequency']) : 0
    if (refused !== 0) return refused
  }
  return 0
}

function judgeHabits(s: State, row: number, amount: number, device: number): number {
  const { rules, habits } = s.risk
  if ((rules.judged & (ofHabits | ofNewDevices)) === 0) return 0
  const known = habits.find(row)
  const habit = rules.inForce(riskKinds.habit)
  if (habit !== undefined && amount > habit.fen && known >= 0 && isUnusual(habits.at, known, amount, habit.factor)) {
    const code = refusalBy(s, habit, row, device, codeOf['risk-amount'])
    if (code !== 0) return code
  }
  const fresh = rules.inForce(riskKinds.newDevice)
  if (fresh === undefined || amount <= fresh.fen) return 0
  const isKnown = known >= 0 && isKnownDevice(habits.at, known, device, s.logTimeMs - fresh.ageMs)
  return isKnown ? 0 : refusalBy(s, fresh, row, device, codeOf['risk-device'])
}

/** A rule that asks for a person is content with a passkey, which signs only when somebody has unlocked it. */
function refusalBy(s: State, rule: RiskRuleVersion, row: number, device: number, code: number): number {
  if (rule.action === riskActions.refuse) return code
  const inPerson = s.wallets.at.algorithm[row] === keyAlgorithms.webauthnP256 && device !== nobodyThere
  return inPerson ? 0 : codeOf['confirmation-required']
}

/** Keeps what the rules need of a payment that leaves a wallet. */
export function notePayment(s: State, row: number, amount: number, device: number): void {
  const { rules, payers, habits, devices } = s.risk
  if ((rules.kept & aboutPayers) === 0 || device === notCounted) return
  if ((rules.kept & ofPayers) !== 0) payers.change(row, (at) => countPayment(payers.at, at, s.logTimeMs, 1))
  if (device === nobodyThere) return
  if (device !== 0 && (rules.kept & ofDevices) !== 0) devices.count(device, s.logTimeMs)
  if ((rules.kept & (ofHabits | ofNewDevices)) === 0) return
  habits.change(row, (at) => learn(habits.at, at, amount, device, s.logTimeMs))
}

/** Takes back what was kept of a payment of this frame that nobody was there to make. */
export function forgetPayment(s: State, row: number): void {
  const { rules, payers } = s.risk
  if ((rules.kept & ofPayers) !== 0) payers.change(row, (at) => countPayment(payers.at, at, s.logTimeMs, -1))
}

/** Why a merchant takes no more for now, or 0. */
export function judgeMerchant(s: State, row: number, amount: number): number {
  const { rules, merchants } = s.risk
  if ((rules.judged & ofMerchants) === 0 || s.wallets.at.kind[row] !== walletKinds.merchant) return 0
  const known = merchants.find(row)
  for (let window = 0; window < riskWindowsMs.length; window++) {
    const rule = rules.inForce(riskKinds.merchantFrequency, window)
    if (rule === undefined) continue
    const payments = known < 0 ? 0 : paymentsIn(merchants.at, known, window, s.logTimeMs)
    const fen = known < 0 ? 0 : fenIn(merchants.at, known, window, s.logTimeMs)
    if (payments >= rule.paymentsMax || fen + amount > rule.fen) return codeOf['payee-frequency']
  }
  return 0
}

/** Keeps what the rules need of a payment that a wallet takes, or with `sign` -1 takes it back in the same frame. */
export function noteTaken(s: State, row: number, amount: number, sign: 1 | -1): void {
  const { rules, merchants } = s.risk
  if ((rules.kept & ofMerchants) === 0 || s.wallets.at.kind[row] !== walletKinds.merchant) return
  merchants.change(row, (at) => countPayment(merchants.at, at, s.logTimeMs, sign, amount))
}

/** Why nothing may be drawn from a linked account that is new, or 0. */
export function judgeNewLink(s: State, wallet: number, link: number, amount: number): number {
  const rule = s.risk.rules.inForce(riskKinds.newLink)
  if (rule === undefined || amount <= rule.fen) return 0
  const ageMs = s.logTimeMs - s.links.at.openedMs[link]!
  return ageMs >= rule.ageMs ? 0 : refusalBy(s, rule, wallet, 0, codeOf['risk-linked-account'])
}
