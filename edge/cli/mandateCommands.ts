import type { Command } from 'commander'
import { Option } from 'commander'
import { newId } from '../client/node.ts'
import {
  amountArgument,
  commandIdArgument,
  timeArgument,
  uuidArgument,
  walletIdArgument,
  wholeArgument,
} from './argumentTypes.ts'
import type { Answer, Asked, Register } from './command.ts'
import { waitOption } from './paymentCommands.ts'
import type { SignerName } from './session.ts'
import { sendPart } from './takenPart.ts'
import { nameValueLines, textTable } from './textTable.ts'
import { requestIdOption, signerOption, whyOption } from './walletCommands.ts'

const countMost = 4_294_967_295
const mandatesPath = (payer: string): string => `/v1/wallets/${payer}/mandates`

type SignOptions = {
  mandateId?: string
  period: string
  firstAt?: string
  endsAt?: string
  count?: number
  purpose?: string
}
type AllowOptions = SignOptions & { periodAmount?: string }
type CollectOptions = { payee?: string; collectionId?: string; waitMs: number }

export function addMandateCommands(program: Command, register: Register): void {
  const mandate = program.command('mandate').description('what a wallet allows others to be paid')
  addAllowCommand(mandate, register)
  addScheduleCommand(mandate, register)

  const collect = mandateCommand(mandate, 'collect', 'collect by a mandate, as its payee')
    .argument('<amount>', 'yuan, such as 100.50', amountArgument)
    .option('--payee <wallet>', 'payee whose kept key signs (default: the institution)', walletIdArgument)
    .option('--collection-id <id>', 'id of the collection, to ask again for the same', uuidArgument)
    .addOption(waitOption())
  register<CollectOptions>(collect, collectAndWait)

  const cancel = mandateCommand(mandate, 'cancel', 'cancel a mandate: nothing more is paid by it')
  cancel.addOption(whyOption()).addOption(requestIdOption()).addOption(signerOption())
  register<{ as?: SignerName; reason?: string; requestId?: string }>(
    cancel,
    async ({ args: [payer, id], options, session }) => {
      const signer = session.signerFor(payer!, options.as)
      const body = { reason: options.reason, request_id: options.requestId ?? newId() }
      return mandateAnswer(await session.change(signer, 'POST', `${mandatesPath(payer!)}/${id}/cancel`, body))
    },
  )

  const show = mandateCommand(mandate, 'show', 'how a mandate stands').addOption(signerOption())
  register<{ as?: SignerName }>(show, async ({ args: [payer, id], options, session }) => {
    const signer = session.signerFor(payer!, options.as)
    return mandateAnswer((await session.call(signer, 'GET', `${mandatesPath(payer!)}/${id}`)).body)
  })
  addListCommands(mandate, register)
}

function addListCommands(mandate: Command, register: Register): void {
  const payments = mandateCommand(mandate, 'payments', 'what was paid by a mandate, newest first')
  register<{ as?: SignerName }>(payments.addOption(signerOption()), async ({ args: [payer, id], options, session }) => {
    const signer = session.signerFor(payer!, options.as)
    const { body } = await session.call(signer, 'GET', `${mandatesPath(payer!)}/${id}/payments`)
    const { payments: all } = body as { payments: Record<string, unknown>[] }
    const rows = all.map((one) => [one.payment_id, one.amount, one.status, one.executed_at].map(String))
    return { body, text: textTable({ head: ['payment', 'amount', 'status', 'executed at'], rows, right: [1] }) }
  })

  const list = mandate
    .command('list')
    .argument('<payer>', 'wallet that pays', walletIdArgument)
    .description('what a wallet allows and allowed, newest first')
    .option('--limit <n>', 'how many', wholeArgument(1, 500), 50)
    .addOption(signerOption())
  register<{ limit: number; as?: SignerName }>(list, async ({ args: [payer], options, session }) => {
    const signer = session.signerFor(payer!, options.as)
    const { body } = await session.call(signer, 'GET', `${mandatesPath(payer!)}?limit=${options.limit}`)
    return mandatesAnswer(body, ['payee', 'payee_wallet'])
  })
  addListForCommand(mandate, register)
}

function addListForCommand(mandate: Command, register: Register): void {
  const list = mandate
    .command('list-for')
    .argument('<payee>', 'wallet that is paid', walletIdArgument)
    .description('by which mandates a wallet is paid, whoever signed them, newest first')
    .addOption(new Option('--status <status>', 'only these').choices(['active', 'cancelled', 'ended']))
    .option('--limit <n>', 'how many', wholeArgument(1, 200), 50)
    .option('--cursor <cursor>', 'next_cursor of the page before')
    .addOption(signerOption())
  type Options = { status?: string; limit: number; cursor?: string; as?: SignerName }
  register<Options>(list, async ({ args: [payee], options, session }) => {
    const { status, limit, cursor } = options
    const query = new URLSearchParams({ limit: String(limit), ...(status && { status }), ...(cursor && { cursor }) })
    const signer = session.signerFor(payee!, options.as)
    const { body } = await session.call(signer, 'GET', `/v1/payees/${payee}/mandates?${query}`)
    return mandatesAnswer(body, ['payer', 'wallet_id'])
  })
}

