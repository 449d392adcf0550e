import type { Command } from 'commander'
import { walletIdArgument } from './argumentTypes.ts'
import type { Register } from './command.ts'
import { nameValueLines } from './textTable.ts'

export function addPayeeCommand(program: Command, register: Register): void {
  const payee = program
    .command('payee')
    .argument('<wallet>', 'wallet that would be paid', walletIdArgument)
    .description('whom a payment would reach: the masked name, and whether it can be paid')
    .option('--payer <wallet>', 'wallet whose kept key asks (default: the institution)', walletIdArgument)
  register<{ payer?: string }>(payee, async ({ args: [walletId], options, session }) => {
    const signer = options.payer === undefined ? session.institution() : session.wallet(options.payer)
    const { body } = await session.call(signer, 'GET', `/v1/payees/${walletId}`)
    const text = nameValueLines([
      ['wallet', body.wallet_id],
      ['name', body.masked_name ?? body.name_status],
      ['kind', body.kind],
      ['class', body.class],
      ['can be paid', body.can_receive === true ? 'yes' : 'no'],
    ])
    return { body, text }
  })
}
