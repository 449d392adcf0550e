import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export type OwnersOptions = {
  data: string
  action: 'show' | 'move' | 'takeover' | 'word' | 'accept-loss' | 'seed'
  /** Undefined: all. */
  shard: number | undefined
  /** Region that is to own the shards. */
  region: string
  /** Who gives a lost witness its records back. */
  operators: string[]
  /** Operators who say here that a loss is accepted, and the files of their keys. */
  signers: { operator: number; keyFile: string }[]
  /** Files with what operators said elsewhere. */
  wordFiles: string[]
  /** A loss is accepted although shards would then disagree on what they owe each other. */
  despiteDifferences: boolean
}

export const usage = `Usage: npx jiaozi owners ACTION [options]

Which of two regions owns a shard, and how that is changed by hand.

  show                            what the witness and both regions say of each shard
  move SHARD|all --to a|b         hand over from a region that is well, with nobody refused
  takeover SHARD|all --to a|b     take over from a region that is gone
  accept-loss SHARD|all --to a|b  take over from a region that is gone for good while it committed alone:
                                  what only it knew is lost; two operators must have signed that
  word SHARD|all --to a|b         print what one operator signs, for accept-loss on another machine
  seed                            give a witness that lost its records what the regions believe

  --operator NUMBER=KEYFILE       accept-loss, word: an operator as the ledger knows the key, and the key
  --word FILE                     accept-loss: what an operator signed elsewhere
  --despite-differences           accept-loss: also where shards would then disagree on what they owe each other
  --by NAME                       seed: who says so; it needs two of them
  --data DIR                      data folder of the installation (default .data)

Ends with 0 when it was done, 1 when it was refused or failed, 2 when it was asked wrongly.
`

/** What a person typed is wrong: one line, no stack. */
export class UsageError extends Error {}

const changing = ['move', 'takeover', 'word', 'accept-loss']

/** @throws UsageError that names what is wrong. @returns undefined when help was asked for. */
export function parseOwnersOptions(args: readonly string[]): OwnersOptions | undefined {
  const { values, positionals } = parse(args)
  if (values.help) return undefined
  const [action = '', shardText, extra] = positionals
  if (!['show', 'seed', ...changing].includes(action)) {
    throw new UsageError(`there is no "${action}": show, move, takeover, word, accept-loss or seed`)
  }
  const surplus = changing.includes(action) ? extra : shardText
  if (surplus !== undefined) throw new UsageError(`${action} takes no "${surplus}"`)
  const operators = values.by ?? []
  if (action === 'seed' && new Set(operators).size < 2) {
    throw new UsageError('seed needs the word of two operators: --by NAME --by NAME')
  }
  const signers = (values.operator ?? []).map(signerIn)
  const wordFiles = (values.word ?? []).map((file) => resolve(file))
  if (action === 'accept-loss' && signers.length + wordFiles.length < 2) {
    throw new UsageError('accept-loss needs the word of two operators: --operator NUMBER=KEYFILE or --word FILE')
  }
  if (action === 'word' && signers.length !== 1) throw new UsageError('word needs one --operator NUMBER=KEYFILE')
  const despiteDifferences = values['despite-differences']
  if (despiteDifferences && action !== 'accept-loss') {
    throw new UsageError(`${action} takes no --despite-differences`)
  }
  const options = {
    data: resolve(values.data!),
    action: action as OwnersOptions['action'],
    operators,
    signers,
    wordFiles,
    despiteDifferences,
  }
  if (!changing.includes(action)) return { ...options, shard: undefined, region: '' }
  if (shardText === undefined || !/^(all|\d{1,2})$/.test(shardText)) {
    throw new UsageError(`${action} needs the number of a shard, or all`)
  }
  if (values.to !== 'a' && values.to !== 'b') throw new UsageError(`${action} needs --to a or --to b`)
  return { ...options, shard: shardText === 'all' ? undefined : Number(shardText), region: values.to }
}

function signerIn(text: string): { operator: number; keyFile: string } {
  const [, number, file] = /^(\d{1,6})=(.+)$/.exec(text) ?? []
  if (number === undefined || Number(number) < 1) {
    throw new UsageError(`--operator must be a number and the file of its key, such as 2=operator.pem, not "${text}"`)
  }
  return { operator: Number(number), keyFile: resolve(file!) }
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
        word: { type: 'string', multiple: true },
        'despite-differences': { type: 'boolean', default: false },
        by: { type: 'string', multiple: true },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message.split('.')[0]!)
  }
}
