import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { newId } from '../client/node.ts'
import { isOrderNo, orderNoMessage } from '../routes/orderNo.ts'
import { amountArgument, timeArgument, walletIdArgument, wholeArgument } from './argumentTypes.ts'
import type { Answer, Register } from './command.ts'
import { addQrCommand } from './qrCommand.ts'
import type { SignerName } from './session.ts'
import { nameValueLines, textTable } from './textTable.ts'
import { requestIdOption, signerOption } from './walletCommands.ts'

const lifeMinutesDefault = 30

type CreateOptions = {
  expiresAt?: string
  expiresInMinutes: number
  description?: string
  goods?: string
  callbackUrl?: string
  split?: readonly Split[]
  as?: SignerName
}
type Split = { payee_wallet: string; amount: string } | { payee_wallet: string; percent: string }

export function orderNoArgument(text: string): string {
  if (!isOrderNo(text)) throw new InvalidArgumentError(`It ${orderNoMessage}.`)
  return text
}

const splitPattern = /^([WM][1-9]\d{0,15})=(\d+(?:\.\d{1,2})?)(%?)$/

/** One more split: W1048576=5.00 for an amount, W1048576=12.5% for a part of the rest. */
function splitOption(text: string, before: readonly Split[] = []): readonly Split[] {
  const match = splitPattern.exec(text)
  if (match === null) throw new InvalidArgumentError('It must be such as W1048576=5.00 or W1048576=12.5%.')
  const [, payee_wallet = '', value = '', sign] = match
  return [...before, sign === '%' ? { payee_wallet, percent: value } : { payee_wallet, amount: value }]
}

const ordersPath = (merchant: string): string => `/v1/merchants/${merchant}/orders`

export function addOrderCommands(program: Command, register: Register): void {
  const order = program.command('order').description('orders of a merchant')
  addCreateCommand(order, register)

  const show = orderCommand(order, 'show', 'how an order stands')
  register<{ as?: SignerName }>(show, async ({ args: [merchant, orderNo], options, session }) => {
    const signer = session.signerFor(merchant!, options.as)
    return orderAnswer(await session.call(signer, 'GET', `${ordersPath(merchant!)}/${orderNo}`))
  })

  const close = orderCommand(order, 'close', 'close an order that nobody has paid').addOption(requestIdOption())
  register<{ as?: SignerName; requestId?: string }>(close, async ({ args: [merchant, orderNo], options, session }) => {
    const signer = session.signerFor(merchant!, options.as)
    const body = await session.change(signer, 'POST', `${ordersPath(merchant!)}/${orderNo}/close`, {
      request_id: options.requestId ?? newId(),
    })
    return orderAnswer({ body })
  })

  const qr = orderCommand(order, 'qr', 'the code that leads to the page on which an order is paid')
  addQrCommand(qr, register, ([merchant, orderNo]) => `${ordersPath(merchant!)}/${orderNo}/qr`)

  const refunds = orderCommand(order, 'refunds', 'the refunds of an order')
  register<{ as?: SignerName }>(refunds, async ({ args: [merchant, orderNo], options, session }) => {
    const signer = session.signerFor(merchant!, options.as)
    const { body } = await session.call(signer, 'GET', `${ordersPath(merchant!)}/${orderNo}/refunds`)
    const { refunds: all } = body as { refunds: Record<string, unknown>[] }
    const rows = all.map((one) => [one.refund_id, one.amount, one.status, one.executed_at].map(String))
    return { body, text: textTable({ head: ['refund', 'amount', 'status', 'executed at'], rows, right: [1] }) }
  })

  const list = order
    .command('list')
    .argument('<merchant>', 'merchant wallet', walletIdArgument)
    .description('the newest orders of a merchant')
    .option('--limit <n>', 'how many', wholeArgument(1, 500), 50)
    .addOption(signerOption())
  register<{ limit: number; as?: SignerName }>(list, async ({ args: [merchant], options, session }) => {
    const signer = session.signerFor(merchant!, options.as)
    const { body } = await session.call(signer, 'GET', `${ordersPath(merchant!)}?limit=${options.limit}`)
    const { orders } = body as { orders: Record<string, unknown>[] }
    const rows = orders.map((one) => [one.order_no, one.amount, one.status, one.created_at].map(String))
    return { body, text: textTable({ head: ['order', 'amount', 'status', 'created at'], rows, right: [1] }) }
  })
}

function orderCommand(order: Command, name: string, description: string): Command {
  return order
    .command(name)
    .argument('<merchant>', 'merchant wallet', walletIdArgument)
    .argument('<order-no>', "the merchant's number of the order", orderNoArgument)
    .description(description)
    .addOption(signerOption())
}

function addCreateCommand(order: Command, register: Register): void {
  const create = orderCommand(order, 'create', 'create an order; the same number in the same words is the same order')
    .argument('<amount>', 'yuan, such as 100.50', amountArgument)
    .option('--expires-at <time>', 'when it cannot be paid any more; give it to ask again for the same', timeArgument)
    .option('--expires-in-minutes <n>', 'or how long from now', wholeArgument(1, 43_200), lifeMinutesDefault)
    .option('--description <text>', 'what it is for')
    .option('--goods <text>', 'its lines')
    .option('--callback-url <url>', 'where the merchant is told of the end')
    .option(
      '--split <payee=part>',
      'who gets 5.00 yuan or 12.5% of it when it is paid; may be given again',
      splitOption,
    )
  register<CreateOptions>(create, async ({ args, options, session, tell }) => {
    const [merchant, order_no, amount] = args as [string, string, string]
    const { expiresInMinutes, description, goods, callbackUrl, split } = options
    const expires_at = options.expiresAt ?? new Date(Date.now() + expiresInMinutes * 60_000).toISOString()
    if (options.expiresAt === undefined) tell(`order ${order_no}, to ask again: --expires-at ${expires_at}`)
    const texts = { description, goods, callback_url: callbackUrl, splits: split }
    const signer = session.signerFor(merchant, options.as)
    const body = await session.change(signer, 'POST', ordersPath(merchant), { order_no, amount, expires_at, ...texts })
    return orderAnswer({ body })
  })
}

function signingUserText(by: unknown): string | undefined {
  if (by === undefined) return undefined
  const { user_no, version } = by as { user_no: number; version: number }
  return `sub-user ${user_no}, version ${version}`
}

type ShownSplit = { payee_wallet: string; amount: string; percent?: string; status: string; reason?: string }

function splitLines(splits: unknown): [string, string][] {
  return ((splits ?? []) as ShownSplit[]).map(({ payee_wallet, amount, percent, status, reason }) => {
    const part = percent === undefined ? '' : `, ${percent}%`
    return ['split', `${payee_wallet}  ${amount} yuan${part}  ${status}${reason === undefined ? '' : `, ${reason}`}`]
  })
}

export function orderAnswer({ body }: { body: Record<string, unknown> }): Answer {
  const text = nameValueLines([
    ['merchant', body.wallet_id],
    ['order', body.order_no],
    ['status', body.status],
    ['amount', `${body.amount} yuan`],
    ['refunded', body.refunded === '0.00' ? undefined : `${body.refunded} yuan`],
    ['created at', body.created_at],
    ['expires at', body.expires_at],
    ['ended at', body.ended_at],
    ['payer', body.payer_wallet],
    ['payment', body.payment_id],
    ['made by', signingUserText(body.by)],
    ...splitLines(body.splits),
    ['description', body.description],
    ['goods', body.goods],
    ['callback', body.callback_url],
  ])
  return { body, text }
}
