import { commandHead } from './commandHead.ts'
import { disputeRecords, disputeTextBytesMax } from './disputeRecords.ts'
import { holdRecords } from './holdRecords.ts'
import { layout } from './layout.ts'
import { mandateRecords, purposeBytesMax } from './mandateRecords.ts'
import { merchantRecords, merchantTextBytesMax, merchantUserLabelBytesMax } from './merchantRecords.ts'
import { nameBytesMax, orderRecords, orderTextBytesMax } from './orderRecords.ts'
import { payoutRecords } from './payoutRecords.ts'
import { reasonBytesMax, reasonLength } from './reasonText.ts'
import { recoveryRecords } from './recoveryRecords.ts'
import { riskRecords } from './riskRecords.ts'

/** What a frame's body holds: records of one kind. */
export const frameKinds = { payments: 1, transit: 2, commands: 3, batch: 4 } as const

/** Who published a frame, known from its subject, which the message server's permissions guard. */
export const senders = { edge: 1, shard: 2, connector: 3, operator: 4, host: 5 } as const

/** A signed payment: the debit step of its saga, in the payer's shard. */
export const paymentRecord = layout('payment', {
  keyVersion: ['u32', "number of the payer's key that verified the signature"],
  device: ['u32', "first bytes of the hash of the device's fingerprint, zero when none was told"],
  payer: ['f64', 'wallet number'],
  payee: ['f64', 'wallet number'],
  amount: ['f64', 'fen'],
  id: ['bytes16', 'payment id'],
  digestHigh: ['u32', 'SHA-256 of the canonical bytes, bytes 0-3'],
  digestLow: ['u32', 'SHA-256 of the canonical bytes, bytes 4-7'],
  requestedMs: ['f64', "the payer's timestamp, Unix milliseconds"],
  token: ['f64', "the edge's number for this request, echoed in answers"],
})

/** Precedes the records of a batch's frame: what an institution signs once for all of them. */
export const batchHeader = layout('batchHeader', {
  id: ['bytes16', 'batch id, a UUIDv7; what precedes its last two bytes tells batches of one institution apart'],
  digestHigh: ['u32', 'SHA-256 of the whole batch as signed, bytes 0-3'],
  digestLow: ['u32', 'SHA-256 of the whole batch as signed, bytes 4-7'],
  institution: ['u32', 'institution that signed'],
  flags: ['u32', '1 atomic: all records or none'],
  requestedMs: ['f64', "the institution's timestamp, Unix milliseconds"],
  token: ['f64', "the edge's number for this frame, echoed in answers"],
})

export const batchFlags = { atomic: 1 } as const

/**
 * A payment of a batch: the debit step of its saga, in the payer's shard. Its payment id is the batch id as a UUID of
 * version 8 with the index, big-endian, in the last two bytes: no wallet can sign a payment under such an id.
 */
export const batchRecord = layout('batchRecord', {
  payer: ['f64', 'wallet number'],
  payee: ['f64', 'wallet number'],
  amount: ['f64', 'fen'],
  authorisation: ['u32', "number of the payer's authorisation that the institution keeps, not zero"],
  index: ['u32', 'place in the batch as signed, from 0; rises within a frame'],
})

/** An odd op is a credit, and the next even one its return. */
export const transitOps = {
  credit: 1,
  return: 2,
  batchCredit: 3,
  batchReturn: 4,
  orderCredit: 5,
  orderReturn: 6,
  refundCredit: 7,
  refundReturn: 8,
  splitCredit: 9,
  splitReturn: 10,
  mandateCredit: 11,
  mandateReturn: 12,
  disputeCredit: 13,
  disputeReturn: 14,
} as const

/**
 * What one shard owes another: a credit, or the return of a credit that could not be taken. What it has in common with
 * its neighbours (the batch that all of them belong to) stands once, in its group.
 */
export const transitRecord = layout('transit', {
  op: ['u8', '1 credit, 2 return, 3 credit of a batch, 4 return of a batch'],
  reason: ['u8', 'refusal code of a return, else 0'],
  position: ['u16', "place in the batch's frame, else 0"],
  index: ['u16', 'place in the batch as signed, else 0; with the batch id it makes the payment id'],
  reserved: ['u16', 'zero'],
  payer: ['f64', 'wallet number'],
  payee: ['f64', 'wallet number'],
  amount: ['f64', 'fen'],
})

/** The same of a payment that names an order, of a refund of one, and of what goes on by a split or by a mandate. */
export const orderTransitRecord = layout('orderTransit', {
  op: ['u8', '5 credit of an order, 6 return of it, 7 and 8 of a refund, 9 and 10 of a split, 11 and 12 by a mandate'],
  reason: ['u8', 'refusal code of a return, else 0'],
  reserved: ['u16', 'zero'],
  order: ['u32', 'number that its shard gave the order, split or mandate'],
  payer: ['f64', 'wallet number'],
  payee: ['f64', 'wallet number'],
  amount: ['f64', 'fen'],
})

