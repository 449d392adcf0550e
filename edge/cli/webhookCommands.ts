import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { parseWebhookId, webhookStates } from '../../actors/log/webhookEvents.ts'
import { newId } from '../client/node.ts'
import { wholeArgument } from './argumentTypes.ts'
import type { Answer, Register } from './command.ts'
import { merchantCommand, merchantPath } from './merchantCommands.ts'
import type { SignerName } from './session.ts'
import { nameValueLines, textTable } from './textTable.ts'
import { requestIdOption } from './walletCommands.ts'

type Webhook = Readonly<Record<string, unknown>>
type ListOptions = { status?: string; limit: number; as?: SignerName }

export function webhookIdArgument(text: string): string {
  if (parseWebhookId(text) === undefined) {
    throw new InvalidArgumentError('It must be the id of an event: evt_ and 32 hexadecimal digits.')
  }
  return text
}

/** Commands of `jiaozi merchant` about what the merchant is told, and the secret that signs it. */
export function addWebhookCommands(merchant: Command, register: Register): void {
  const secret = merchantCommand(merchant, 'secret', 'the secret that signs what a merchant is told')
  register<{ as?: SignerName }>(secret, async ({ args: [walletId], options, session }) => {
    const signer = session.signerFor(walletId!, options.as)
    return secretAnswer(await session.call(signer, 'GET', `${merchantPath(walletId!)}/webhook-secret`))
  })

  const rotate = merchantCommand(merchant, 'rotate-secret', 'replace that secret; the last one signs for a day more')
  register<{ as?: SignerName; requestId?: string }>(
    rotate.addOption(requestIdOption()),
    async ({ args: [walletId], options, session }) => {
      const signer = session.signerFor(walletId!, options.as)
      const path = `${merchantPath(walletId!)}/webhook-secret/rotate`
      return secretAnswer({
        body: await session.change(signer, 'POST', path, { request_id: options.requestId ?? newId() }),
      })
    },
  )
  addListCommand(merchant, register)

  const show = merchantCommand(merchant, 'webhook', 'an event that a merchant is told of, with every try')
  show.argument('<webhook>', 'id of the event', webhookIdArgument)
  register<{ as?: SignerName }>(show, async ({ args: [walletId, webhook], options, session }) => {
    const signer = session.signerFor(walletId!, options.as)
    return webhookAnswer(await session.call(signer, 'GET', `${merchantPath(walletId!)}/webhooks/${webhook}`))
  })

  const replay = merchantCommand(merchant, 'replay', 'tell a merchant again').addOption(requestIdOption())
  replay.argument('<webhook>', 'id of the event', webhookIdArgument)
  register<{ as?: SignerName; requestId?: string }>(replay, async ({ args, options, session }) => {
    const [walletId, webhook] = args as [string, string]
    const signer = session.signerFor(walletId, options.as)
    const path = `${merchantPath(walletId)}/webhooks/${webhook}/replay`
    const body = await session.change(signer, 'POST', path, { request_id: options.requestId ?? newId() })
    return { body, text: `${webhook} will be told again` }
  })
}

function addListCommand(merchant: Command, register: Register): void {
  const list = merchantCommand(merchant, 'webhooks', 'what a merchant is told of, newest first')
    .addOption(new Option('--status <status>', 'only such').choices(Object.keys(webhookStates)))
    .option('--limit <n>', 'how many', wholeArgument(1, 500), 50)
  register<ListOptions>(list, async ({ args: [walletId], options: { status, limit, as }, session }) => {
    const query = new URLSearchParams({ limit: String(limit), ...(status === undefined ? {} : { status }) })
    const path = `${merchantPath(walletId!)}/webhooks?${query}`
    const { body } = await session.call(session.signerFor(walletId!, as), 'GET', path)
    const { webhooks } = body as { webhooks: Webhook[] }
    const rows = webhooks.map((one) => [one.webhook_id, one.type, one.order_no, one.status, one.attempts].map(String))
    return { body, text: textTable({ head: ['webhook', 'type', 'order', 'status', 'tries'], rows, right: [4] }) }
  })
}

function secretAnswer({ body }: { body: Record<string, unknown> }): Answer {
  const text = nameValueLines([
    ['merchant', body.wallet_id],
    ['generation', body.generation],
    ['secret', body.secret],
    ['public key', body.public_key],
    ['previous secret', body.previous_secret],
    ['previous public key', body.previous_public_key],
    ['previous until', body.previous_until],
  ])
  return { body, text }
}

function webhookAnswer({ body }: { body: Record<string, unknown> }): Answer {
  const facts = nameValueLines([
    ['webhook', body.webhook_id],
    ['type', body.type],
    ['order', body.order_no],
    ['status', body.status],
    ['next try', body.next_attempt_at],
    ['body', body.body],
  ])
  const rows = (body.deliveries as Webhook[]).map((one) =>
    [one.at, one.status, one.duration_ms, one.error ?? ''].map(String),
  )
  const tries = textTable({ head: ['tried at', 'status', 'ms', 'error'], rows, right: [1, 2] })
  return { body, text: `${facts}\n${tries}` }
}
