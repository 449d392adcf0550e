import type { Command } from 'commander'
import { walletIdArgument } from './argumentTypes.ts'
import type { Register } from './command.ts'
import type { SignerName } from './session.ts'
import { textTable } from './textTable.ts'
import { signerOption } from './walletCommands.ts'

export function addEventsCommand(wallet: Command, register: Register): void {
  const events = wallet
    .command('events')
    .argument('<wallet>', 'wallet id', walletIdArgument)
    .description('what happened to a wallet in the last days, oldest first')
    .option('--after <id>', 'only what happened after this event')
    .addOption(signerOption())
  register<{ after?: string; as?: SignerName }>(events, async ({ args: [walletId], options, session }) => {
    const signer = session.signerFor(walletId!, options.as)
    const query = options.after === undefined ? '' : `?after=${encodeURIComponent(options.after)}`
    const { body } = await session.call(signer, 'GET', `/v1/wallets/${walletId}/events${query}`)
    const { events: all, last_event_id } = body as { events: Record<string, unknown>[]; last_event_id: string }
    const rows = all.map((one) =>
      [one.time, one.event, one.amount ?? '', one.counterparty ?? '', one.event_id].map(String),
    )
    const table = textTable({ head: ['time', 'event', 'amount', 'with', 'id'], rows, right: [2] })
    return { body, text: `${table}\n\ngo on with --after ${last_event_id}` }
  })
}