/** Who asked for the records that follow one another: one batch, or one payment. */
export const transitGroup = layout('transitGroup', {
  first: ['u32', 'transit number of its first record, the lowest 32 bits; the first group may begin before the part'],
  institution: ['u16', "the payer's institution"],
  edge: ['u16', 'edge that asked'],
  id: ['bytes16', 'payment id, or id of the batch'],
  token: ['f64', "the edge's number for the request"],
})

/**
 * Begins each part of a transit frame; its groups follow, then its records. A part is what one source owes, and a frame
 * has as many as the sender had sources for.
 */
export const transitHeader = layout('transitHeader', {
  source: ['u32', 'shard that sends'],
  incarnation: ['u32', "the source's transit incarnation; a new one starts at number 0"],
  first: ['f64', 'transit number of the first record'],
  groups: ['u32', 'groups of the part, in the order of their records'],
  records: ['u32', 'records of the part'],
})

export const signers = {
  walletKey: 1,
  institution: 2,
  operator: 3,
  connector: 4,
  system: 5,
  payeeKey: 6,
  merchantUser: 7,
} as const

export const commandHeadRecord = layout('commandHead', commandHead)

export const commandOps = {
  genesis: 1,
  principalPut: 2,
  limitsPut: 3,
  riskRulePut: 4,
  refundRulePut: 5,
  recoveryRulePut: 6,
  userOpen: 10,
  userUpdate: 11,
  walletOpen: 20,
  walletStatus: 21,
  walletKey: 22,
  recoveryStart: 23,
  recoveryStop: 24,
  linkOpen: 30,
  linkStatus: 31,
  rechargeRequest: 40,
  rechargeStep: 41,
  redemptionRequest: 50,
  redemptionStep: 51,
  orderCreate: 60,
  orderClose: 61,
  orderPayment: 62,
  orderRefund: 63,
  orderCreateSplit: 64,
  tick: 70,
  holdPlace: 80,
  holdCapture: 81,
  holdVoid: 82,
  merchantPut: 90,
  webhookSecretRotate: 91,
  webhookReplay: 92,
  merchantUserPut: 93,
  merchantUserRemove: 94,
  mandateSign: 100,
  mandateCancel: 101,
  mandateCollect: 102,
  riskPolicyPut: 110,
  standingPut: 111,
  secondPersonPut: 112,
  proposalOpen: 113,
  proposalDecide: 114,
  payoutRulePut: 120,
  disputeOpen: 121,
  disputeAnswer: 122,
  disputeWithdraw: 123,
} as const
export type CommandOp = keyof typeof commandOps

export const walletActions = { freeze: 1, unfreeze: 2, close: 3 } as const
/** 2 was a recovery at once: now it begins with `recoveryStart`. */
export const keyCauses = { rotate: 1, revoke: 3 } as const
/** Ed25519 has 3 in the evidence, and no wallet has such a key. */
export const keyAlgorithms = { ecdsaP256: 1, sm2: 2, webauthnP256: 4 } as const
/** What a merchant's sub-user may do. */
export const merchantRoles = { cashier: 1, refunder: 2, accountant: 3 } as const
export const principalRoles = { institution: 1, operator: 2 } as const
export const linkTypes = { bank: 1, payment: 2 } as const

/** Steps of a recharge. A step's number never falls; 3, 4 and 6 are final. */
export const rechargeSteps = {
  requested: 1,
  debited: 2,
  settled: 3,
  refused: 4,
  refunding: 5,
  refunded: 6,
} as const

/** Steps of a redemption. 3, 4 and 6 are final. */
export const redemptionSteps = {
  requested: 1,
  burnt: 2,
  paid: 3,
  refused: 4,
  reissuing: 5,
  returned: 6,
} as const

