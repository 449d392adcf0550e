import { done, importWalletKey, Jiaozi, signPayment, walletSigner } from '@jiaozi/client'

/** A wallet: it pays a merchant's order. */
const { JIAOZI_URL = '', WALLET_ID = '', WALLET_KEY = '', MERCHANT_ID = '', ORDER_NO = '' } = process.env
const key = await importWalletKey(WALLET_KEY)
const jiaozi = new Jiaozi({ baseUrl: JIAOZI_URL, signer: walletSigner(WALLET_ID, key), deadlineMs: 10_000 })

// Signed once and kept: whatever happens on the way, this is the payment, and it is made once.
const parties = { payer_wallet: WALLET_ID, payee_wallet: MERCHANT_ID }
const payment = await signPayment({ ...parties, amount: '12.50', order: ORDER_NO }, key)

let outcome = await jiaozi.call('submitPayment', { body: payment })
while (outcome.kind === 'unknown') outcome = await outcome.again()
console.log(outcome.kind === 'done' ? outcome.body.status : outcome.problem.title)

const { balance } = done(await jiaozi.call('showWallet', { path: { wallet_id: WALLET_ID } }))
console.log(balance)
