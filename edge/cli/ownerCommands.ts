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
  word: 'print what one operator signs so that a loss may be accepted, for another machine',
  'accept-loss': 'take shards over without what only the other region knew; two operators sign that',
} as const

type Options = {
  data: string
  to?: string
  operator?: string[]
  word?: string[]
  by?: string[]
  despiteDifferences?: boolean
}

const repeated = (name: string, values: readonly string[] = []): string[] => values.flatMap((value) => [name, value])

/** @param run does a command's work, and says in one line what went wrong with starting it */
export function addOwnerCommands(jiaozi: Command, run: (work: () => Promise<number>) => () => Promise<void>): void {
  const owners = jiaozi.command('owners').description('which of two regions owns a shard')
  const start = (action: string, command: Command): Promise<number> => {
    const { data, to, operator, word, by, despiteDifferences } = command.opts<Options>()
    const said = [...repeated('--operator', operator), ...repeated('--word', word), ...repeated('--by', by)]
    const named = [...(to === undefined ? [] : ['--to', to]), ...said]
    if (despiteDifferences) named.push('--despite-differences')
    return runProgram(program, [action, ...command.args, '--data', resolve(data), ...named], 'inherit')
  }
  const show = owners.command('show').description('what the witness and both regions say').addOption(dataOption())
  show.addHelpText('after', exitCodes).action(run(() => start('show', show)))

  for (const action of ['move', 'takeover', 'word', 'accept-loss'] as const) {
    const command = owners
      .command(action)
      .description(changes[action])
      .argument('<shard>', 'its number, or all')
      .requiredOption('--to <region>', 'region that is to own them, a or b')
      .addOption(dataOption())
      .addHelpText('after', exitCodes)
    if (action === 'word' || action === 'accept-loss') {
      command.option('--operator <number=keyfile...>', 'an operator as the ledger knows the key, and the key')
    }
    if (action === 'accept-loss') command.option('--word <file...>', 'what an operator signed elsewhere')
    command.action(run(() => start(action, command)))
  }
  const seed = owners
    .command('seed')
    .description('give a witness that lost its records what the regions believe; two operators say so')
    .option('--by <name...>', 'who says so')
    .addOption(dataOption())
  seed.addHelpText('after', exitCodes).action(run(() => start('seed', seed)))
}
