import { commandHead } from './commandHead.ts'
import { layout } from './layout.ts'
import { reasonLength } from './reasonText.ts'

/** Commands about a wallet whose key was lost. */
export const recoveryRecords = {
  /** The institution has identified the user again and names the key that shall sign once the waiting time is over. */
  recoveryStart: layout('recoveryStart', {
    ...commandHead,
    wallet: ['f64', 'wallet number'],
    algorithm: ['u8', 'of the new key'],
    key: ['bytes33', 'compressed point'],
    reserved: ['bytes6', 'zero'],
  }),
  /** Who still has the old key objects, or the institution takes it back. */
  recoveryStop: layout('recoveryStop', {
    ...commandHead,
    wallet: ['f64', 'wallet number'],
    textLength: ['u16', reasonLength],
    reserved: ['bytes6', 'zero'],
  }),
  recoveryRulePut: layout('recoveryRulePut', {
    ...commandHead,
    minutes: ['u32', 'how long who has the old key may object to a new one; 0: not at all'],
    textLength: ['u16', reasonLength],
    reserved: ['u16', 'zero'],
    effectiveMs: ['f64', 'log time from which this is in force'],
  }),
} as const
