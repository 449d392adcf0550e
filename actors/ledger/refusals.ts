/**
 * Why a command was refused: one closed list in order of precedence, so that the first that applies is the answer.
 * The place in this list is the code in the log and in snapshots; names are only ever added at the end of it,
 * and a retired name keeps its place.
 *
 * `remembered` says that the refusal is final under its id: the same id gets the same answer. The others depend on
 * something outside the payment (a window, a full table, a key that has been replaced) and leave no trace.
 */
export const refusalTable = {
  accepted: { remembered: true },
  'command-unknown': { remembered: false },
  'sender-not-allowed': { remembered: false },
  'shard-misplaced': { remembered: false },
  'id-reused': { remembered: false },
  'id-malformed': { remembered: false },
  'id-early': { remembered: false },
  'id-expired': { remembered: false },
  'id-seen': { remembered: false },
  'frame-repeated': { remembered: false },
  'timestamp-stale': { remembered: false },
  'timestamp-early': { remembered: false },
  'id-quota-exceeded': { remembered: false },
  'ids-exhausted': { remembered: false },
  'wallet-unknown': { remembered: false },
  'user-unknown': { remembered: false },
  'institution-unknown': { remembered: false },
  'signer-not-allowed': { remembered: false },
  'key-not-current': { remembered: false },
  'shard-full': { remembered: false },
  'amount-invalid': { remembered: true },
  'payer-is-payee': { remembered: true },
  'wallet-frozen': { remembered: true },
  'wallet-closed': { remembered: true },
  'risk-control': { remembered: true },
  'single-limit-exceeded': { remembered: true },
  'day-limit-exceeded': { remembered: true },
  'year-limit-exceeded': { remembered: true },
  'funds-insufficient': { remembered: true },
  'payee-unknown': { remembered: true },
  'payee-frozen': { remembered: true },
  'payee-closed': { remembered: true },
  'payee-balance-limit-exceeded': { remembered: true },
  'balance-limit-exceeded': { remembered: true },
  'kyc-insufficient': { remembered: true },
  'wallets-too-many': { remembered: true },
  'wallet-not-empty': { remembered: true },
  'status-not-allowed': { remembered: true },
  'key-invalid': { remembered: true },
  'rule-invalid': { remembered: true },
  'linked-account-unknown': { remembered: true },
  'linked-account-inactive': { remembered: true },
  'linked-account-duplicate': { remembered: true },
  'linked-account-limit-exceeded': { remembered: true },
  'linked-account-funds-insufficient': { remembered: true },
  'linked-account-refused': { remembered: true },
  'issuance-refused': { remembered: true },
  'payout-refused': { remembered: true },
  'saga-unknown': { remembered: false },
  'saga-step-passed': { remembered: false },
  'authorisation-missing': { remembered: true },
  'batch-not-local': { remembered: true },
  'batch-linked': { remembered: true },
  'merchant-required': { remembered: true },
  'expiry-invalid': { remembered: true },
  'orders-full': { remembered: false },
  'order-reused': { remembered: false },
  'order-unknown': { remembered: true },
  'order-paid': { remembered: true },
  'order-closed': { remembered: true },
  'order-expired': { remembered: true },
  'order-amount-differs': { remembered: true },
  'order-not-paid': { remembered: true },
  'refund-period-over': { remembered: true },
  'refund-exceeds-payment': { remembered: true },
  'holds-full': { remembered: false },
  'hold-unknown': { remembered: true },
  'hold-expired': { remembered: true },
  'hold-ended': { remembered: true },
  'hold-exceeded': { remembered: true },
  'split-invalid': { remembered: true },
  'mandates-full': { remembered: false },
  'mandate-dates-invalid': { remembered: true },
  'mandate-unknown': { remembered: true },
  'mandate-cancelled': { remembered: true },
  'mandate-ended': { remembered: true },
  'mandate-early': { remembered: true },
  'mandate-scheduled': { remembered: true },
  'mandate-exceeded': { remembered: true },
  'mandate-late': { remembered: true },
  'recoveries-full': { remembered: false },
  'recovery-open': { remembered: true },
  'recovery-unknown': { remembered: true },
  'payee-suspended': { remembered: true },
  'payee-blacklisted': { remembered: true },
  'payee-frequency': { remembered: true },
  'risk-frequency': { remembered: true },
  'risk-amount': { remembered: true },
  'risk-device': { remembered: true },
  'risk-linked-account': { remembered: true },
  'confirmation-required': { remembered: true },
  'second-person-required': { remembered: false },
  'proposals-full': { remembered: false },
  'proposal-unknown': { remembered: true },
  'proposal-ended': { remembered: true },
  'proposal-expired': { remembered: true },
  'payouts-full': { remembered: false },
  'disputes-full': { remembered: false },
  'dispute-late': { remembered: true },
  'dispute-open': { remembered: true },
  'dispute-unknown': { remembered: true },
  'dispute-ended': { remembered: true },
  'merchant-user-unknown': { remembered: false },
  'merchant-user-role': { remembered: false },
  'merchant-user-limit': { remembered: false },
} as const

export type Refusal = keyof typeof refusalTable
export const refusals = Object.keys(refusalTable) as readonly Refusal[]

const codeByName = Object.fromEntries(refusals.map((name, code) => [name, code])) as Readonly<Record<Refusal, number>>

/** Code of an outcome as it stands in answers, frames and snapshots; 0 is accepted. */
export const codeOf: Readonly<Record<Refusal, number>> = codeByName

/** Name of an outcome code. @throws RangeError when this release does not know the code. */
export function refusalOf(code: number): Refusal {
  const name = refusals[code]
  if (name === undefined) throw new RangeError(`no refusal has the code ${code}`)
  return name
}

/** By code: 1 when the outcome is final under its id. A typed array, since every payment reads it. */
export const rememberedByCode = Uint8Array.from(refusals, (name) => (refusalTable[name].remembered ? 1 : 0))
