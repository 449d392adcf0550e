import type { Command } from 'commander'
import { newId, OutcomeUnknown } from '../client/node.ts'
import type { RequestSigner } from '../client/requests.ts'
import {
  amountArgument,
  commandIdArgument,
  linkIdArgument,
  paymentIdArgument,
  walletIdArgument,
} from './argumentTypes.ts'
import type { Answer, Asked, Register } from './command.ts'
import { BadInput, exitCodes } from './exitCodes.ts'
import type { KeptLink } from './keystore.ts'
import { waitOption } from './paymentCommands.ts'
import { type Reply, readInput, type Session, type SignerName } from './session.ts'
import { nameValueLines } from './textTable.ts'
import { askUntil } from './waiting.ts'
import { signerOption } from './walletCommands.ts'

type SagaOptions = { link?: number; txId?: string; waitMs: number; authTokenFile?: string }
type SagaKind = 'recharge' | 'redemption'

const pathOf: Readonly<Record<SagaKind, string>> = { recharge: '/v1/recharges', redemption: '/v1/redemptions' }

export function addSagaCommands(program: Command, register: Register): void {
  const recharge = sagaCommand(program, 'recharge', 'recharge a wallet from a linked account').option(
    '--auth-token-file <file>',
    "file with the bank's authorisation, - for standard input (default: what link kept)",
  )
  register<SagaOptions>(recharge, (asked) => {
    const link = linkOf(asked)
    return runSaga(asked, 'recharge', { link_id: link.linkId, auth_token: tokenOf(asked.options, link) })
  })
  const redeem = sagaCommand(program, 'redeem', 'redeem digital yuan into a linked account')
  register<SagaOptions>(redeem, (asked) => runSaga(asked, 'redemption', { link_id: linkOf(asked).linkId }))

  const saga = program.command('saga').description('recharges and redemptions that were asked for')
  const show = saga
    .command('show')
    .argument('<wallet>', 'wallet id', walletIdArgument)
    .argument('<tx>', 'id of the recharge or redemption', paymentIdArgument)
    .description('how a recharge or redemption stands')
    .option('--redemption', 'it is a redemption (default: a recharge)')
    .addOption(signerOption())
  type ShowOptions = { redemption?: boolean; as?: SignerName }
  register<ShowOptions>(show, async ({ args: [walletId, txId], options, session }) => {
    const kind = options.redemption ? 'redemption' : 'recharge'
    return sagaAnswer(
      await askSaga(session, session.signerFor(walletId!, options.as), kind, walletId!, txId!),
      exitCodes.ok,
    )
  })
}

function sagaCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .argument('<wallet>', 'wallet id; its key must be in the keystore', walletIdArgument)
    .argument('<amount>', 'yuan, such as 100.50', amountArgument)
    .description(`${description}; the same --tx-id never moves money twice`)
    .option('--link <n>', 'number of the linked account (default: the only one that is kept here)', linkIdArgument)
    .option('--tx-id <id>', 'id of the transaction, to ask again for the same (default: a new one)', commandIdArgument)
    .addOption(waitOption())
}

function linkOf({ args: [walletId], options, session }: Asked<SagaOptions>): KeptLink {
  const { links } = session.keystore.wallet(walletId!)
  if (options.link === undefined) {
    if (links.length === 1) return links[0]!
    throw new BadInput(
      `${links.length === 0 ? 'no linked account is' : 'several linked accounts are'} kept here: give --link`,
    )
  }
  return links.find(({ linkId }) => linkId === options.link) ?? { linkId: options.link, accountNo: '' }
}

function tokenOf({ authTokenFile }: SagaOptions, link: KeptLink): string {
  if (authTokenFile !== undefined) {
    return readInput(authTokenFile === '-' ? 0 : authTokenFile, '--auth-token-file').trim()
  }
  if (link.authToken === undefined)
    throw new BadInput('no authorisation of the bank is kept here: give --auth-token-file')
  return link.authToken
}

async function runSaga(asked: Asked<SagaOptions>, kind: SagaKind, fields: object): Promise<Answer> {
  const { args, options, session, tell } = asked
  const [walletId, amount] = args as [string, string]
  const { txId = newId(), waitMs } = options
  tell(`${kind} ${txId}`)
  const signer = session.wallet(walletId)
  const body = { tx_id: txId, wallet_id: walletId, amount, ...fields }
  try {
    const first = await session.call(signer, 'POST', pathOf[kind], body)
    const ask = (): Promise<Reply> => session.call(signer, 'POST', pathOf[kind], body)
    const last = await askUntil(first, (reply) => reply.body.status !== 'pending', ask, waitMs)
    return sagaAnswer(last, exitCodes.refused)
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error
    throw new OutcomeUnknown(`${error.message}; ask again with --tx-id ${txId}`)
  }
}

function askSaga(
  session: Session,
  signer: RequestSigner,
  kind: SagaKind,
  walletId: string,
  txId: string,
): Promise<Reply> {
  return session.call(signer, 'GET', `${pathOf[kind]}/${txId}?wallet_id=${walletId}`)
}

/** @param whenRefused exit code of one that was refused: to have been shown a refusal is no refusal */
function sagaAnswer({ body }: Reply, whenRefused: 0 | 1): Answer {
  const text = nameValueLines([
    ['transaction', body.tx_id],
    ['wallet', body.wallet_id],
    ['status', body.status],
    ['code', body.status === 'refused' ? body.code : undefined],
    ['amount', `${body.amount} yuan`],
    ['balance', body.balance === undefined ? undefined : `${body.balance} yuan`],
    ['requested at', body.requested_at],
    ['ended at', body.ended_at],
  ])
  const exitCode =
    body.status === 'pending' ? exitCodes.unknown : body.status === 'refused' ? whenRefused : exitCodes.ok
  return { body, text, exitCode }
}
