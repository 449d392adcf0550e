import type { Command } from 'commander'
import { newId } from '../client/node.ts'
import { userIdArgument, wholeArgument } from './argumentTypes.ts'
import type { Asked, Register } from './command.ts'
import { BadInput } from './exitCodes.ts'
import type { SignerName } from './session.ts'
import { nameValueLines } from './textTable.ts'
import { requestIdOption, signerOption } from './walletCommands.ts'

const levelArgument = wholeArgument(1, 4)
const riskArgument = wholeArgument(0, 3)

export function addUserCommands(program: Command, register: Register): void {
  const user = program.command('user').description('people who have wallets')
  const registration = user
    .command('register')
    .description('enter a user whom the institution has identified')
    .option('--kyc <n>', 'strength of identification, 1 strongest to 4', levelArgument, 3)
    .option('--name <name>', 'legal name, as in the papers; payers see it masked')
    .addOption(requestIdOption())
  register<{ kyc: number; name?: string; requestId?: string }>(registration, async ({ options, session, tell }) => {
    const { kyc, name, requestId = newId() } = options
    tell(`request ${requestId}`)
    const asked = { kyc_level: kyc, legal_name: name, request_id: requestId }
    const body = await session.change(session.institution(), 'POST', '/v1/users', asked)
    return { body, text: userText(body) }
  })

  const show = user
    .command('show')
    .argument('<user>', 'user id', userIdArgument)
    .description('a user and the wallets of the user')
    .addOption(signerOption('the institution'))
  register<{ as?: SignerName }>(show, async ({ args: [userId], options, session }) => {
    if (options.as === 'wallet' || options.as?.startsWith('user:'))
      throw new BadInput('--as: a user is shown to an institution or an operator')
    const signer = options.as === 'operator' ? session.operator() : session.institution()
    const { body } = await session.call(signer, 'GET', `/v1/users/${userId}`)
    return { body, text: userText(body) }
  })

  const kyc = user
    .command('kyc')
    .argument('<user>', 'user id', userIdArgument)
    .description('change how strongly a user is identified, the risk level or the legal name')
    .option('--level <n>', 'strength of identification, 1 strongest to 4', levelArgument)
    .option('--risk <n>', 'risk level, 0 ordinary to 3 blocked', riskArgument)
    .option('--name <name>', 'legal name, as in the papers')
    .addOption(requestIdOption())
  register<KycOptions>(kyc, changeUser)
}

type KycOptions = { level?: number; risk?: number; name?: string; requestId?: string }

async function changeUser({ args: [userId], options, session, tell }: Asked<KycOptions>) {
  const { level, risk, name, requestId = newId() } = options
  if (level === undefined && risk === undefined && name === undefined) {
    throw new BadInput('give --level, --risk, --name or several of them')
  }
  tell(`request ${requestId}`)
  const asked = { kyc_level: level, risk_level: risk, legal_name: name, request_id: requestId }
  const body = await session.change(session.institution(), 'PATCH', `/v1/users/${userId}`, asked)
  return { body, text: userText(body) }
}

function userText(body: Record<string, unknown>): string {
  const wallets = body.wallets as string[] | undefined
  return nameValueLines([
    ['user', body.user_id],
    ['name', body.masked_name],
    ['identification', body.kyc_level],
    ['risk level', body.risk_level],
    ['institution', body.institution_id],
    ['wallets', wallets && (wallets.join(' ') || 'none')],
  ])
}
