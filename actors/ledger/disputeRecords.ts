import { commandHead } from './commandHead.ts'
import { layout } from './layout.ts'

/** Bytes of what a payer says about a wrong transfer, sealed. */
export const disputeTextBytesMax = 1_536

const ofCase = {
  ...commandHead,
  wallet: ['f64', "the payee's wallet number"],
  payer: ['f64', "the payer's wallet number"],
  payment: ['bytes16', 'id of the payment'],
} as const

/** Commands about a wrong transfer. All of them are for the payee's shard, where the money is. */
export const disputeRecords = {
  /** The edge has read in the journal that the payment was made; nothing moves unless the payee consents. */
  disputeOpen: layout('disputeOpen', {
    ...ofCase,
    amount: ['f64', 'fen that were paid'],
    paidMs: ['f64', 'log time of the payment'],
    payerInstitution: ['u32', "the payer's institution, as its own shard says"],
    textLength: ['u16', 'bytes used of the sealed text that follows this record'],
    reserved: ['bytes2', 'zero'],
  }),
  /** The payee's word: with its consent the money goes back in this step. */
  disputeAnswer: layout('disputeAnswer', {
    ...ofCase,
    consent: ['u8', '1 gives the money back, 0 declines'],
    reserved: ['bytes7', 'zero'],
  }),
  disputeWithdraw: layout('disputeWithdraw', ofCase),
} as const
