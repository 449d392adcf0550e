import { type Command, Option } from 'commander'
import { newId, newWalletKey, walletKeyOf } from '../client/node.ts'
import { amountArgument, walletIdArgument, wholeArgument } from './argumentTypes.ts'
import type { Answer, Asked, Register } from './command.ts'
import { BadInput } from './exitCodes.ts'
import type { SignerName } from './session.ts'
import { nameValueLines, textTable } from './textTable.ts'
import { requestIdOption, signerOption } from './walletCommands.ts'

type PutOptions = { role: string; limit?: string; label?: string; publicKey?: string; requestId?: string }

const usersPath = (merchant: string): string => `/v1/merchants/${merchant}/users`
const userNoArgument = wholeArgument(1, 32)

/** Keys of their own for a merchant's people and tills. */
export function addMerchantUserCommands(merchant: Command, register: Register): void {
  const users = merchant.command('users').description('people and tills of a merchant that sign with keys of their own')
  const command = (name: string, description: string): Command =>
    users.command(name).argument('<merchant>', 'merchant wallet', walletIdArgument).description(description)

  const list = command('list', 'who may sign beside the merchant’s own key').addOption(signerOption())
  register<{ as?: SignerName }>(list, async ({ args: [walletId], options, session }) => {
    const { body } = await session.call(session.signerFor(walletId!, options.as), 'GET', usersPath(walletId!))
    const head = ['user', 'version', 'role', 'refunds up to', 'label', 'changed at']
    const rows = (body.users as Record<string, unknown>[]).map((one) =>
      [one.user_no, one.version, one.role, one.refund_limit, one.label, one.changed_at].map((cell) => `${cell ?? ''}`),
    )
    return { body, text: textTable({ head, rows, right: [0, 1, 3] }) }
  })

  const show = command('show', 'who ever had a number')
    .argument('<n>', 'number of the sub-user', userNoArgument)
    .addOption(signerOption())
  register<{ as?: SignerName }>(show, async ({ args: [walletId, userNo], options, session }) => {
    const signer = session.signerFor(walletId!, options.as)
    const { body } = await session.call(signer, 'GET', `${usersPath(walletId!)}/${userNo}`)
    const head = ['version', 'status', 'role', 'refunds up to', 'label', 'changed at']
    const rows = (body.entries as Record<string, unknown>[]).map((one) =>
      [one.version, one.status, one.role, one.refund_limit, one.label, one.changed_at].map((cell) => `${cell ?? ''}`),
    )
    return { body, text: textTable({ head, rows, right: [0, 3] }) }
  })

  const put = command(
    'put',
    'give one a key, or another one; it is made here and stays here unless --public-key is given',
  )
    .argument('<n>', 'number of the sub-user, 1 to 32', userNoArgument)
    .addOption(
      new Option('--role <role>', 'what it may do')
        .choices(['cashier', 'refunder', 'accountant'])
        .makeOptionMandatory(),
    )
    .option('--limit <yuan>', 'what a refunder may send back in one refund', amountArgument)
    .option('--label <text>', 'what you call it, such as "Till 2"')
    .option('--public-key <hex>', 'point on P-256 of a key that is kept elsewhere')
    .addOption(requestIdOption())
  register<PutOptions>(put, putUser)

  const remove = command('remove', 'take one’s key away; it is effective at once')
    .argument('<n>', 'number of the sub-user', userNoArgument)
    .addOption(requestIdOption())
  register<{ requestId?: string }>(remove, async ({ args: [walletId, userNo], options, session, tell }) => {
    const path = `${usersPath(walletId!)}/${userNo}`
    const { requestId = newId() } = options
    tell(`request ${requestId}`)
    const headers = { 'idempotency-key': requestId }
    const body = await session.change(session.wallet(walletId!), 'DELETE', path, undefined, headers)
    session.keystore.dropUser(walletId!, Number(userNo))
    return { body, text: `${walletId}/users/${userNo} may sign no more` }
  })
}

/** The new key is on disk before it is sent: a region must never trust a key that nobody holds. */
async function putUser({ args, options, session, tell }: Asked<PutOptions>): Promise<Answer> {
  const [walletId, number] = args as [string, string]
  const { role, limit, label, publicKey, requestId = newId() } = options
  const { keystore } = session
  const userNo = Number(number)
  const kept =
    publicKey === undefined
      ? keystore.keepRequest(requestId, () => ({
          formatVersion: 1,
          privateKeyPem: newWalletKey().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
          walletId,
          userNo,
        }))
      : undefined
  if (kept !== undefined && (kept.walletId !== walletId || kept.userNo !== userNo)) {
    throw new BadInput('--request-id: that request was made for something else')
  }
  tell(`request ${requestId}`)
  const public_key = kept === undefined ? publicKey : walletKeyOf(kept.privateKeyPem).publicKeyHex
  const asked = { role, public_key, refund_limit: limit, label, request_id: requestId }
  const body = await session.change(session.wallet(walletId), 'PUT', `${usersPath(walletId)}/${userNo}`, asked)
  if (kept !== undefined) {
    keystore.putUser({ formatVersion: 1, walletId, userNo, privateKeyPem: kept.privateKeyPem })
    keystore.dropRequest(requestId)
  }
  const text = nameValueLines([
    ['keyid', body.keyid],
    ['version', body.version],
    ['role', body.role],
    ['refunds up to', body.refund_limit === undefined ? undefined : `${body.refund_limit} yuan`],
    ['label', body.label],
    ['signs with', kept === undefined ? 'its own key' : `--as user:${userNo}`],
  ])
  return { body, text }
}
