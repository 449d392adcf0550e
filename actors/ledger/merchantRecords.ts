import { commandHead } from './commandHead.ts'
import { layout } from './layout.ts'

/** Bytes of what a merchant says of itself. */
export const merchantTextBytesMax = 1_024

/** Commands about merchants themselves. All of them are for the shard of the merchant's wallet. */
export const merchantRecords = {
  merchantPut: layout('merchantPut', {
    ...commandHead,
    wallet: ['f64', "the merchant's wallet number"],
    textLength: ['u16', 'bytes used of the text that follows this record, which is padded to a multiple of 8'],
    reserved: ['bytes6', 'zero'],
  }),
  /** The next generation of the secret that signs what the merchant is told. */
  webhookSecretRotate: layout('webhookSecretRotate', {
    ...commandHead,
    wallet: ['f64', "the merchant's wallet number"],
  }),
  /** Tell it again: the ledger only judges who asks, the followers do it. */
  webhookReplay: layout('webhookReplay', {
    ...commandHead,
    wallet: ['f64', "the merchant's wallet number"],
    event: ['bytes16', 'id of the event'],
  }),
} as const
