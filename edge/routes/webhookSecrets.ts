import { z } from '@hono/zod-openapi'
import type { MerchantView } from '../../actors/ledger/merchantViews.ts'
import { commandIdOf, runCommand } from './commandDesk.ts'
import { requestIdField, timeField, timeText, walletIdField } from './fields.ts'
import { visibleMerchant } from './merchants.ts'
import { operation, type Services } from './operation.ts'
import { requestDigest } from './requestDigest.ts'

const path = '/v1/merchants/{wallet_id}/webhook-secret'
const params = z.object({ wallet_id: walletIdField })

const secret = z
  .object({
    wallet_id: walletIdField,
    generation: z.int().openapi({ description: 'Counts the secrets, from 1' }),
    secret: z.string().openapi({ description: 'Verifies the signatures v1 (HMAC-SHA256)', example: 'whsec_…' }),
    public_key: z.string().openapi({ description: 'Verifies the signatures v1a (Ed25519)', example: 'whpk_…' }),
    previous_secret: z.string().optional().openapi({ description: 'Signs beside the newest until previous_until' }),
    previous_public_key: z.string().optional(),
    previous_until: timeField.optional(),
  })
  .openapi('WebhookSecret')

function secretBody({ webhookSecrets, nowMs }: Services, wallet_id: string, view: MerchantView) {
  const { newest, previous } = webhookSecrets.of(view, nowMs())
  const both =
    previous === undefined
      ? {}
      : {
          previous_secret: previous.secret,
          previous_public_key: previous.public_key,
          previous_until: timeText(previous.untilMs),
        }
  return { wallet_id, generation: view.secretGeneration, ...newest, ...both }
}

/** As its shard knows it; nobody else can say which secret is in force. */
async function viewOf({ gateway }: Services, wallet: number): Promise<MerchantView> {
  const { result } = await gateway.ask(wallet, { type: 'merchant', wallet }, 'owner')
  if (result === null) throw new Error('a wallet that was there is gone')
  return result
}

export const showWebhookSecret = operation({
  name: 'showWebhookSecret',
  method: 'get',
  path,
  tag: 'merchants',
  summary: 'The secret that signs what a merchant is told',
  description:
    'Standard Webhooks: each call carries a signature by HMAC-SHA256 (v1) and one by Ed25519 (v1a). The secret is derived when it is needed and stands in no database.',
  callers: ['wallet', 'institution'],
  params,
  messages: { answer: 'WebhookSecret' },
  answers: { 200: { description: 'The secrets that sign now', schema: secret } },
  async run({ caller, params: { wallet_id } }, services) {
    const { result } = await visibleMerchant(services, caller, wallet_id)
    const view = await viewOf(services, result.number)
    return { status: 200, body: secretBody(services, wallet_id, view) }
  },
})

export const rotateWebhookSecret = operation({
  name: 'rotateWebhookSecret',
  method: 'post',
  path: `${path}/rotate`,
  tag: 'merchants',
  summary: 'Replace the secret that signs what a merchant is told',
  description:
    'The last one signs beside it for 24 hours. The one before that is dead at once: two rotations end a secret that got out.',
  callers: ['wallet', 'institution'],
  params,
  body: z.strictObject({ request_id: requestIdField }).openapi('RotateWebhookSecretRequest'),
  messages: { request: 'RotateWebhookSecretRequest', answer: 'WebhookSecret' },
  answers: { 200: { description: 'The secrets that sign from now on', schema: secret } },
  async run({ caller, origin, params: { wallet_id }, body, idempotencyKey }, services) {
    const { gateway } = services
    const id = commandIdOf(idempotencyKey, body.request_id)
    const wallet = (await visibleMerchant(services, caller, wallet_id)).result.number
    await runCommand(gateway, gateway.shardOf(wallet), {
      op: 'webhookSecretRotate',
      caller,
      origin,
      id,
      digest: requestDigest('webhookSecretRotate', { wallet }),
      fields: { wallet },
      instance: `/v1/merchants/${wallet_id}/webhook-secret`,
      fieldOf: { 'wallet-closed': 'wallet_id' },
    })
    return { status: 200, body: secretBody(services, wallet_id, await viewOf(services, wallet)) }
  },
})

export const webhookSecretOperations = [showWebhookSecret, rotateWebhookSecret]
