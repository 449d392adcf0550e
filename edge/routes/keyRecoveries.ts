import { z } from '@hono/zod-openapi'
import { visibleWallet } from './caller.ts'
import { commandIdOf, runCommand } from './commandDesk.ts'
import { requestIdField, timeField, timeText, walletIdField } from './fields.ts'
import { operation } from './operation.ts'
import { reasonField, reasonOf } from './reason.ts'
import { requestDigest } from './requestDigest.ts'
import { givenKey, walletKeyFields } from './walletKeyField.ts'

const params = z.object({ wallet_id: walletIdField })
const path = '/v1/wallets/{wallet_id}/keys/recover'

const recovery = z
  .object({
    wallet_id: walletIdField,
    status: z.enum(['waiting', 'done']),
    effective_at: timeField.openapi({ description: 'When the new key signs, unless somebody objects until then' }),
    key_version: z.int().openapi({ description: 'Of the key that signs now' }),
  })
  .openapi('KeyRecovery')

export const recoverWalletKey = operation({
  name: 'recoverWalletKey',
  method: 'post',
  path,
  tag: 'wallets',
  summary: 'Begin to give a wallet a new key after KYC',
  description:
    'For a lost phone: signed by the institution, which has identified the user again. The new key is the current one once the waiting time is over, and the old one dead at that moment; until then who has the old key may object. Ask again under the same id for how it stands. A stolen phone is put out at once by /keys/revoke.',
  callers: ['institution'],
  params,
  body: z.strictObject({ ...walletKeyFields, request_id: requestIdField }).openapi('RecoverWalletKeyRequest'),
  messages: { request: 'RecoverWalletKeyRequest', answer: 'KeyRecovery' },
  answers: { 200: { description: 'It waits, or is done', schema: recovery } },
  async run({ caller, origin, params: { wallet_id }, body, idempotencyKey }, { gateway, site }) {
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { result } = await visibleWallet(gateway, caller, wallet_id)
    const wallet = result.number
    const { algorithm, key } = await givenKey(body, wallet_id, id, site)
    const hex = Buffer.from(key).toString('hex')
    const taken = await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'recoveryStart',
      caller,
      origin,
      id,
      digest: requestDigest('recoveryStart', { wallet, algorithm, key: hex }),
      fields: { wallet, algorithm, key },
      instance: `/v1/wallets/${wallet_id}`,
      fieldOf: { 'key-invalid': 'public_key', 'recovery-open': 'wallet_id' },
    })
    gateway.walletKeys.drop(wallet)
    const now = await gateway.ask(wallet, { type: 'wallet', number: wallet }, 'owner')
    const done = now.result !== null && Buffer.compare(key, now.result.key) === 0
    const answered = { wallet_id, status: done ? 'done' : 'waiting', effective_at: timeText(taken.value) }
    return { status: 200, body: { ...answered, key_version: now.result?.keyVersion ?? result.keyVersion } }
  },
})

const stopped = z.object({ wallet_id: walletIdField, status: z.literal('stopped') }).openapi('KeyRecoveryStopped')

export const stopKeyRecovery = operation({
  name: 'stopKeyRecovery',
  method: 'post',
  path: `${path}/stop`,
  tag: 'wallets',
  summary: 'Object to a new key before its waiting time is over',
  description: 'By the old key, when nothing was lost; or by the institution or an operator.',
  callers: ['wallet', 'institution', 'operator'],
  params,
  body: z.strictObject({ reason: reasonField, request_id: requestIdField }).openapi('StopKeyRecoveryRequest'),
  messages: { request: 'StopKeyRecoveryRequest', answer: 'KeyRecoveryStopped' },
  answers: { 200: { description: 'The wallet keeps its key', schema: stopped } },
  async run({ caller, origin, params: { wallet_id }, body, idempotencyKey }, { gateway }) {
    const id = commandIdOf(idempotencyKey, body.request_id)
    const { text, ...why } = reasonOf(caller, body.reason)
    const { result } = await visibleWallet(gateway, caller, wallet_id)
    const wallet = result.number
    await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'recoveryStop',
      caller,
      origin,
      id,
      digest: requestDigest('recoveryStop', { wallet, ...why }),
      fields: { wallet },
      ...(text && { text }),
      instance: `/v1/wallets/${wallet_id}`,
      fieldOf: { 'recovery-unknown': 'wallet_id' },
    })
    return { status: 200, body: { wallet_id, status: 'stopped' } }
  },
})

export const keyRecoveryOperations = [recoverWalletKey, stopKeyRecovery]
