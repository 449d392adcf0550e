import { z } from '@hono/zod-openapi'
import { keyCauses } from '../../actors/ledger/records.ts'
import { visibleWallet } from './caller.ts'
import { commandIdOf, runCommand } from './commandDesk.ts'
import { requestIdField, walletIdField } from './fields.ts'
import { operation } from './operation.ts'
import { requestDigest } from './requestDigest.ts'
import { givenKey, walletKeyFields } from './walletKeyField.ts'

const changed = z.object({ wallet_id: walletIdField, key_version: z.int() }).openapi('WalletKeyChanged')
const body = z.strictObject({ ...walletKeyFields, request_id: requestIdField }).openapi('ChangeWalletKeyRequest')
const params = z.object({ wallet_id: walletIdField })
const path = '/v1/wallets/{wallet_id}/keys'

export const rotateWalletKey = operation({
  name: 'rotateWalletKey',
  method: 'post',
  path,
  tag: 'wallets',
  summary: "Replace a wallet's key",
  description:
    'Signed by the old key, which is dead from this position of the log on. A recovery that waits is stopped by it.',
  callers: ['wallet'],
  params,
  body,
  messages: { request: 'ChangeWalletKeyRequest', answer: 'WalletKeyChanged' },
  answers: { 200: { description: 'The number of the key that signs from now on', schema: changed } },
  async run({ caller, origin, params: { wallet_id }, body, idempotencyKey }, { gateway, site }) {
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { result } = await visibleWallet(gateway, caller, wallet_id)
    const wallet = result.number
    const { algorithm, key } = await givenKey(body, wallet_id, id, site)
    const hex = Buffer.from(key).toString('hex')
    const taken = await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'walletKey',
      caller,
      origin,
      id,
      digest: requestDigest('walletKey', { wallet, cause: 'rotate', algorithm, key: hex }),
      fields: { wallet, cause: keyCauses.rotate, algorithm, key },
      instance: `/v1/wallets/${wallet_id}`,
      fieldOf: { 'key-invalid': 'public_key' },
    })
    gateway.walletKeys.drop(wallet)
    return { status: 200, body: { wallet_id, key_version: taken.value } }
  },
})

export const revokeWalletKey = operation({
  name: 'revokeWalletKey',
  method: 'post',
  path: `${path}/revoke`,
  tag: 'wallets',
  summary: 'Put out the device that holds the key, for a stolen phone',
  description:
    'From this position of the log on no key signs for the wallet: it is paid, but cannot pay, nor object to a recovery. A recovery gives it a key again.',
  callers: ['wallet', 'institution'],
  params,
  body: z.strictObject({ request_id: requestIdField }).openapi('RevokeWalletKeyRequest'),
  messages: { request: 'RevokeWalletKeyRequest', answer: 'WalletKeyChanged' },
  answers: { 200: { description: 'The old key is dead', schema: changed } },
  async run({ caller, origin, params: { wallet_id }, body, idempotencyKey }, { gateway }) {
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { result } = await visibleWallet(gateway, caller, wallet_id)
    const wallet = result.number
    const taken = await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'walletKey',
      caller,
      origin,
      id,
      digest: requestDigest('walletKey', { wallet, cause: 'revoke' }),
      fields: { wallet, cause: keyCauses.revoke, algorithm: 0, key: new Uint8Array(33) },
      instance: `/v1/wallets/${wallet_id}`,
    })
    gateway.walletKeys.drop(wallet)
    return { status: 200, body: { wallet_id, key_version: taken.value } }
  },
})

export const walletKeyOperations = [rotateWalletKey, revokeWalletKey]