export const commandRecords = {
  /** First record of every log: what cannot change without new data. */
  genesis: layout('genesis', {
    ...commandHead,
    shard: ['u32', 'number of this shard'],
    shardCount: ['u32', 'shards of the region; bucket b lives in shard b modulo this'],
    walletsMax: ['u32', 'wallets (and users, and links) this shard can hold'],
    idsMax: ['u32', 'command ids this shard remembers at once, a power of two'],
    hashKey: ['bytes16', 'key of the hash tables and the digest'],
  }),
  principalPut: layout('principalPut', {
    ...commandHead,
    number: ['u32', 'institution or operator number'],
    role: ['u8', '1 institution, 2 operator'],
    active: ['u8', '1 may act, 0 may not'],
    textLength: ['u16', reasonLength],
    publicKey: ['bytes32', 'Ed25519'],
  }),
  limitsPut: layout('limitsPut', {
    ...commandHead,
    class: ['u32', 'wallet class 1-4, or 0 for corporate wallets'],
    textLength: ['u16', reasonLength],
    reserved: ['u16', 'zero'],
    effectiveMs: ['f64', 'log time from which these limits are in force'],
    balance: ['f64', 'fen; the largest number means none'],
    single: ['f64', 'fen a payment'],
    day: ['f64', 'fen a business day'],
    year: ['f64', 'fen a civil year'],
  }),
  riskRulePut: layout('riskRulePut', {
    ...commandHead,
    level: ['u16', 'risk level 0-3'],
    textLength: ['u16', reasonLength],
    percent: ['u32', 'share of the single and day limits that a user of this level keeps, 0-100'],
    effectiveMs: ['f64', 'log time from which this is in force'],
    rechargesPerDayMax: ['u32', 'recharges of one wallet a business day'],
    paymentsPerDayMax: ['u32', 'payments of one wallet a business day'],
  }),
  refundRulePut: layout('refundRulePut', {
    ...commandHead,
    days: ['u32', 'how long after its payment an order may be refunded'],
    textLength: ['u16', reasonLength],
    reserved: ['u16', 'zero'],
    effectiveMs: ['f64', 'log time from which this is in force'],
  }),
  userOpen: layout('userOpen', {
    ...commandHead,
    bucket: ['u32', 'where the user and all wallets of the user live'],
    kyc: ['u8', 'strength of identification, 1 strongest to 4'],
    reserved: ['u8', 'zero'],
    textLength: ['u16', 'bytes used of the sealed legal name that follows this record, 0 when none does'],
  }),
  userUpdate: layout('userUpdate', {
    ...commandHead,
    user: ['f64', 'user number'],
    kyc: ['u8', 'new strength of identification, 0 leaves it'],
    risk: ['u8', 'new risk level 0-3, 255 leaves it'],
    textLength: ['u16', 'bytes used of the sealed legal name that follows this record, and of the reason behind it'],
    reasonLength: ['u16', 'bytes of these that say why; what is left is the name, 0 leaves it'],
    reserved: ['bytes2', 'zero'],
  }),
  walletOpen: layout('walletOpen', {
    ...commandHead,
    user: ['f64', 'user number'],
    class: ['u8', '1-4, 0 corporate'],
    kind: ['u8', '1 personal, 2 merchant'],
    algorithm: ['u8', 'of the key: 1 ECDSA P-256, 2 SM2, 4 a passkey on P-256'],
    key: ['bytes33', 'compressed point'],
    reserved: ['bytes4', 'zero'],
  }),
  walletStatus: layout('walletStatus', {
    ...commandHead,
    wallet: ['f64', 'wallet number'],
    action: ['u8', '1 freeze, 2 unfreeze, 3 close'],
    reserved: ['bytes5', 'zero'],
    textLength: ['u16', reasonLength],
  }),
  walletKey: layout('walletKey', {
    ...commandHead,
    wallet: ['f64', 'wallet number'],
    cause: [
      'u8',
      '1 rotate (the old key signed), 3 revoke (the old key or the institution did): no key signs any more',
    ],
    algorithm: ['u8', 'of the new key'],
    key: ['bytes33', 'compressed point; nothing of it counts when the old one is revoked'],
    reserved: ['bytes5', 'zero'],
  }),
  linkOpen: layout('linkOpen', {
    ...commandHead,
    wallet: ['f64', 'wallet number'],
    limit: ['f64', 'fen that may be drawn from the account a business day'],
    fingerprint: ['bytes8', 'keyed hash of the full account number, so that one is linked once'],
    type: ['u8', '1 bank, 2 payment institution'],
    sealedLength: ['u8', 'bytes used of the sealed account'],
    maskedLength: ['u8', 'bytes used of the masked number'],
    reserved: ['bytes5', 'zero'],
    masked: ['bytes32', 'number as shown, ASCII'],
    sealed: ['bytes152', 'full number, sealed by the edge; the ledger cannot read it'],
  }),
  linkStatus: layout('linkStatus', {
    ...commandHead,
    wallet: ['f64', 'wallet number'],
    link: ['u32', 'number of the link'],
    active: ['u8', '1 active, 0 closed'],
    reserved: ['bytes3', 'zero'],
  }),
  rechargeRequest: layout('rechargeRequest', {
    ...commandHead,
    wallet: ['f64', 'wallet number'],
    amount: ['f64', 'fen'],
    link: ['u32', 'number of the link'],
    tokenLength: ['u8', 'bytes used of the sealed token'],
    reserved: ['bytes3', 'zero'],
    sealedToken: ['bytes192', "the bank's authorisation, sealed by the edge"],
  }),
  rechargeStep: layout('rechargeStep', {
    ...commandHead,
    wallet: ['f64', 'wallet number'],
    step: ['u8', 'step that was reached outside: 2 debited, 3 issued, 4 refused, 5 issuance refused, 6 refunded'],
    reason: ['u8', 'refusal code, for 4 and 5'],
    reserved: ['bytes6', 'zero'],
  }),
  redemptionRequest: layout('redemptionRequest', {
    ...commandHead,
    wallet: ['f64', 'wallet number'],
    amount: ['f64', 'fen'],
    link: ['u32', 'number of the link'],
    reserved: ['u32', 'zero'],
  }),
  redemptionStep: layout('redemptionStep', {
    ...commandHead,
    wallet: ['f64', 'wallet number'],
    step: ['u8', 'step that was reached outside: 2 burnt, 3 paid, 4 burn refused, 5 payout refused, 6 issued again'],
    reason: ['u8', 'refusal code, for 4 and 5'],
    reserved: ['bytes6', 'zero'],
  }),
  ...orderRecords,
  ...holdRecords,
  ...merchantRecords,
  ...mandateRecords,
  ...recoveryRecords,
  ...payoutRecords,
  ...disputeRecords,
  ...riskRecords,
  /** Says nothing: with it log time goes on, so that what is due falls due though nobody asks for anything. */
  tick: layout('tick', commandHead),
} as const satisfies Record<CommandOp, ReturnType<typeof layout>>

