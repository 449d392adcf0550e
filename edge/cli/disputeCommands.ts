import type { Command } from 'commander'
import { newId } from '../client/node.ts'
import { paymentIdArgument, walletIdArgument } from './argumentTypes.ts'
import type { Register } from './command.ts'
import type { SignerName } from './session.ts'
import { nameValueLines, textTable } from './textTable.ts'
import { requestIdOption, signerOption } from './walletCommands.ts'

type Said = { reason: string; requestId?: string; as?: SignerName }

export function addDisputeCommands(program: Command, register: Register): void {
  const dispute = program.command('dispute').description('a wrong transfer: ask for it back, give it back, or keep it')

  const open = dispute
    .command('open')
    .argument('<payer>', 'wallet that paid', walletIdArgument)
    .argument('<payment>', 'id of the payment', paymentIdArgument)
    .description('ask the payee for the money, within 30 days of the payment')
    .requiredOption('--reason <text>', 'what the payee shall know')
    .addOption(signerOption())
    .addOption(requestIdOption())
  register<Said>(open, async ({ args: [payer, payment], options, session }) => {
    const signer = session.signerFor(payer!, options.as)
    const asked = { reason: options.reason, request_id: options.requestId ?? newId() }
    const body = await session.change(signer, 'POST', `/v1/wallets/${payer}/payments/${payment}/dispute`, asked)
    return { body, text: disputeText(body) }
  })

  const withdraw = dispute
    .command('withdraw')
    .argument('<payer>', 'wallet that paid', walletIdArgument)
    .argument('<payment>', 'id of the payment', paymentIdArgument)
    .description('take the case back')
    .addOption(signerOption())
    .addOption(requestIdOption())
  register<Said>(withdraw, async ({ args: [payer, payment], options, session }) => {
    const signer = session.signerFor(payer!, options.as)
    const asked = { request_id: options.requestId ?? newId() }
    const path = `/v1/wallets/${payer}/payments/${payment}/dispute/withdraw`
    const body = await session.change(signer, 'POST', path, asked)
    return { body, text: disputeText(body) }
  })

  for (const word of ['consent', 'decline'] as const) addAnswerCommand(dispute, register, word)

  const list = dispute
    .command('list')
    .argument('<wallet>', 'wallet id', walletIdArgument)
    .description('cases of a wallet, as payer and as payee, newest first')
    .addOption(signerOption())
  register<{ as?: SignerName }>(list, async ({ args: [walletId], options, session }) => {
    const signer = session.signerFor(walletId!, options.as)
    const { body } = await session.call(signer, 'GET', `/v1/wallets/${walletId}/disputes`)
    const { disputes } = body as { disputes: Record<string, unknown>[] }
    const rows = disputes.map((one) =>
      [one.payment_id, one.payer_wallet, one.payee_wallet, one.amount, one.status, one.answer_until].map(String),
    )
    const head = ['payment', 'payer', 'payee', 'amount', 'status', 'answer until']
    return { body, text: textTable({ head, rows, right: [3] }) }
  })
}

function addAnswerCommand(dispute: Command, register: Register, word: 'consent' | 'decline'): void {
  const consents = word === 'consent'
  const answer = dispute
    .command(word)
    .argument('<payee>', 'wallet that was paid; its key must be in the keystore', walletIdArgument)
    .argument('<payer>', 'wallet that paid', walletIdArgument)
    .argument('<payment>', 'id of the payment', paymentIdArgument)
    .description(consents ? 'give the money back, as its payee' : 'keep the money, as its payee')
    .addOption(requestIdOption())
  register<{ requestId?: string }>(answer, async ({ args, options, session, tell }) => {
    const [payee, payer, payment] = args as [string, string, string]
    const id = options.requestId ?? newId()
    tell(`request ${id}, to ask again: --request-id ${id}`)
    const asked = consents ? { return_id: id } : { request_id: id }
    const path = `/v1/wallets/${payee}/disputes/${payer}/${payment}/${word}`
    const body = await session.change(session.wallet(payee), 'POST', path, asked)
    return { body, text: disputeText(body) }
  })
}

function disputeText(body: Record<string, unknown>): string {
  return nameValueLines([
    ['payment', body.payment_id],
    ['payer', body.payer_wallet],
    ['payee', body.payee_wallet],
    ['return', body.return_id],
    ['amount', body.amount === undefined ? undefined : `${body.amount} yuan`],
    ['status', body.status],
    ['answer until', body.answer_until],
  ])
}
