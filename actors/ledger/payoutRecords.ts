import { commandHead } from './commandHead.ts'
import { layout } from './layout.ts'

export const payoutRecords = {
  /** A merchant's standing order to its bank. */
  payoutRulePut: layout('payoutRulePut', {
    ...commandHead,
    wallet: ['f64', "the merchant's wallet number"],
    floor: ['f64', 'fen below which nothing is paid out'],
    reserve: ['f64', 'fen that stay in the wallet'],
    link: ['u32', 'number of the linked account that is paid'],
    minute: ['u16', 'of the business day in Shanghai, 0-1439'],
    active: ['u8', '1 from now on, 0 no more'],
    reserved: ['u8', 'zero'],
  }),
} as const