export type CommandLayouts = typeof commandRecords

/** Commands whose record is followed by text of a length that it says, and how long that may be. */
export const recordsWithText: ReadonlyMap<string, { readonly lengthAt: number; readonly bytesMax: number }> = new Map([
  ['walletStatus', { lengthAt: commandRecords.walletStatus.at.textLength, bytesMax: reasonBytesMax }],
  ['principalPut', { lengthAt: commandRecords.principalPut.at.textLength, bytesMax: reasonBytesMax }],
  ['limitsPut', { lengthAt: commandRecords.limitsPut.at.textLength, bytesMax: reasonBytesMax }],
  ['riskRulePut', { lengthAt: commandRecords.riskRulePut.at.textLength, bytesMax: reasonBytesMax }],
  ['refundRulePut', { lengthAt: commandRecords.refundRulePut.at.textLength, bytesMax: reasonBytesMax }],
  ['recoveryRulePut', { lengthAt: commandRecords.recoveryRulePut.at.textLength, bytesMax: reasonBytesMax }],
  ['recoveryStop', { lengthAt: commandRecords.recoveryStop.at.textLength, bytesMax: reasonBytesMax }],
  ['mandateCancel', { lengthAt: commandRecords.mandateCancel.at.textLength, bytesMax: reasonBytesMax }],
  ['holdVoid', { lengthAt: commandRecords.holdVoid.at.textLength, bytesMax: reasonBytesMax }],
  ['orderCreate', { lengthAt: commandRecords.orderCreate.at.textLength, bytesMax: orderTextBytesMax }],
  ['orderCreateSplit', { lengthAt: commandRecords.orderCreateSplit.at.textLength, bytesMax: orderTextBytesMax }],
  ['mandateSign', { lengthAt: commandRecords.mandateSign.at.textLength, bytesMax: purposeBytesMax }],
  ['riskPolicyPut', { lengthAt: commandRecords.riskPolicyPut.at.textLength, bytesMax: reasonBytesMax }],
  ['standingPut', { lengthAt: commandRecords.standingPut.at.textLength, bytesMax: reasonBytesMax }],
  ['secondPersonPut', { lengthAt: commandRecords.secondPersonPut.at.textLength, bytesMax: reasonBytesMax }],
  ['proposalOpen', { lengthAt: commandRecords.proposalOpen.at.textLength, bytesMax: reasonBytesMax }],
  ['proposalDecide', { lengthAt: commandRecords.proposalDecide.at.textLength, bytesMax: reasonBytesMax }],
  ['merchantPut', { lengthAt: commandRecords.merchantPut.at.textLength, bytesMax: merchantTextBytesMax }],
  ['merchantUserPut', { lengthAt: commandRecords.merchantUserPut.at.textLength, bytesMax: merchantUserLabelBytesMax }],
  ['disputeOpen', { lengthAt: commandRecords.disputeOpen.at.textLength, bytesMax: disputeTextBytesMax }],
  ['userOpen', { lengthAt: commandRecords.userOpen.at.textLength, bytesMax: nameBytesMax }],
  ['userUpdate', { lengthAt: commandRecords.userUpdate.at.textLength, bytesMax: nameBytesMax + reasonBytesMax }],
])
