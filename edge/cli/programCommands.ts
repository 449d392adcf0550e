import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { runProgram } from './childProgram.ts'
import { dataOption, failureText, type Terminal } from './command.ts'
import { addDrillCommands } from './drillCommands.ts'
import { exitCodeOf, exitCodes } from './exitCodes.ts'
import { addOwnerCommands } from './ownerCommands.ts'

/** The exit codes of programs that this command line only starts. */
const programExitCodes = `
Exit codes:
  0  done, and everything was as it should be
  1  it was not, or it failed; the last line says why
  2  wrong usage or input
  4  the program cannot be started
`
const reconcileExitCodes = `
Exit codes:
  0  no difference
  1  there is a difference; a review case was opened where one is above the threshold
  2  wrong usage or input
  3  it cannot be said yet
  4  there is no report: the region does not run, or the program failed
`

const compareExitCodes = `
Exit codes:
  0  the regions are equal
  1  they differ, or the program failed; the lines before the last say where
  2  wrong usage or input
  3  they did not come to the same positions
  4  the program cannot be started
`

type DataOptions = { data: string }
type ReconcileOptions = DataOptions & { json?: string | true; thresholdFen?: string }

export function addProgramCommands(program: Command, terminal: Terminal): void {
  /** Runs a command's work; what goes wrong with starting it is said in one line. */
  const run = (work: () => Promise<number>) => async (): Promise<void> => {
    try {
      terminal.exit(await work())
    } catch (error) {
      terminal.err(`${failureText(error)}\n`)
      terminal.exit(exitCodeOf(error))
    }
  }
  const reconciling = program
    .command('reconcile')
    .description("compare wallets, journal, issuance and both banks' statements, to the fen")
    .addOption(dataOption())
    .option('--json [file]', 'write the report to a file, or to standard output')
    .option('--threshold-fen <n>', 'open no review case for a difference of money up to this (default: 0)', fenArgument)
    .addHelpText('after', reconcileExitCodes)
  reconciling.action(run(() => reconcile(reconciling.opts<ReconcileOptions>(), terminal)))

  const comparing = program
    .command('compare')
    .description("compare what two regions' projectors wrote, row by row; payments must rest")
    .addOption(dataOption())
    .option('--json <file>', 'write the report to a file')
    .addHelpText('after', compareExitCodes)
  comparing.action(
    run(() => {
      const { data, json } = comparing.opts<DataOptions & { json?: string }>()
      const report = json === undefined ? [] : ['--json', resolve(json)]
      return runProgram('actors/followers/compareMain.ts', ['--data', resolve(data), ...report], 'inherit')
    }),
  )

  const backup = program
    .command('backup')
    .argument('<dir>', 'folder that the backup goes to')
    .description('sealed snapshots and log segments of a region that may go on running')
    .addOption(dataOption())
    .addHelpText('after', programExitCodes)
  backup.action(
    run(() => {
      const { data } = backup.opts<DataOptions>()
      const args = ['--data', resolve(data), '--out', resolve(backup.args[0]!)]
      return runProgram('actors/followers/backupMain.ts', args, 'inherit')
    }),
  )

  const restore = program
    .command('restore')
    .argument('<dir>', 'folder of a backup')
    .description('restore a backup into an empty data folder')
    .addOption(dataOption())
    .option('--root-key <file>', 'root key of the region, which no backup holds (default: keys/root.key of the folder)')
    .addHelpText('after', programExitCodes)
  restore.action(
    run(() => {
      const { data, rootKey } = restore.opts<DataOptions & { rootKey?: string }>()
      const key = rootKey === undefined ? [] : ['--root-key', resolve(rootKey)]
      const args = ['--from', resolve(restore.args[0]!), '--data', resolve(data), ...key]
      return runProgram('actors/followers/restoreMain.ts', args, 'inherit')
    }),
  )
  addLogCommands(program, run)
  addDrillCommands(program, run)
  addOwnerCommands(program, run)
}

const logTexts = {
  cat: "decode the frames of a shard's log with the region's keys",
  verify: "check frames, chain and seals of the region's logs",
} as const

function addLogCommands(program: Command, run: (work: () => Promise<number>) => () => Promise<void>): void {
  const log = program.command('log').description("the region's logs")
  for (const action of ['cat', 'verify'] as const) {
    const command = log
      .command(action)
      .description(logTexts[action])
      .argument('[arguments...]', 'passed to the program as they are')
      .addOption(dataOption())
      .allowUnknownOption()
      .addHelpText('after', programExitCodes)
    command.action(
      run(() => {
        const { data } = command.opts<DataOptions>()
        const args = [action, '--data', resolve(data), ...command.args]
        return runProgram('actors/followers/logMain.ts', args, 'inherit')
      }),
    )
  }
}

function fenArgument(text: string): string {
  if (/^\d{1,15}$/.test(text)) return text
  throw new InvalidArgumentError('It must be a whole number of fen.')
}

/** The report decides, not the program's own exit code, which is the same for a difference and for a failure. */
async function reconcile({ data, json, thresholdFen }: ReconcileOptions, terminal: Terminal): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'jiaozi-reconcile-'))
  try {
    const file = typeof json === 'string' ? resolve(json) : join(dir, 'report.json')
    if (typeof json === 'string') rmSync(file, { force: true })
    const threshold = thresholdFen === undefined ? [] : ['--threshold-fen', thresholdFen]
    const args = ['--data', resolve(data), '--json', file, ...threshold]
    await runProgram('actors/followers/reconcileMain.ts', args, json === true ? 'ignore' : 'inherit')
    const text = readIfThere(file)
    if (text === undefined) return exitCodes.failed
    if (json === true) terminal.out(text)
    const { verdict } = JSON.parse(text) as { verdict: string }
    return verdict === 'pass' ? exitCodes.ok : verdict === 'fail' ? exitCodes.refused : exitCodes.unknown
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
