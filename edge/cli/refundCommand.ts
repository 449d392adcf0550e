import type { Command } from 'commander'
import { newId } from '../client/node.ts'
import { amountArgument, commandIdArgument, walletIdArgument } from './argumentTypes.ts'
import type { Answer, Asked, Register } from './command.ts'
import { orderNoArgument } from './orderCommands.ts'
import { waitOption } from './paymentCommands.ts'
import type { SignerName } from './session.ts'
import { sendPart } from './takenPart.ts'
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

function refundAndWait({ args, options, session, tell }: Asked<RefundOptions>): Promise<Answer> {
  const [merchant, orderNo, amount] = args as [string, string, string]
  const { refundId: id = newId(), waitMs } = options
  const path = `/v1/merchants/${merchant}/orders/${orderNo}/refunds`
  const signer = session.signerFor(merchant, options.as)
  const send = () => session.call(signer, 'POST', path, { refund_id: id, amount })
  return sendPart({ name: 'refund', id, of: ['order', 'order_no'], waitMs, send }, tell)
}
