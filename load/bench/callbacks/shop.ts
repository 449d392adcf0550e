import { readFileSync } from 'node:fs'
import {
  type Client,
  newId,
  newWalletKey,
  principalSigner,
  type WalletKey,
  walletSigner,
} from '../../../edge/client/node.ts'
import { untilDecided } from '../../demo/asking.ts'
import type { RegionFacts } from '../../region.ts'
import { ShopServer } from './shopServer.ts'

/** A merchant's wallet, and its server that hears callbacks. */
export type Shop = { readonly walletId: string; readonly key: WalletKey; readonly server: ShopServer }

/** Which of the two signatures of a call a shop checks: one is enough. */
export type CheckedSignature = 'hmac' | 'ed25519'

/**
 * Opens a merchant in a region, with a server on this machine that fails as often as it is told to.
 * @param failShare of the calls, 0 to 1
 */
export async function openShop(
  facts: RegionFacts,
  plain: Client,
  { failShare, checks, seed }: { failShare: number; checks: CheckedSignature; seed: number },
): Promise<Shop> {
  const client: Client = { call: (...request) => untilDecided(() => plain.call(...request)) }
  const institution = principalSigner('institution:1', readFileSync(facts.institutionKeyFile, 'utf8'))
  const key = newWalletKey()
  const user = await client.call(institution, 'POST', '/v1/users', { kyc_level: 1, request_id: newId() })
  const body = { user_id: user.body.user_id, class: 0, kind: 'merchant', public_key: key.publicKeyHex }
  const wallet = await client.call(institution, 'POST', '/v1/wallets', { ...body, request_id: newId() })
  const walletId = String(wallet.body.wallet_id)
  const path = `/v1/merchants/${walletId}`
  const signer = walletSigner(walletId, key)
  const secret = (await client.call(signer, 'GET', `${path}/webhook-secret`)).body
  const checkedBy = String(checks === 'hmac' ? secret.secret : secret.public_key)
  const server = new ShopServer(walletId, [checkedBy], failShare, seed)
  const callback_url = await server.open()
  await client.call(signer, 'PUT', path, { name_zh: '商店', callback_url, request_id: newId() })
  return { walletId, key, server }
}
