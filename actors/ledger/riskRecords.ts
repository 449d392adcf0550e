import { commandHead } from './commandHead.ts'
import { layout } from './layout.ts'
import { reasonLength } from './reasonText.ts'

/** Bytes that a change may have beside its command's head. */
export const changeBytes = 64

/** Commands about risk, and about who must agree to a change of rules. They go to every shard but `standingPut`. */
export const riskRecords = {
  riskPolicyPut: layout('riskPolicyPut', {
    ...commandHead,
    kind: ['u8', "1 payer's frequency, 2 device's, 3 merchant's, 4 habit, 5 new device, 6 new linked account"],
    action: ['u8', '0 the rule ends, 1 refuse, 2 the payer has to confirm in person'],
    window: ['u8', 'of a frequency: 0 ten seconds, 1 a minute, 2 an hour'],
    reserved: ['bytes3', 'zero'],
    textLength: ['u16', reasonLength],
    paymentsMax: ['f64', 'of a frequency: most payments in the window'],
    factor: ['f64', 'of a habit: how many times the average is too much'],
    fen: ['f64', 'most that a merchant takes in the window, or the amount above which the rule speaks'],
    ageMs: ['f64', 'from which age on a device or linked account is no longer new'],
    effectiveMs: ['f64', 'log time from which this is in force'],
  }),
  standingPut: layout('standingPut', {
    ...commandHead,
    wallet: ['f64', 'wallet number'],
    standing: ['u8', '0 good, 1 suspended, 2 blacklisted: may it be paid'],
    reason: ['u8', '1 fraud, 2 complaints, 3 an authority, 4 its institution, 5 resolved, 6 other'],
    reserved: ['bytes4', 'zero'],
    textLength: ['u16', reasonLength],
  }),
  secondPersonPut: layout('secondPersonPut', {
    ...commandHead,
    required: ['u8', '1 a change of rules needs a second operator, 0 it does not'],
    reserved: ['bytes5', 'zero'],
    textLength: ['u16', reasonLength],
  }),
  /** A command that waits for a second operator's word: it stands here without its head. */
  proposalOpen: layout('proposalOpen', {
    ...commandHead,
    expiresMs: ['f64', 'log time from which nobody can agree any more'],
    change: ['bytes64', 'what follows the head of the command that is proposed, padded with zeros'],
    changeOp: ['u8', 'op of the command that is proposed'],
    reserved: ['bytes5', 'zero'],
    textLength: ['u16', reasonLength],
  }),
  proposalDecide: layout('proposalDecide', {
    ...commandHead,
    proposal: ['bytes16', 'id of the command that opened it'],
    agreed: ['u8', '1 it is done, 0 it is given up'],
    reserved: ['bytes5', 'zero'],
    textLength: ['u16', reasonLength],
  }),
} as const
