import type { Command } from 'commander'
import { newId, OutcomeUnknown } from '../client/node.ts'
import { amountArgument, commandIdArgument, walletIdArgument } from './argumentTypes.ts'
import type { Answer, Asked, Register } from './command.ts'
import { exitCodes } from './exitCodes.ts'
import { orderNoArgument } from './orderCommands.ts'
import { waitOption } from './paymentCommands.ts'
import type { Reply, SignerName } from './session.ts'
import { nameValueLines } from './textTable.ts'
import { askUntil } from './waiting.ts'
import { signerOption } from './walletCommands.ts'

type RefundOptions = { refundId?: string; waitMs: number; as?: SignerName }

export function addRefundCommand(program: Command, register: Register): void {
  const refund = program
    .command('refund')
    .argument('<merchant>', 'merchant wallet', walletIdArgument)
    .argument('<order-no>', "the merchant's number of the order", orderNoArgument)
    .argument('<amount>', 'yuan, such as 100.50', amountArgument)
    .description('refund an order, in whole or in part; the same --refund-id never pays twice')
    .option('--refund-id <id>', 'id of the refund, to ask again for the same (default: a new one)', commandIdArgument)
    .addOption(waitOption())
    .addOption(signerOption())
  register<RefundOptions>(refund, refundAndWait)
}

async function refundAndWait({ args, options, session, tell }: Asked<RefundOptions>): Promise<Answer> {
  const [merchant, orderNo, amount] = args as [string, string, string]
  const { refundId = newId(), waitMs } = options
  tell(`refund ${refundId}`)
  const signer = session.signerFor(merchant, options.as)
  const send = (): Promise<Reply> =>
    session.call(signer, 'POST', `/v1/merchants/${merchant}/orders/${orderNo}/refunds`, { refund_id: refundId, amount })
  try {
    const { body } = await askUntil(await send(), (reply) => reply.body.status !== 'pending', send, waitMs)
    const text = nameValueLines([
      ['refund', body.refund_id],
      ['order', body.order_no],
      ['status', body.status],
      ['amount', `${body.amount} yuan`],
      ['executed at', body.executed_at],
    ])
    return { body, text, exitCode: body.status === 'pending' ? exitCodes.unknown : exitCodes.ok }
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error
    throw new OutcomeUnknown(`${error.message}; ask again with --refund-id ${refundId}`)
  }
}
