import { Command, CommanderError } from 'commander'
import { addBatchCommand } from './batchCommand.ts'
import { registerOn, type Terminal } from './command.ts'
import { addDisputeCommands } from './disputeCommands.ts'
import { addEventsCommand } from './eventsCommand.ts'
import { exitCodeHelp, exitCodes } from './exitCodes.ts'
import { addHoldCommands } from './holdCommands.ts'
import { addKeyCommands } from './keyCommands.ts'
import { addLimitCommands } from './limitCommands.ts'
import { addLinkCommand } from './linkCommand.ts'
import { addMandateCommands } from './mandateCommands.ts'
import { addMerchantCommands } from './merchantCommands.ts'
import { addOrderCommands } from './orderCommands.ts'
import { addPayeeCommand } from './payeeCommand.ts'
import { addPaymentCommands } from './paymentCommands.ts'
import { addPayoutCommands } from './payoutCommands.ts'
import { addProgramCommands } from './programCommands.ts'
import { addProposalCommands } from './proposalCommands.ts'
import { addRefundCommand } from './refundCommand.ts'
import { addRiskCommands } from './riskCommands.ts'
import { addSagaCommands } from './sagaCommands.ts'
import { addStatementCommands } from './statementCommands.ts'
import { addUserCommands } from './userCommands.ts'
import { addWalletCommands } from './walletCommands.ts'
import { addWalletKeyCommands } from './walletKeyCommands.ts'
import { addWebhookCommands } from './webhookCommands.ts'

const description = `Wallets, payments and administration of a Jiaozi region.

Commands speak with the region that runs on --data (default .data), or with the edge at --url.`

export function createProgram(terminal: Terminal): Command {
  const program = new Command('jiaozi').description(description).helpCommand('help [command]')
  program
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
  program.addHelpText('after', exitCodeHelp)
  const register = registerOn(terminal)
  const wallet = program.command('wallet').description('open, show and administer wallets')
  addWalletCommands(wallet, register)
  addWalletKeyCommands(wallet, register)
  addEventsCommand(wallet, register)
  addUserCommands(program, register)
  addLinkCommand(program, register)
  addSagaCommands(program, register)
  addPayeeCommand(program, register)
  addStatementCommands(program, register)
  addDisputeCommands(program, register)
  addPayoutCommands(program, register)
  addPaymentCommands(program, register)
  addWebhookCommands(addMerchantCommands(program, register), register)
  addOrderCommands(program, register)
  addRefundCommand(program, register)
  addHoldCommands(program, register)
  addMandateCommands(program, register)
  addBatchCommand(program, register)
  addLimitCommands(program, register)
  addRiskCommands(program, register)
  addProposalCommands(program, register)
  addKeyCommands(program, register)
  addProgramCommands(program, terminal)
  return program
}

/** Runs one command line, without the program's own name. @returns its exit code; it never throws */
export async function runCommandLine(args: readonly string[], write: Omit<Terminal, 'exit'>): Promise<number> {
  let code: number = exitCodes.ok
  const exit = (given: number): void => {
    code = given
  }
  const terminal: Terminal = { ...write, exit }
  try {
    await createProgram(terminal).parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    code = error.exitCode === 0 ? exitCodes.ok : exitCodes.badInput
  }
  return code
}
