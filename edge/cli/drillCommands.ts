import { resolve } from 'node:path'
import type { Command } from 'commander'
import { runProgram } from './childProgram.ts'
import { dataOption } from './command.ts'

const program = 'chaos/drills/main.ts'
const exitCodes = `
Exit codes:
  0  passed
  1  failed, or not demonstrated; the report says why
  2  wrong usage or input
  4  the program cannot be started
`

type RunOptions = { data: string } & Record<string, string | true | undefined>

/** @param run does a command's work, and says in one line what went wrong with starting it */
export function addDrillCommands(jiaozi: Command, run: (work: () => Promise<number>) => () => Promise<void>): void {
  const drill = jiaozi.command('drill').description('practise the failures that an installation must stand')
  drill
    .command('list')
    .description('name the drills')
    .addOption(dataOption())
    .addHelpText('after', exitCodes)
    .action(run(() => runProgram(program, ['list'], 'inherit')))

  const running = drill
    .command('run')
    .description('practise one failure under load, and judge what customers were told')
    .argument('<name>', 'one that list names')
    .addOption(dataOption())
    .option('--yes', 'strike the installation on --data, though people may use it')
    .option('--quick', 'short baselines, and a short cut of the link')
    .option('--rate <n>', 'payments a second (default: 300)')
    .option(
      '--report <dir>',
      'folder for the report (default: drills in the data folder, or drill-reports without one)',
    )
    .option('--json <file>', 'write the figures')
    .addHelpText('after', exitCodes)
  running.action(
    run(() => {
      const { data, ...rest } = running.opts<RunOptions>()
      const options = Object.entries(rest).flatMap(([name, value]) =>
        value === undefined ? [] : value === true ? [`--${name}`] : [`--${name}`, value],
      )
      return runProgram(program, ['run', running.args[0]!, '--data', resolve(data), ...options], 'inherit')
    }),
  )
}
