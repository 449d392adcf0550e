import { createServer } from 'node:http'
import { done, importWalletKey, Jiaozi, verifyWebhook, walletSigner } from '@jiaozi/client'

/** A merchant's server: it makes an order and waits until it is told that somebody has paid it. */
const { JIAOZI_URL = '', WALLET_ID = '', WALLET_KEY = '', ORDER_NO = '', PORT = '0' } = process.env
const signer = walletSigner(WALLET_ID, await importWalletKey(WALLET_KEY))
const jiaozi = new Jiaozi({ baseUrl: JIAOZI_URL, signer })
const path = { wallet_id: WALLET_ID }
const { secret, public_key } = done(await jiaozi.call('showWebhookSecret', { path }))

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const callback = await verifyWebhook(request.headers, Buffer.concat(chunks), [secret, public_key])
  response.writeHead(callback.kind === 'genuine' ? 204 : 401).end()
  if (callback.kind === 'forged') return
  const { type, data } = JSON.parse(callback.text)
  console.log(`${type} ${data.order_no} ${data.amount}`)
  server.close()
})
server.listen(Number(PORT), '127.0.0.1', async () => {
  const callback_url = `http://localhost:${PORT}/callbacks`
  const expires_at = new Date(Date.now() + 600_000).toISOString()
  const order = { order_no: ORDER_NO, amount: '12.50', expires_at, callback_url }
  console.log(done(await jiaozi.call('createOrder', { path, body: order })).status)
})
