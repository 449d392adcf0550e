import { type Command, Option } from 'commander'
import { newId, newWalletKey, walletKeyOf } from '../client/node.ts'
import { commandIdArgument, signerArgument, userIdArgument, walletIdArgument, wholeArgument } from './argumentTypes.ts'
import type { Asked, Register } from './command.ts'
import { BadInput } from './exitCodes.ts'
import type { KeptRequest } from './keystore.ts'
import type { Session, SignerName } from './session.ts'
import { nameValueLines, textTable } from './textTable.ts'
import { walletText } from './walletText.ts'

export const requestIdOption = (): Option =>
  new Option('--request-id <id>', 'id of the request, to ask again for the same (default: a new one)').argParser(
    commandIdArgument,
  )

/** For what an operator must explain, and others may. */
export const whyOption = (): Option =>
  new Option('--reason <text>', 'why; an operator must say it, and everybody finds it in the log')

const ownKeyFirst = 'the wallet where its key is kept, else the institution'

/** @param standard who signs when nobody is named, in words */
export const signerOption = (standard = ownKeyFirst): Option =>
  new Option(
    '--as <who>',
    `who signs: wallet, institution, operator, or user:N for a merchant’s sub-user (default: ${standard})`,
  ).argParser(signerArgument)

type OpenOptions = { user?: string; kyc?: number; class: number; kind: string; requestId?: string }

export function addWalletCommands(wallet: Command, register: Register): void {
  const open = wallet
    .command('open')
    .description('open a wallet, for a new user unless --user names one; its key is made here and stays here')
    .option('--user <id>', 'user whose wallet it is (default: a new user)', userIdArgument)
    .option('--kyc <n>', 'identification of a new user, 1 strongest to 4 (default: what the class needs)', kycArgument)
    .addOption(
      new Option('--class <n>', 'class 1-4 by identification, 0 corporate').argParser(wholeArgument(0, 4)).default(3),
    )
    .addOption(new Option('--kind <kind>', 'kind of wallet').choices(['personal', 'merchant']).default('personal'))
    .addOption(requestIdOption())
  register<OpenOptions>(open, openWallet)

  const show = wallet
    .command('show')
    .argument('<wallet>', 'wallet id', walletIdArgument)
    .description('balance, limits and linked accounts of a wallet')
    .addOption(signerOption())
  register<{ as?: SignerName }>(show, async ({ args: [walletId], options, session }) => {
    const { body } = await session.call(session.signerFor(walletId!, options.as), 'GET', `/v1/wallets/${walletId}`)
    return { body, text: walletText(body) }
  })

  const list = wallet.command('list').description('wallets whose keys are kept here')
  register(list, async ({ session }) => {
    const wallets = session.keystore.ids().map((id) => ({ wallet_id: id, user_id: session.keystore.wallet(id).userId }))
    const rows = wallets.map(({ wallet_id, user_id }) => [wallet_id, user_id])
    return { body: { wallets }, text: textTable({ head: ['wallet', 'user'], rows }) }
  })
  addEntriesCommand(wallet, register)
  for (const action of ['freeze', 'unfreeze', 'close'] as const) addStatusCommand(wallet, register, action)
}

const kycArgument = wholeArgument(1, 4)

