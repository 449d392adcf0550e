import { commandHead } from './commandHead.ts'
import { layout } from './layout.ts'

/** Bytes of an order's number as its merchant writes it, and of the text that goes with an order. */
export const orderNoBytes = 32
export const orderTextBytesMax = 4_096
/** Payees of one order beside its merchant. */
export const splitsMax = 16

/** Commands about orders. An order is known by its merchant and its number: to create one needs no other id. */
export const orderRecords = {
  orderCreate: layout('orderCreate', {
    ...commandHead,
    wallet: ['f64', "the merchant's wallet number"],
    amount: ['f64', 'fen'],
    expiresMs: ['f64', 'log time from which it cannot be paid any more'],
    orderNo: ['bytes32', "the merchant's number of it, ASCII"],
    textLength: ['u16', 'bytes used of the text that follows this record, which is padded to a multiple of 8'],
    reserved: ['bytes6', 'zero'],
  }),
  /** The same of an order whose money goes on to others in part. What is not used of the three lists is zero. */
  orderCreateSplit: layout('orderCreateSplit', {
    ...commandHead,
    wallet: ['f64', "the merchant's wallet number"],
    amount: ['f64', 'fen'],
    expiresMs: ['f64', 'log time from which it cannot be paid any more'],
    orderNo: ['bytes32', "the merchant's number of it, ASCII"],
    textLength: ['u16', 'bytes used of the text that follows this record, which is padded to a multiple of 8'],
    count: ['u8', 'splits, 1 to 16'],
    reserved: ['bytes5', 'zero'],
    payees: ['bytes128', 'wallet number of each payee, 16 times f64'],
    amounts: ['bytes128', 'fen of each, 16 times f64; zero where it has a weight'],
    weights: ['bytes32', 'parts in ten thousand of what the named fen leave, 16 times u16'],
  }),
  orderClose: layout('orderClose', {
    ...commandHead,
    wallet: ['f64', "the merchant's wallet number"],
    orderNo: ['bytes32', "the merchant's number of it, ASCII"],
  }),
  /** The debit step of a refund, in the merchant's shard. */
  orderRefund: layout('orderRefund', {
    ...commandHead,
    wallet: ['f64', "the merchant's wallet number"],
    amount: ['f64', 'fen'],
    orderNo: ['bytes32', "the merchant's number of the order, ASCII"],
  }),
  /** The debit step of a payment that names an order, in the payer's shard. */
  orderPayment: layout('orderPayment', {
    ...commandHead,
    payer: ['f64', 'wallet number'],
    payee: ['f64', "the merchant's wallet number"],
    amount: ['f64', 'fen'],
    requestedMs: ['f64', "the payer's timestamp, Unix milliseconds"],
    order: ['u32', "number that the merchant's shard gave the order"],
    device: ['u32', "first bytes of the hash of the device's fingerprint, zero when none was told"],
  }),
} as const

/** Bytes of a legal name once it is sealed. */
export const nameBytesMax = 512
