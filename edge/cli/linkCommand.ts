import { type Command, Option } from 'commander'
import { newId } from '../client/node.ts'
import { limitArgument, walletIdArgument } from './argumentTypes.ts'
import type { Asked, Register } from './command.ts'
import { BadInput } from './exitCodes.ts'
import { type OpenedAccount, openSandboxAccount } from './sandboxBank.ts'
import { readInput, type Session } from './session.ts'
import { requestIdOption } from './walletCommands.ts'
import { type LinkBody, linkTable } from './walletText.ts'

type LinkOptions = {
  accountFile?: string
  sandboxBalance?: string
  type: string
  limit: string | null
  authTokenFile?: string
  requestId?: string
}

const exampleText = `
The account number is read from a file or from standard input, so that it stands in no list of processes and in no
history of a shell. The sandbox bank of a development region opens an account with --sandbox-balance:

  jiaozi link W1048576 --sandbox-balance 1000
  jiaozi link W1048576 --account-file -  <  account.txt
`

export function addLinkCommand(program: Command, register: Register): void {
  const link = program
    .command('link')
    .argument('<wallet>', 'wallet id; its key must be in the keystore', walletIdArgument)
    .description('link a bank or payment account to a wallet')
    .option('--account-file <file>', 'file with the account number, - for standard input')
    .option(
      '--sandbox-balance <yuan>',
      'open an account at the sandbox bank that holds this much, and link it',
      (text) => {
        const balance = limitArgument(text)
        return balance ?? '0.00'
      },
    )
    .option('--auth-token-file <file>', "file with the bank's authorisation, kept for recharges")
    .addOption(new Option('--type <type>', 'kind of account').choices(['bank', 'payment']).default('bank'))
    .option('--limit <yuan>', 'yuan that may be drawn a day', limitArgument, '50000.00')
    .addOption(requestIdOption())
    .addHelpText('after', exampleText)
  register<LinkOptions>(link, linkAccount)
}

async function linkAccount({ args: [walletId], options, session, tell }: Asked<LinkOptions>) {
  const { type, limit, requestId = newId() } = options
  if (limit === null) throw new BadInput('--limit: an account has a limit in yuan')
  const signer = session.wallet(walletId!)
  const { accountNo, authToken } = await accountOf(options, session)
  tell(`request ${requestId}`)
  const asked = { account_type: type, account_no: accountNo, balance_limit: limit, request_id: requestId }
  const body = await session.change(signer, 'POST', `/v1/wallets/${walletId}/linked-accounts`, asked)
  const linked = body as unknown as LinkBody
  const kept = session.keystore.wallet(walletId!)
  const others = kept.links.filter(({ linkId }) => linkId !== linked.link_id)
  const token = authToken === undefined ? {} : { authToken }
  session.keystore.put({
    ...kept,
    links: [...others, { linkId: linked.link_id, accountNo: linked.account_no, ...token }],
  })
  return { body, text: linkTable([linked]) }
}

async function accountOf(
  options: LinkOptions,
  session: Session,
): Promise<Partial<OpenedAccount> & { accountNo: string }> {
  const { accountFile, sandboxBalance, authTokenFile, type } = options
  if ((accountFile === undefined) === (sandboxBalance === undefined)) {
    throw new BadInput('give either --account-file or --sandbox-balance')
  }
  if (sandboxBalance !== undefined) {
    if (options.requestId !== undefined) {
      throw new BadInput('--sandbox-balance opens another account each time: give --account-file with --request-id')
    }
    if (session.options.url !== undefined) throw new BadInput('--sandbox-balance is for the region on --data')
    return openSandboxAccount(session.facts.bankUrl, type, sandboxBalance, session.options.timeoutMs)
  }
  const accountNo = readInput(accountFile === '-' ? 0 : accountFile!, '--account-file').trim()
  if (authTokenFile === undefined) return { accountNo }
  return { accountNo, authToken: readInput(authTokenFile, '--auth-token-file').trim() }
}
