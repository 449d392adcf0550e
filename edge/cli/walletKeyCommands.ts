import type { Command } from 'commander'
import { ApiProblem, newId, newWalletKey, walletKeyOf, walletSigner } from '../client/node.ts'
import { walletIdArgument } from './argumentTypes.ts'
import type { Answer, Asked, Register } from './command.ts'
import { BadInput } from './exitCodes.ts'
import type { SignerName } from './session.ts'
import { requestIdOption, signerOption, whyOption } from './walletCommands.ts'

type KeyOptions = { requestId?: string }

export function addWalletKeyCommands(wallet: Command, register: Register): void {
  const recover = wallet
    .command('recover')
    .argument('<wallet>', 'wallet id', walletIdArgument)
    .description('begin to give a wallet a new key after KYC, for a lost phone; the same --request-id takes it up')
    .addOption(requestIdOption())
  register<KeyOptions>(recover, (asked) => changeKey(asked, 'recover'))

  const stop = wallet
    .command('stop-recovery')
    .argument('<wallet>', 'wallet id', walletIdArgument)
    .description('object to a new key that waits; the wallet keeps the one it has')
    .addOption(whyOption())
    .addOption(signerOption())
    .addOption(requestIdOption())
  register<KeyOptions & { as?: SignerName; reason?: string }>(stop, async ({ args: [walletId], options, session }) => {
    const signer = session.signerFor(walletId!, options.as)
    const asked = { reason: options.reason, request_id: options.requestId ?? newId() }
    const body = await session.change(signer, 'POST', `/v1/wallets/${walletId}/keys/recover/stop`, asked)
    return { body, text: `wallet ${walletId} keeps its key` }
  })

  const revoke = wallet
    .command('revoke')
    .argument('<wallet>', 'wallet id', walletIdArgument)
    .description('put out the device that holds the key: nothing signs for the wallet until a recovery is done')
    .addOption(signerOption('the institution'))
    .addOption(requestIdOption())
  register<KeyOptions & { as?: SignerName }>(revoke, async ({ args: [walletId], options, session }) => {
    const signer = session.signerFor(walletId!, options.as ?? 'institution')
    const asked = { request_id: options.requestId ?? newId() }
    const body = await session.change(signer, 'POST', `/v1/wallets/${walletId}/keys/revoke`, asked)
    return { body, text: `no key signs for wallet ${walletId} any more` }
  })

  const rotate = wallet
    .command('rotate')
    .argument('<wallet>', 'wallet id; its key must be in the keystore', walletIdArgument)
    .description("replace a wallet's key, signed by the old one, which is dead afterwards")
    .addOption(requestIdOption())
  register<KeyOptions>(rotate, (asked) => changeKey(asked, 'rotate'))
}

/** The new key is on disk before it is sent: a region must never trust a key that nobody holds. */
async function changeKey(
  { args, options, session, tell }: Asked<KeyOptions>,
  cause: 'recover' | 'rotate',
): Promise<Answer> {
  const walletId = args[0]!
  const { requestId = newId() } = options
  const { keystore } = session
  const signer = cause === 'recover' ? session.institution() : session.wallet(walletId)
  const kept = keystore.keepRequest(requestId, () => ({
    formatVersion: 1,
    privateKeyPem: newWalletKey().privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    walletId,
  }))
  if (kept.walletId !== walletId) throw new BadInput('--request-id: that request was made for something else')
  tell(`request ${requestId}`)
  const { publicKeyHex } = walletKeyOf(kept.privateKeyPem)
  const path = `/v1/wallets/${walletId}/keys${cause === 'recover' ? '/recover' : ''}`
  const asked = { public_key: publicKeyHex, algorithm: 'ecdsa-p256', request_id: requestId }
  const body: Record<string, unknown> = await session
    .change(signer, 'POST', path, asked)
    .catch(async (error: unknown) => {
      const dead = cause === 'rotate' && error instanceof ApiProblem && error.status === 401
      // The request before this one may have taken effect though its answer was lost: then the new key signs already.
      if (!dead) throw error
      const key = walletKeyOf(kept.privateKeyPem)
      const shown = await session.call(walletSigner(walletId, key), 'GET', `/v1/wallets/${walletId}`)
      return { wallet_id: walletId, key_version: shown.body.key_version }
    })
  if (body.status === 'waiting') {
    const again = `jiaozi wallet recover ${walletId} --request-id ${requestId}`
    return { body, text: `the new key signs from ${body.effective_at} on, unless somebody objects; then: ${again}` }
  }
  const known = keystore.has(walletId) ? keystore.wallet(walletId) : undefined
  const userId = known?.userId ?? String((await session.call(signer, 'GET', `/v1/wallets/${walletId}`)).body.user_id)
  if (known !== undefined) keystore.keepRetired(walletId, Date.now())
  const { privateKeyPem } = kept
  keystore.put({ formatVersion: 1, walletId, userId, privateKeyPem, links: known?.links ?? [] })
  keystore.dropRequest(requestId)
  return { body, text: `wallet ${walletId} has key ${body.key_version}; the one before is dead` }
}
