import { commandHead } from './commandHead.ts'
import { layout } from './layout.ts'
import { reasonLength } from './reasonText.ts'

/** Bytes that a mandate says of what it is for. */
export const purposeBytesMax = 512

/** Commands about mandates. All of them are for the payer's shard; a mandate's id is that of the command that made it. */
export const mandateRecords = {
  mandateSign: layout('mandateSign', {
    ...commandHead,
    wallet: ['f64', "the payer's wallet number"],
    payee: ['f64', 'wallet number of who is paid'],
    amount: ['f64', 'fen a payment: exactly when it is scheduled, else at most'],
    periodAmount: ['f64', 'fen a period at most; of a schedule zero, which pays once a period'],
    firstMs: ['f64', 'log time from which it may be collected, or of the first scheduled payment'],
    endsMs: ['f64', 'log time from which nothing is paid any more, or 0'],
    payeeInstitution: ['u32', "the payee's institution, as its own shard says"],
    countMax: ['u32', 'payments in all, or 0 for any number'],
    textLength: ['u16', 'bytes used of the purpose that follows this record, which is padded to a multiple of 8'],
    period: ['u8', '0 once, 1 business day, 2 week from Monday, 3 month'],
    scheduled: ['u8', '1 pays by itself at its time, 0 is collected by the payee'],
    reserved: ['bytes4', 'zero'],
  }),
  mandateCancel: layout('mandateCancel', {
    ...commandHead,
    wallet: ['f64', "the payer's wallet number"],
    mandate: ['bytes16', 'id of the mandate'],
    textLength: ['u16', reasonLength],
    reserved: ['bytes6', 'zero'],
  }),
  /** The debit step of a payment that the payee collects. */
  mandateCollect: layout('mandateCollect', {
    ...commandHead,
    wallet: ['f64', "the payer's wallet number"],
    payee: ['f64', 'wallet number of who collects'],
    amount: ['f64', 'fen'],
    mandate: ['bytes16', 'id of the mandate'],
  }),
} as const
