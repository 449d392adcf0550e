import type { Command } from 'commander'
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
import { requestIdOption, signerOption } from './walletCommands.ts'

const lifeHoursDefault = 24
const holdsPath = (payer: string): string => `/v1/wallets/${payer}/holds`

type PlaceOptions = { holdId?: string; expiresAt?: string; expiresInHours: number }
/** Whose key signs for a payee: its wallet's, or its institution's. */
type PayeeOptions = { payee?: string }
type CaptureOptions = PayeeOptions & { captureId?: string; waitMs: number }

export function addHoldCommands(program: Command, register: Register): void {
  const hold = program.command('hold').description('money that a wallet holds aside for a payee')
  addPlaceCommand(hold, register)

  const capture = ofPayee(holdCommand(hold, 'capture', 'take a part of what is held, as its payee'))
    .argument('<amount>', 'yuan, such as 100.50', amountArgument)
    .option('--capture-id <id>', 'id of the capture, to ask again for the same (default: a new one)', uuidArgument)
    .addOption(waitOption())
  register<CaptureOptions>(capture, captureAndWait)

  const giveUp = ofPayee(holdCommand(hold, 'void', 'give up what is held and not taken, as its payee'))
  register<PayeeOptions & { requestId?: string }>(giveUp.addOption(requestIdOption()), async (asked) => {
    const { args, options, session } = asked
    const [payer, holdId] = args as [string, string]
    const body = { request_id: options.requestId ?? newId() }
    return holdAnswer(await session.change(payeeOf(asked), 'POST', `${holdsPath(payer)}/${holdId}/void`, body))
  })

  const show = holdCommand(hold, 'show', 'how a hold stands').addOption(signerOption())
  register<{ as?: SignerName }>(show, async ({ args: [payer, holdId], options, session }) => {
    const signer = session.signerFor(payer!, options.as)
    return holdAnswer((await session.call(signer, 'GET', `${holdsPath(payer!)}/${holdId}`)).body)
  })

  const list = hold
    .command('list')
    .argument('<payer>', 'wallet that holds', walletIdArgument)
    .description('what a wallet holds and held, newest first')
    .option('--limit <n>', 'how many', wholeArgument(1, 500), 50)
    .addOption(signerOption())
  register<{ limit: number; as?: SignerName }>(list, async ({ args: [payer], options, session }) => {
    const signer = session.signerFor(payer!, options.as)
    const { body } = await session.call(signer, 'GET', `${holdsPath(payer!)}?limit=${options.limit}`)
    const { holds } = body as { holds: Record<string, unknown>[] }
    const rows = holds.map((one) => [one.hold_id, one.payee_wallet, one.amount, one.captured, one.status].map(String))
    return { body, text: textTable({ head: ['hold', 'payee', 'amount', 'captured', 'status'], rows, right: [2, 3] }) }
  })
}

function addPlaceCommand(hold: Command, register: Register): void {
  const place = hold
    .command('place')
    .argument('<payer>', 'wallet that holds; its key must be in the keystore', walletIdArgument)
    .argument('<payee>', 'wallet that may take', walletIdArgument)
    .argument('<amount>', 'yuan, such as 100.50', amountArgument)
    .description('hold money aside for a payee; the same --hold-id never holds twice')
    .option('--hold-id <id>', 'id of the hold, to ask again for the same (default: a new one)', commandIdArgument)
    .option('--expires-at <time>', 'when it is free again; give it to ask again for the same', timeArgument)
    .option('--expires-in-hours <n>', 'or how long from now', wholeArgument(1, 720), lifeHoursDefault)
  register<PlaceOptions>(place, async ({ args, options, session, tell }) => {
    const [payer, payee_wallet, amount] = args as [string, string, string]
    const { holdId: hold_id = newId() } = options
    const expires_at = options.expiresAt ?? new Date(Date.now() + options.expiresInHours * 3_600_000).toISOString()
    tell(`hold ${hold_id}, to ask again: --hold-id ${hold_id} --expires-at ${expires_at}`)
    const body = { hold_id, payee_wallet, amount, expires_at }
    return holdAnswer(await session.change(session.wallet(payer), 'POST', holdsPath(payer), body))
  })
}

function holdCommand(hold: Command, name: string, description: string): Command {
  return hold
    .command(name)
    .argument('<payer>', 'wallet that holds', walletIdArgument)
    .argument('<hold>', 'id of the hold', commandIdArgument)
    .description(description)
}

function ofPayee(command: Command): Command {
  return command.option('--payee <wallet>', 'payee whose kept key signs (default: the institution)', walletIdArgument)
}

function payeeOf({ options, session }: Asked<PayeeOptions>) {
  return options.payee === undefined ? session.institution() : session.wallet(options.payee)
}

function captureAndWait(asked: Asked<CaptureOptions>): Promise<Answer> {
  const { args, options, session, tell } = asked
  const [payer, holdId, amount] = args as [string, string, string]
  const { captureId: id = newId(), waitMs } = options
  const path = `${holdsPath(payer)}/${holdId}/captures`
  const send = () => session.call(payeeOf(asked), 'POST', path, { capture_id: id, amount })
  return sendPart({ name: 'capture', id, of: ['hold', 'hold_id'], waitMs, send }, tell)
}

function holdAnswer(body: Record<string, unknown>): Answer {
  const text = nameValueLines([
    ['hold', body.hold_id],
    ['payer', body.wallet_id],
    ['payee', body.payee_wallet],
    ['status', body.status],
    ['amount', `${body.amount} yuan`],
    ['captured', `${body.captured} yuan`],
    ['placed at', body.placed_at],
    ['expires at', body.expires_at],
    ['ended at', body.ended_at],
  ])
  return { body, text }
}