/** The key and the ids of both requests are on disk before anything is sent: no answer can arrive without its key. */
async function openWallet({ options, session, tell }: Asked<OpenOptions>) {
  const { class: group, kind, user, requestId = newId() } = options
  if (user !== undefined && options.kyc !== undefined) throw new BadInput('--kyc is for a new user: leave out --user')
  const institution = session.institution()
  const opened = session.keystore.openedBy(requestId)
  const kept = opened ?? session.keystore.keepRequest(requestId, newRequest)
  tell(`request ${requestId}`)
  const userId = user ?? opened?.userId ?? (await registerUser(session, options, kept as KeptRequest))
  const { publicKeyHex } = walletKeyOf(kept.privateKeyPem)
  const body = await session.change(institution, 'POST', '/v1/wallets', {
    user_id: userId,
    class: group,
    kind,
    public_key: publicKeyHex,
    algorithm: 'ecdsa-p256',
    request_id: requestId,
  })
  const walletId = String(body.wallet_id)
  const { privateKeyPem } = kept
  // A request that is asked again must not forget what was learnt of the wallet since.
  if (!session.keystore.has(walletId)) {
    session.keystore.put({ formatVersion: 1, walletId, userId, privateKeyPem, links: [], openedBy: requestId })
  }
  session.keystore.dropRequest(requestId)
  const text = nameValueLines([
    ['wallet', walletId],
    ['user', userId],
    ['class', group],
    ['kind', kind],
    ['keystore', session.keystore.dir],
  ])
  return { body, text }
}

function newRequest(): KeptRequest {
  const privateKeyPem = newWalletKey().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { formatVersion: 1, privateKeyPem, userRequestId: newId() }
}

async function registerUser(session: Session, options: OpenOptions, { userRequestId }: KeptRequest): Promise<string> {
  const registration = { kyc_level: options.kyc ?? Math.max(1, options.class), request_id: userRequestId }
  const body = await session.change(session.institution(), 'POST', '/v1/users', registration)
  return String(body.user_id)
}

type EntryBody = { id: string; kind: string; amount: string; counterparty: string | null; time: string }

function addEntriesCommand(wallet: Command, register: Register): void {
  const entries = wallet
    .command('entries')
    .argument('<wallet>', 'wallet id', walletIdArgument)
    .description('what moved in a wallet, newest first')
    .option('--limit <n>', 'entries on the page', wholeArgument(1, 500))
    .option('--cursor <text>', 'where an earlier page ended')
    .addOption(signerOption())
  type Options = { limit?: number; cursor?: string; as?: SignerName }
  register<Options>(entries, async ({ args: [walletId], options, session }) => {
    const query = new URLSearchParams()
    if (options.limit !== undefined) query.set('limit', String(options.limit))
    if (options.cursor !== undefined) query.set('cursor', options.cursor)
    const path = `/v1/wallets/${walletId}/entries${query.size > 0 ? `?${query}` : ''}`
    const { body } = await session.call(session.signerFor(walletId!, options.as), 'GET', path)
    const page = body as unknown as { entries: EntryBody[]; next_cursor: string | null }
    const table = textTable({
      head: ['time', 'kind', 'amount', 'counterparty', 'id'],
      rows: page.entries.map((e) => [e.time, e.kind, e.amount, e.counterparty ?? 'bank', e.id]),
      right: [2],
    })
    const next = page.next_cursor === null ? '' : `\nmore: --cursor ${page.next_cursor}`
    return { body, text: table + next }
  })
}

const statusTexts = {
  freeze: 'freeze a wallet: it can neither pay nor be paid',
  unfreeze: 'unfreeze a wallet',
  close: 'close an empty wallet for good',
} as const

function addStatusCommand(wallet: Command, register: Register, action: keyof typeof statusTexts): void {
  // Only an institution or an operator may freeze; a wallet may close itself.
  const standard = action === 'close' ? undefined : 'institution'
  const command = wallet
    .command(action)
    .argument('<wallet>', 'wallet id', walletIdArgument)
    .description(statusTexts[action])
    .addOption(requestIdOption())
    .addOption(signerOption(standard && `the ${standard}`))
    .addOption(whyOption())
  type Options = { requestId?: string; as?: SignerName; reason?: string }
  register<Options>(command, async ({ args: [walletId], options, session, tell }) => {
    const { requestId = newId(), as, reason } = options
    tell(`request ${requestId}`)
    const signer = session.signerFor(walletId!, as ?? standard)
    const path = `/v1/wallets/${walletId}/${action}`
    const why = reason === undefined ? {} : { reason }
    const body = await session.change(signer, 'POST', path, { ...why, request_id: requestId })
    return { body, text: `wallet ${walletId} is ${body.status}` }
  })
}
