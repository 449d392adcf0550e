import { readFileSync } from 'node:fs'
import {
  done,
  importWalletKey,
  Jiaozi,
  newWalletKey,
  principalSigner,
  type Signer,
  walletSigner,
} from '../../../edge/client/index.ts'
import { ShopServer } from '../../bench/callbacks/shopServer.ts'
import type { RegionFacts } from '../../region.ts'
import { settleTown } from '../town.ts'

const width = 16
const customerFen = 1_000_000

export const shopName = { name_zh: '清风茶馆', name_en: 'Clear Breeze Tea House' } as const

export type Merchant = {
  readonly walletId: string
  readonly edgeUrl: string
  readonly signer: Signer
  readonly jiaozi: Jiaozi
  readonly server: ShopServer
}
export type Customer = Awaited<ReturnType<typeof openCustomers>>[number]

/** Opens a merchant's wallet, a server that hears its callbacks, and its profile, which says where that is. */
export async function openMerchant({ edgeUrl, institutionKeyFile }: RegionFacts): Promise<Merchant> {
  const bank = await principalSigner('institution:1', readFileSync(institutionKeyFile, 'utf8'))
  const institution = new Jiaozi({ baseUrl: edgeUrl, signer: bank })
  const key = await newWalletKey()
  const { user_id } = done(await institution.call('openUser', { body: { kyc_level: 1 } }))
  const opening = { user_id, class: 0, kind: 'merchant', public_key: key.publicKeyHex } as const
  const { wallet_id } = done(await institution.call('openWallet', { body: opening }))
  const signer = walletSigner(wallet_id, key)
  const jiaozi = new Jiaozi({ baseUrl: edgeUrl, signer })
  const path = { wallet_id }
  const { secret, public_key } = done(await jiaozi.call('showWebhookSecret', { path }))
  const server = new ShopServer(wallet_id, [secret, public_key], 0, 1)
  const callback_url = await server.open()
  done(await jiaozi.call('putMerchant', { path, body: { ...shopName, callback_url } }))
  return { walletId: wallet_id, edgeUrl, signer, jiaozi, server }
}

/** People with a wallet each, recharged from their bank. */
export async function openCustomers(facts: RegionFacts, count: number) {
  const accounts = Array.from({ length: count }, (_, n) => ({ name: String(n), initialFen: customerFen }))
  const town = await settleTown(facts, { source: 'shop', accounts, transfers: [] }, width, () => undefined)
  return Promise.all(
    town.residents.map(async ({ walletId, key }) => {
      const own = await importWalletKey(key.privateKey.export({ format: 'jwk' }))
      const jiaozi = new Jiaozi({ baseUrl: facts.edgeUrl, signer: walletSigner(walletId, own) })
      return { walletId, key: own, jiaozi }
    }),
  )
}
