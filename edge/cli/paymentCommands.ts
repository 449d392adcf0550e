import { type Command, Option } from 'commander'
import { parseCommandId, uuidTimeMs } from '../../actors/ledger/ids.ts'
import { ApiProblem, newId, OutcomeUnknown, signPayment } from '../client/node.ts'
import {
  amountArgument,
  commandIdArgument,
  paymentIdArgument,
  timeArgument,
  walletIdArgument,
  wholeArgument,
} from './argumentTypes.ts'
import type { Answer, Asked, Register } from './command.ts'
import { BadInput, exitCodes } from './exitCodes.ts'
import { orderNoArgument } from './orderCommands.ts'
import type { Reply, SignerName } from './session.ts'
import { nameValueLines, textTable } from './textTable.ts'
import { askUntil } from './waiting.ts'
import { signerOption } from './walletCommands.ts'

type PayOptions = { paymentId?: string; timestamp?: string; waitMs: number; device?: string; order?: string }

export const waitOption = (): Option =>
  new Option('--wait-ms <n>', 'time to wait for the end').argParser(wholeArgument(0, 3_600_000)).default(20_000)

export function addPaymentCommands(program: Command, register: Register): void {
  const pay = program
    .command('pay')
    .argument('<payer>', 'wallet that pays; its key must be in the keystore', walletIdArgument)
    .argument('<payee>', 'wallet that is paid', walletIdArgument)
    .argument('<amount>', 'yuan, such as 100.50', amountArgument)
    .description('pay from one wallet to another; the same --payment-id never pays twice')
    .option('--payment-id <id>', 'id of the payment, to ask again for the same (default: a new one)', commandIdArgument)
    .option(
      '--timestamp <time>',
      'time that the payer signs (default: when the id was made, now for a dated id)',
      timeArgument,
    )
    .option('--device <text>', 'fingerprint of the device')
    .option('--order <order-no>', "number of the payee's order that is paid", orderNoArgument)
    .addOption(waitOption())
  register<PayOptions>(pay, payAndWait)

  const payment = program.command('payment').description('payments that were made')
  const show = payment
    .command('show')
    .argument('<id>', 'payment id', paymentIdArgument)
    .description('how a payment stands; without --wallet it is looked for in the journal')
    .option('--wallet <id>', 'wallet that paid: the freshest word', walletIdArgument)
    .addOption(signerOption())
  register<{ wallet?: string; as?: SignerName }>(show, showPayment)
}

/**
 * The same id must carry the same signed bytes on every run of the command, or it would be refused as another payment.
 * A UUIDv7 says when it was made, so that nothing else need be remembered.
 */
export function timestampFor(paymentId: string, nowMs: number): string {
  const bytes = parseCommandId(paymentId)!
  const dated = /^[A-Z]/.test(paymentId)
  return new Date(dated ? nowMs : uuidTimeMs(bytes, 0)).toISOString()
}

async function payAndWait({ args, options, session, tell }: Asked<PayOptions>): Promise<Answer> {
  const [payer, payee, amount] = args as [string, string, string]
  const { paymentId = newId(), waitMs, device, order } = options
  const timestamp = options.timestamp ?? timestampFor(paymentId, Date.now())
  const key = session.keystore.keyOf(payer)
  const text = {
    payment_id: paymentId,
    payer_wallet: payer,
    payee_wallet: payee,
    amount,
    currency: 'CNY-DC',
    ...(order === undefined ? {} : { order }),
    timestamp,
  }
  const signed = { ...signPayment(text, key), ...(device === undefined ? {} : { device_fingerprint: device }) }
  const again = /^[A-Z]/.test(paymentId) ? ` --timestamp ${timestamp}` : ''
  tell(`payment ${paymentId}${again === '' ? '' : `, to ask again:${again}`}`)
  const send = (): Promise<Reply> => session.call(undefined, 'POST', '/v1/payments', signed)
  const statusPath = `/v1/wallets/${payer}/payments/${paymentId}`
  const ask = async (): Promise<Reply> => {
    try {
      return await session.call(session.wallet(payer), 'GET', statusPath)
    } catch (error) {
      // Nobody knows the payment: the first request was lost on its way, and is sent again as it was.
      if (error instanceof ApiProblem && error.reason === 'not-found') return send()
      // To be refused a look is no refusal of the payment.
      throw error instanceof ApiProblem ? new OutcomeUnknown(error.message) : error
    }
  }
  const first = await send().catch((error: unknown) => {
    throw error instanceof OutcomeUnknown ? withHint(error, paymentId) : error
  })
  const last = await askUntil(first, (reply) => reply.body.status !== 'pending', ask, waitMs)
  return { body: last.body, text: paymentText({ ...last.body, payee_wallet: payee, amount }), exitCode: codeOf(last) }
}

function withHint(error: OutcomeUnknown, paymentId: string): OutcomeUnknown {
  return new OutcomeUnknown(`${error.message}; ask again with --payment-id ${paymentId}`)
}

function codeOf({ body }: Reply) {
  if (body.status === 'refused') return exitCodes.refused
  return body.status === 'pending' ? exitCodes.unknown : exitCodes.ok
}

function paymentText(body: Record<string, unknown>): string {
  const position = body.position as { shard: number; seq: number; index: number } | undefined
  return nameValueLines([
    ['payment', body.payment_id],
    ['status', body.status],
    ['reason', body.code],
    ['payer', body.payer_wallet],
    ['payee', body.payee_wallet],
    ['amount', body.amount === undefined ? undefined : `${body.amount} yuan`],
    ['executed at', body.executed_at],
    ['position', position && `shard ${position.shard}, frame ${position.seq}, record ${position.index}`],
  ])
}

async function showPayment({
  args: [id],
  options,
  session,
}: Asked<{ wallet?: string; as?: SignerName }>): Promise<Answer> {
  const { wallet, as } = options
  if (wallet !== undefined) {
    const reply = await session.call(session.signerFor(wallet, as), 'GET', `/v1/wallets/${wallet}/payments/${id}`)
    const exitCode = reply.body.status === 'pending' ? exitCodes.unknown : exitCodes.ok
    return { body: reply.body, text: paymentText(reply.body), exitCode }
  }
  if (as === 'wallet' || as?.startsWith('user:')) throw new BadInput(`--as ${as} needs --wallet`)
  const signer = as === 'operator' ? session.operator() : session.institution()
  const { body } = await session.call(signer, 'GET', `/v1/payments/${id}`)
  const { payments } = body as { payments: Record<string, unknown>[] }
  if (payments.length === 1) return { body, text: paymentText(payments[0]!) }
  const rows = payments.map((p) => [p.payer_wallet, p.payee_wallet, p.amount, p.status].map(String))
  return { body, text: textTable({ head: ['payer', 'payee', 'amount', 'status'], rows, right: [2] }) }
}