/** A table of mandates, each with its other side. */
function mandatesAnswer(body: Record<string, unknown>, [side, member]: readonly [string, string]): Answer {
  const { mandates } = body as { mandates: Record<string, unknown>[] }
  const rows = mandates.map((one) =>
    [one.mandate_id, one[member], one.kind, one.period, one.amount, one.taken, one.status].map(String),
  )
  const head = ['mandate', side, 'kind', 'period', 'amount', 'taken', 'status']
  return { body, text: textTable({ head, rows, right: [4, 5] }) }
}

function signCommand(mandate: Command, name: string, description: string, periods: readonly string[]): Command {
  return mandate
    .command(name)
    .argument('<payer>', 'wallet that pays; its key must be in the keystore', walletIdArgument)
    .argument('<payee>', 'wallet that is paid', walletIdArgument)
    .argument('<amount>', 'yuan of a payment, such as 100.50', amountArgument)
    .description(description)
    .addOption(new Option('--period <period>', 'how often').choices(periods).default('month'))
    .option('--ends-at <time>', 'from when on nothing is paid', timeArgument)
    .option('--count <n>', 'payments in all', wholeArgument(1, countMost))
    .option('--purpose <text>', 'what it is for')
    .option('--mandate-id <id>', 'id of the mandate, to ask again for the same (default: a new one)', commandIdArgument)
}

function addAllowCommand(mandate: Command, register: Register): void {
  const allow = signCommand(mandate, 'allow', 'let a payee collect; the amount is that of a payment at most', [
    'once',
    'day',
    'week',
    'month',
  ])
    .option('--period-amount <yuan>', 'in one period at most (default: one payment)', amountArgument)
    .option('--first-at <time>', 'from when (default: now); give it to ask again for the same', timeArgument)
  register<AllowOptions>(allow, (asked) => {
    const { options, args } = asked
    const bounds = { kind: 'collect', period_amount: options.periodAmount ?? args[2] }
    return sign(asked, bounds, options.firstAt ?? new Date().toISOString())
  })
}

function addScheduleCommand(mandate: Command, register: Register): void {
  const schedule = signCommand(mandate, 'schedule', 'pay by itself at a time, once or every period', [
    'once',
    'day',
    'week',
    'month',
  ]).requiredOption('--first-at <time>', 'of the first payment', timeArgument)
  register<SignOptions>(schedule, (asked) => sign(asked, { kind: 'schedule' }, asked.options.firstAt!))
}

async function sign({ args, options, session, tell }: Asked<SignOptions>, kind: object, first_at: string) {
  const [payer, payee_wallet, amount] = args as [string, string, string]
  const { mandateId: mandate_id = newId(), period, endsAt, count, purpose } = options
  tell(`mandate ${mandate_id}, to ask again: --mandate-id ${mandate_id} --first-at ${first_at}`)
  const bounds = {
    ...(endsAt === undefined ? {} : { ends_at: endsAt }),
    ...(count === undefined ? {} : { count_max: count }),
    ...(purpose === undefined ? {} : { purpose }),
  }
  const body = { mandate_id, payee_wallet, amount, period, first_at, ...kind, ...bounds }
  return mandateAnswer(await session.change(session.wallet(payer), 'POST', mandatesPath(payer), body))
}

function mandateCommand(mandate: Command, name: string, description: string): Command {
  return mandate
    .command(name)
    .argument('<payer>', 'wallet that pays', walletIdArgument)
    .argument('<mandate>', 'id of the mandate', commandIdArgument)
    .description(description)
}

function collectAndWait({ args, options, session, tell }: Asked<CollectOptions>): Promise<Answer> {
  const [payer, mandate, amount] = args as [string, string, string]
  const { collectionId: id = newId(), waitMs } = options
  const path = `${mandatesPath(payer)}/${mandate}/collections`
  const signer = options.payee === undefined ? session.institution() : session.wallet(options.payee)
  const send = () => session.call(signer, 'POST', path, { collection_id: id, amount })
  return sendPart({ name: 'collection', id, of: ['mandate', 'mandate_id'], waitMs, send }, tell)
}

function mandateAnswer(body: Record<string, unknown>): Answer {
  const yuan = (amount: unknown): string | undefined => (amount === undefined ? undefined : `${amount} yuan`)
  const text = nameValueLines([
    ['mandate', body.mandate_id],
    ['payer', body.wallet_id],
    ['payee', body.payee_wallet],
    ['kind', body.kind],
    ['status', body.status],
    ['amount', yuan(body.amount)],
    ['period', body.period],
    ['a period at most', yuan(body.period_amount)],
    ['taken', yuan(body.taken)],
    ['payments', body.payments],
    ['missed', body.missed === 0 ? undefined : body.missed],
    ['first at', body.first_at],
    ['next at', body.next_at],
    ['ends at', body.ends_at],
    ['last refused for', body.last_reason],
    ['ended at', body.ended_at],
    ['purpose', body.purpose],
  ])
  return { body, text }
}
