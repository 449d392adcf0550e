import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export type OwnersOptions = {
  data: string
  action: 'show' | 'move' | 'takeover' | 'accept-loss' | 'seed'
  /** Undefined: all. */
  shard: number | undefined
  /** Region that is to own the shards. */
  region: string
  operators: string[]
}

export const usage = `Usage: npx jiaozi owners ACTION [options]

Which of two regions owns a shard, and how that is changed by hand.

  show                            what the witness and both regions say of each shard
  move SHARD|all --to a|b         hand over from a region that is well, with nobody refused
  takeover SHARD|all --to a|b     take over from a region that is gone
  accept-loss SHARD|all --to a|b  take over from a region that is gone for good while it committed alone:
                                  what only it knew is lost
  seed                            give a witness that lost its records what the regions believe

  --operator NAME                 who says so; accept-loss and seed need two of them
  --data DIR                      data folder of the installation (default .data)

Ends with 0 when it was done, 1 when it was refused or failed, 2 when it was asked wrongly.
`

/** What a person typed is wrong: one line, no stack. */
export class UsageError extends Error {}

const changing = ['move', 'takeover', 'accept-loss']

/** @throws UsageError that names what is wrong. @returns undefined when help was asked for. */
export function parseOwnersOptions(args: readonly string[]): OwnersOptions | undefined {
  const { values, positionals } = parse(args)
  if (values.help) return undefined
  const [action = '', shardText, extra] = positionals
  if (!['show', 'seed', ...changing].includes(action)) {
    throw new UsageError(`there is no "${action}": show, move, takeover, accept-loss or seed`)
  }
  const surplus = changing.includes(action) ? extra : shardText
  if (surplus !== undefined) throw new UsageError(`${action} takes no "${surplus}"`)
  const operators = values.operator ?? []
  if (['accept-loss', 'seed'].includes(action) && new Set(operators).size < 2) {
    throw new UsageError(`${action} needs the word of two operators: --operator NAME --operator NAME`)
  }
  const options = { data: resolve(values.data!), action: action as OwnersOptions['action'], operators }
  if (!changing.includes(action)) return { ...options, shard: undefined, region: '' }
  if (shardText === undefined || !/^(all|\d{1,2})$/.test(shardText)) {
    throw new UsageError(`${action} needs the number of a shard, or all`)
  }
  if (values.to !== 'a' && values.to !== 'b') throw new UsageError(`${action} needs --to a or --to b`)
  return { ...options, shard: shardText === 'all' ? undefined : Number(shardText), region: values.to }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        data: { type: 'string', default: '.data' },
        to: { type: 'string' },
        operator: { type: 'string', multiple: true },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message.split('.')[0]!)
  }
}
