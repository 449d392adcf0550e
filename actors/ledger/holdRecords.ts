import { commandHead } from './commandHead.ts'
import { layout } from './layout.ts'
import { reasonLength } from './reasonText.ts'

/** Commands about money that a payer's wallet holds for a payee. All of them are for the payer's shard. */
export const holdRecords = {
  holdPlace: layout('holdPlace', {
    ...commandHead,
    wallet: ['f64', "the payer's wallet number"],
    payee: ['f64', 'wallet number of who may take from it'],
    amount: ['f64', 'fen'],
    expiresMs: ['f64', 'log time at which what is left is free again'],
    payeeInstitution: ['u32', "the payee's institution, as its own shard says"],
    device: ['u32', "first bytes of the hash of the device's fingerprint, zero when none was told"],
  }),
  holdCapture: layout('holdCapture', {
    ...commandHead,
    wallet: ['f64', "the payer's wallet number"],
    payee: ['f64', 'wallet number of who takes'],
    amount: ['f64', 'fen'],
    hold: ['bytes16', 'id of the hold'],
  }),
  holdVoid: layout('holdVoid', {
    ...commandHead,
    wallet: ['f64', "the payer's wallet number"],
    payee: ['f64', 'wallet number of who gives it up'],
    hold: ['bytes16', 'id of the hold'],
    textLength: ['u16', reasonLength],
    reserved: ['bytes6', 'zero'],
  }),
} as const
