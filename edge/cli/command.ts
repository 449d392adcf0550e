import { type Command, Option } from 'commander'
import { ApiProblem, OutcomeUnknown } from '../client/requests.ts'
import { urlArgument, wholeArgument } from './argumentTypes.ts'
import { type ExitCode, exitCodeHelp, exitCodeOf, exitCodes } from './exitCodes.ts'
import { type ConnectionOptions, Session } from './session.ts'
import { printable } from './textTable.ts'

/** Where a command writes, and where its exit code goes. */
export type Terminal = {
  out(text: string): void
  err(text: string): void
  /** One of `exitCodes`, or what a program that was started ended with. */
  exit(code: number): void
}

/** What a command answers: `body` for programs, `text` for people. */
export type Answer = { readonly body: unknown; readonly text: string; readonly exitCode?: ExitCode }

export type Asked<Options> = {
  readonly args: readonly string[]
  readonly options: Options
  readonly session: Session
  /** A line for people while the command still works. It goes to standard error. */
  tell(line: string): void
}

export type Work<Options> = (asked: Asked<Options>) => Promise<Answer>

/** Gives a command the options of every command, and runs its work. */
export type Register = <Options>(command: Command, work: Work<Options>) => void

/** Which data folder's region is meant. */
export const dataOption = (): Option =>
  new Option('--data <dir>', 'data folder of the region').default('.data').env('JIAOZI_DATA')

function addConnectionOptions(command: Command): void {
  command
    .addOption(dataOption())
    .option('--url <url>', 'address of an edge, instead of the region on the data folder', urlArgument)
    .option('--ca <file>', 'certificate authority that signed the edge, in PEM')
    .option('--keystore <dir>', 'folder of the wallet keys (default: wallets in the data folder)')
    .option('--institution-key <file>', "institution's Ed25519 key in PEM (default: the region's development key)")
    .option('--operator-key <file>', "operator's Ed25519 key in PEM (default: the region's development key)")
    .addOption(number('--institution <n>', 'number of the institution', 1, 255, 1))
    .addOption(number('--operator <n>', 'number of the operator', 1, 255, 1))
    .addOption(number('--timeout-ms <n>', 'time that one try may take', 100, 600_000, 12_000))
    .addOption(number('--tries <n>', 'how often a request is tried under the same id', 1, 100, 5))
    .option('--json', 'print the answer of the API as JSON')
}

function number(flags: string, description: string, min: number, max: number, standard: number): Option {
  return new Option(flags, description).argParser(wholeArgument(min, max)).default(standard)
}

export function registerOn(terminal: Terminal): Register {
  return (command, work) => {
    addConnectionOptions(command)
    command.addHelpText('after', exitCodeHelp)
    command.action(async () => {
      const options = command.opts<ConnectionOptions & { json?: boolean }>()
      const json = options.json === true
      const tell = (line: string): void => terminal.err(`${line}\n`)
      try {
        const session = new Session(options)
        const {
          body,
          text,
          exitCode = exitCodes.ok,
        } = await work({
          args: command.processedArgs.filter((argument) => argument !== undefined).map(String),
          options: options as never,
          session,
          tell,
        })
        terminal.out(json ? `${JSON.stringify(body, null, 2)}\n` : `${text}\n`)
        terminal.exit(exitCode)
      } catch (error) {
        if (json && error instanceof ApiProblem) terminal.out(`${JSON.stringify(error.problem, null, 2)}\n`)
        else terminal.err(`${failureText(error)}\n`)
        terminal.exit(exitCodeOf(error))
      }
    })
  }
}

/** One line for a person; a fault of this program shows its message only. */
export function failureText(error: unknown): string {
  const message = printable(error instanceof Error ? error.message : String(error))
  if (error instanceof ApiProblem) {
    const word = exitCodeOf(error) === exitCodes.failed ? 'not done' : 'refused'
    return `${word}: ${message}${error.code === '' ? '' : ` (${error.code})`}`
  }
  return error instanceof OutcomeUnknown ? `unknown: ${message}` : `jiaozi: ${message}`
}
