import { Command, CommanderError } from 'commander'
import { registerOn, type Terminal } from './command.ts'
import { type ExitCode, exitCodeHelp, exitCodes } from './exitCodes.ts'
import { addPaymentCommands } from './paymentCommands.ts'
import { addWalletCommands } from './walletCommands.ts'

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
  addPaymentCommands(program, register)
  return program
}

/** Runs one command line, without the program's own name. @returns its exit code; it never throws */
export async function runCommandLine(args: readonly string[], write: Omit<Terminal, 'exit'>): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok
  const exit = (given: ExitCode): void => {
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
