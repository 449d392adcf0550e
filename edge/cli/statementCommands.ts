import type { Command } from 'commander'
import { paymentIdArgument, walletIdArgument } from './argumentTypes.ts'
import type { Register } from './command.ts'
import type { SignerName } from './session.ts'
import { nameValueLines, textTable } from './textTable.ts'
import { signerOption } from './walletCommands.ts'

type Shown = { kind: string; amount: string; balance: string; counterparty?: string; time: string }
type Party = { wallet_id: string; name?: string }

export function addStatementCommands(program: Command, register: Register): void {
  const statement = program
    .command('statement')
    .argument('<wallet>', 'wallet id', walletIdArgument)
    .argument('<period>', 'month such as 2026-11, or a merchant’s closed day such as 2026-11-26')
    .description('what moved in a wallet in a month, or the sums of a merchant’s day')
    .addOption(signerOption())
  register<{ as?: SignerName }>(statement, async ({ args: [walletId, period], options, session }) => {
    const of = period!.length > 7 ? 'merchants' : 'wallets'
    const signer = session.signerFor(walletId!, options.as)
    const { body } = await session.call(signer, 'GET', `/v1/${of}/${walletId}/statements/${period}`)
    const lines = Array.isArray(body.lines) ? (body.lines as Shown[]) : []
    const rows = lines.map((one) => [one.time, one.kind, one.counterparty ?? '', one.amount, one.balance])
    const sums = nameValueLines([
      ['opening', body.opening],
      ['money in', body.money_in],
      ['money out', body.money_out],
      [body.complete === false ? 'balance so far' : 'closing', body.closing],
      ['sha256', body.sha256],
    ])
    if (rows.length === 0) return { body, text: sums }
    const table = textTable({ head: ['time', 'kind', 'with', 'amount', 'balance'], rows, right: [3, 4] })
    return { body, text: `${sums}\n\n${table}` }
  })

  const receipt = program
    .command('receipt')
    .argument('<payer>', 'wallet that paid', walletIdArgument)
    .argument('<payment>', 'id of the payment', paymentIdArgument)
    .description('the receipt of a payment')
    .addOption(signerOption())
  register<{ as?: SignerName }>(receipt, async ({ args: [payer, payment], options, session }) => {
    const signer = session.signerFor(payer!, options.as)
    const { body } = await session.call(signer, 'GET', `/v1/wallets/${payer}/payments/${payment}/receipt`)
    const party = ({ wallet_id, name }: Party): string => (name === undefined ? wallet_id : `${name} (${wallet_id})`)
    const text = nameValueLines([
      ['payment', body.payment_id],
      ['payer', party(body.payer as Party)],
      ['payee', party(body.payee as Party)],
      ['amount', `${body.amount} yuan`],
      ['order', body.order_no],
      ['paid at', body.executed_at],
    ])
    return { body, text }
  })
}
