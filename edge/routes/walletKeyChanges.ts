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

function keyOperation(name: string, cause: keyof typeof keyCauses, tail: string, summary: string, description: string) {
  return operation({
    name,
    method: 'post',
    path: `/v1/wallets/{wallet_id}/keys${tail}`,
    tag: 'wallets',
    summary,
    description,
    callers: [cause === 'recover' ? 'institution' : 'wallet'],
    params: z.object({ wallet_id: walletIdField }),
    body,
    messages: { request: 'ChangeWalletKeyRequest', answer: 'WalletKeyChanged' },
    answers: { 200: { description: 'The number of the key that signs from now on', schema: changed } },
    async run({ caller, origin, params, body, idempotencyKey }, { gateway, site }) {
      const id = commandIdOf(idempotencyKey, body.request_id)
      const { result } = await visibleWallet(gateway, caller, params.wallet_id)
      const { algorithm, key } = await givenKey(body, params.wallet_id, id, site)
      const hex = Buffer.from(key).toString('hex')
      const taken = await runCommand(gateway, gateway.shardOf(result.number), {
        op: 'walletKey',
        caller,
        origin,
        id,
        digest: requestDigest('walletKey', { wallet: result.number, cause, algorithm, key: hex }),
        fields: { wallet: result.number, cause: keyCauses[cause], algorithm, key },
        instance: `/v1/wallets/${params.wallet_id}`,
        fieldOf: { 'key-invalid': 'public_key' },
      })
      gateway.walletKeys.drop(result.number)
      return { status: 200, body: { wallet_id: params.wallet_id, key_version: taken.value } }
    },
  })
}

export const walletKeyOperations = [
  keyOperation(
    'rotateWalletKey',
    'rotate',
    '',
    "Replace a wallet's key",
    'Signed by the old key, which is dead from this position of the log on.',
  ),
  keyOperation(
    'recoverWalletKey',
    'recover',
    '/recover',
    'Give a wallet a new key after KYC',
    'For a lost or stolen phone: signed by the institution, which has identified the user again. The old key is dead.',
  ),
]
