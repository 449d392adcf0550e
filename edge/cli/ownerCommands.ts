import { resolve } from 'node:path'
import type { Command } from 'commander'
import { runProgram } from './childProgram.ts'
import { dataOption } from './command.ts'

const program = 'deploy/owners/main.ts'
const exitCodes = `
Exit codes:
  0  done
  1  refused, or failed; the last line says why
  2  wrong usage or input
  4  the program cannot be started
`
const changes = {
  move: 'hand shards over from a region that is well',
  takeover: 'take shards over from a region that is gone',
  'accept-loss': 'take shards over without what only the other region knew; two operators say so',
} as const

type Options = { data: string; to?: string; operator?: string[] }

/** @param run does a command's work, and says in one line what went wrong with starting it */
export function addOwnerCommands(jiaozi: Command, run: (work: () => Promise<number>) => () => Promise<void>): void {
  const owners = jiaozi.command('owners').description('which of two regions owns a shard')
  const start = (action: string, command: Command): Promise<number> => {
    const { data, to, operator = [] } = command.opts<Options>()
    const named = [...(to === undefined ? [] : ['--to', to]), ...operator.flatMap((name) => ['--operator', name])]
    return runProgram(program, [action, ...command.args, '--data', resolve(data), ...named], 'inherit')
  }
  const show = owners.command('show').description('what the witness and both regions say').addOption(dataOption())
  show.addHelpText('after', exitCodes).action(run(() => start('show', show)))

  for (const action of ['move', 'takeover', 'accept-loss'] as const) {
    const command = owners
      .command(action)
      .description(changes[action])
      .argument('<shard>', 'its number, or all')
      .requiredOption('--to <region>', 'region that is to own them, a or b')
      .option('--operator <name...>', 'who says so')
      .addOption(dataOption())
      .addHelpText('after', exitCodes)
    command.action(run(() => start(action, command)))
  }
  const seed = owners
    .command('seed')
    .description('give a witness that lost its records what the regions believe; two operators say so')
    .option('--operator <name...>', 'who says so')
    .addOption(dataOption())
  seed.addHelpText('after', exitCodes).action(run(() => start('seed', seed)))
}
