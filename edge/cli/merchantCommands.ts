import type { Command } from 'commander'
import { newId } from '../client/node.ts'
import { walletIdArgument } from './argumentTypes.ts'
import type { Answer, Register } from './command.ts'
import { addMerchantUserCommands } from './merchantUserCommands.ts'
import { addQrCommand } from './qrCommand.ts'
import type { SignerName } from './session.ts'
import { nameValueLines } from './textTable.ts'
import { requestIdOption, signerOption } from './walletCommands.ts'

type PutOptions = {
  nameZh: string
  nameEn?: string
  contact?: string
  callbackUrl?: string
  requestId?: string
  as?: SignerName
}

export const merchantPath = (merchant: string): string => `/v1/merchants/${merchant}`

export function merchantCommand(merchant: Command, name: string, description: string): Command {
  return merchant
    .command(name)
    .argument('<merchant>', 'merchant wallet', walletIdArgument)
    .description(description)
    .addOption(signerOption())
}

export function addMerchantCommands(program: Command, register: Register): Command {
  const merchant = program.command('merchant').description('what a merchant says of itself, and what it is told')

  const show = merchantCommand(merchant, 'show', 'what a merchant says of itself')
  register<{ as?: SignerName }>(show, async ({ args: [walletId], options, session }) => {
    const signer = session.signerFor(walletId!, options.as)
    return merchantAnswer(await session.call(signer, 'GET', merchantPath(walletId!)))
  })

  const qr = merchantCommand(merchant, 'qr', 'the code by which a merchant is paid what the payer types')
  addQrCommand(qr, register, ([walletId]) => `${merchantPath(walletId!)}/qr`)

  const put = merchantCommand(merchant, 'set', 'set the whole profile; what is left out is gone')
    .requiredOption('--name-zh <name>', 'name that payers see in Chinese')
    .option('--name-en <name>', 'name that payers see in English')
    .option('--contact <text>', 'how payers reach it')
    .option('--callback-url <url>', 'where it is told of orders that name no address of their own')
    .addOption(requestIdOption())
  register<PutOptions>(put, async ({ args: [walletId], options, session }) => {
    const { nameZh, nameEn, contact, callbackUrl, requestId = newId() } = options
    const signer = session.signerFor(walletId!, options.as)
    const texts = { name_zh: nameZh, name_en: nameEn, contact, callback_url: callbackUrl }
    const body = await session.change(signer, 'PUT', merchantPath(walletId!), { ...texts, request_id: requestId })
    return merchantAnswer({ body })
  })
  addMerchantUserCommands(merchant, register)
  return merchant
}

function merchantAnswer({ body }: { body: Record<string, unknown> }): Answer {
  const text = nameValueLines([
    ['merchant', body.wallet_id],
    ['profile', body.profile_version],
    ['name', body.name_zh],
    ['name in English', body.name_en],
    ['contact', body.contact],
    ['callback', body.callback_url],
    ['changed at', body.changed_at],
    ['secret', `generation ${body.secret_generation}`],
    ['rotated at', body.secret_rotated_at],
  ])
  return { body, text }
}
