/** What runs unchanged in Node, Deno and browsers: nothing but fetch and WebCrypto stands below it. */
export type * from './api.ts'
export { newId } from './ids.ts'
export { type Asked, Jiaozi, type JiaoziOptions, type Settings } from './jiaozi.ts'
export {
  importWalletKey,
  newWalletKey,
  principalSigner,
  type Signer,
  subUserSigner,
  type WalletKey,
  walletSigner,
} from './keys.ts'
export { type Done, done, NotDone, type Outcome, type Refused, type Unknown } from './outcome.ts'
export { type PaymentText, signPayment } from './payment.ts'
export { type Genuine, type Judged, verifyWebhook } from './webhooks.ts'
