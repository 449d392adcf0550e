import type { Command } from 'commander'
import { newId } from '../client/node.ts'
import { limitArgument, linkIdArgument, walletIdArgument } from './argumentTypes.ts'
import type { Register } from './command.ts'
import type { SignerName } from './session.ts'
import { nameValueLines } from './textTable.ts'
import { requestIdOption, signerOption } from './walletCommands.ts'

type SetOptions = { link: number; at: string; floor: string; reserve: string; requestId?: string }
const rulePath = (walletId: string): string => `/v1/merchants/${walletId}/payout-rule`

export function addPayoutCommands(program: Command, register: Register): void {
  const payout = program.command('payout').description('a merchant’s payout to its bank, every day by itself')
  const set = payout
    .command('set')
    .argument('<merchant>', 'merchant wallet; its key must be in the keystore', walletIdArgument)
    .description('pay out every day what the wallet holds above a reserve')
    .requiredOption('--link <n>', 'number of the linked account', linkIdArgument)
    .option('--at <time>', 'time of the day in Shanghai', '02:30')
    .option('--floor <yuan>', 'nothing is paid out below it', limitArgument, '0.00')
    .option('--reserve <yuan>', 'stays in the wallet', limitArgument, '0.00')
    .addOption(requestIdOption())
  register<SetOptions>(set, async ({ args: [walletId], options, session }) => {
    const { link: link_id, at, floor, reserve, requestId: request_id = newId() } = options
    const asked = { link_id, at, floor, reserve, request_id }
    const body = await session.change(session.wallet(walletId!), 'PUT', rulePath(walletId!), asked)
    return { body, text: ruleText(body) }
  })

  const show = payout
    .command('show')
    .argument('<merchant>', 'merchant wallet', walletIdArgument)
    .description('the rule, and how it last went')
    .addOption(signerOption())
  register<{ as?: SignerName }>(show, async ({ args: [walletId], options, session }) => {
    const { body } = await session.call(session.signerFor(walletId!, options.as), 'GET', rulePath(walletId!))
    return { body, text: ruleText(body) }
  })
}

function ruleText(body: Record<string, unknown>): string {
  return nameValueLines([
    ['merchant', body.wallet_id],
    ['linked account', body.link_id],
    ['every day at', body.at],
    ['floor', `${body.floor} yuan`],
    ['reserve', `${body.reserve} yuan`],
    ['next', body.next_at],
    ['last', body.last_at],
    ['last refusal', body.last_reason],
  ])
}
