import { commandHead } from './commandHead.ts'
import { layout } from './layout.ts'

/** Bytes of what a merchant says of itself. */
export const merchantTextBytesMax = 1_024
/** Bytes of the label of a sub-user once it is sealed. */
export const merchantUserLabelBytesMax = 256

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
  /** One of the merchant's people or tills gets a key of its own, or another one, with what it may do. */
  merchantUserPut: layout('merchantUserPut', {
    ...commandHead,
    wallet: ['f64', "the merchant's wallet number"],
    limit: ['f64', 'fen that a refunder may send back in one refund; zero of the other roles'],
    number: ['u8', "the merchant's number of it, 1 to 32"],
    role: ['u8', '1 cashier, 2 refunder, 3 accountant'],
    algorithm: ['u8', 'of the key: 1 ECDSA P-256'],
    key: ['bytes33', 'compressed point'],
    textLength: ['u16', 'bytes used of the sealed label that follows this record, 0 when none does'],
    reserved: ['bytes2', 'zero'],
  }),
  merchantUserRemove: layout('merchantUserRemove', {
    ...commandHead,
    wallet: ['f64', "the merchant's wallet number"],
    number: ['u8', "the merchant's number of it"],
    reserved: ['bytes7', 'zero'],
  }),
} as const
