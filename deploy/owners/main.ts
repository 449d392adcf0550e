import { changeOwners, printWord, seedLostWitness, showOwners } from './changeOwners.ts'
import { type OwnersOptions, parseOwnersOptions, UsageError, usage } from './options.ts'
import { PairAccess } from './pairAccess.ts'

const exitUsage = 2
const say = (line: string): void => void process.stdout.write(`${line}\n`)

function fail(error: unknown, code: number): never {
  process.stderr.write(`jiaozi: ${(error as Error).message}\n`)
  process.exit(code)
}

function readOptions(): OwnersOptions {
  try {
    const options = parseOwnersOptions(process.argv.slice(2))
    if (options !== undefined) return options
  } catch (error) {
    if (error instanceof UsageError) fail(error, exitUsage)
    throw error
  }
  process.stdout.write(usage)
  process.exit(0)
}

const options = readOptions()
try {
  const pair = await PairAccess.open(options.data)
  const done = await (options.action === 'show'
    ? showOwners(pair, say)
    : options.action === 'seed'
      ? seedLostWitness(pair, options.operators, say)
      : options.action === 'word'
        ? printWord(pair, options, say)
        : changeOwners(pair, options, say))
  await pair.close()
  process.exit(done ? 0 : 1)
} catch (error) {
  fail(error, 1)
}
