import { parseArgs } from 'node:util'
import type { Drill } from './drill.ts'
import { drills } from './plans/all.ts'

export const usage = `Usage: npx jiaozi drill list
       npx jiaozi drill run NAME [options]
       npm run drill:all -- [options]

Practises a failure on a running installation under a steady load, and judges what the customers were told.

  --yes          do it, though people may use the installation on --data
  --data DIR     data folder of an installation that runs (default .data); one of its own is started when none does
  --report DIR   folder for the report as a page, its figures, and every answer that was given (default drills in the
                 data folder of what it was run on, where the console shows them; drill-reports for one of its own)
  --json FILE    write the figures
  --rate N       payments a second (default 300)
  --quick        short baselines, and a short cut of the link
`

export type DrillOptions = {
  readonly task: 'list' | 'run' | 'all'
  readonly chosen: readonly Drill[]
  readonly yes: boolean
  readonly quick: boolean
  readonly data: string
  readonly report: string | undefined
  readonly json: string | undefined
  readonly perSecond: number
}

/** What a person typed is wrong: one line, no stack. */
export class UsageError extends Error {}

/** @throws UsageError that names what is wrong. @returns undefined when help was asked for. */
export function parseDrillOptions(args: readonly string[]): DrillOptions | undefined {
  const { values, positionals } = read(args)
  if (values.help) return undefined
  const [task = '', ...names] = positionals
  if (task !== 'list' && task !== 'run' && task !== 'all') throw new UsageError(`list, run or all, not "${task}"`)
  if (task === 'run' && names.length !== 1) throw new UsageError('run takes the name of one drill: list names them')
  if (task !== 'run' && names.length > 0) throw new UsageError(`${task} takes no name`)
  return {
    task,
    chosen: task === 'run' ? [named(names[0]!)] : drills,
    yes: values.yes,
    quick: values.quick,
    data: values.data,
    report: values.report,
    json: values.json,
    perSecond: whole('rate', values.rate, 1, 10_000),
  }
}

function named(name: string): Drill {
  const found = drills.find((drill) => drill.name === name)
  if (found === undefined) throw new UsageError(`there is no drill "${name}": list names them`)
  return found
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`)
}

function read(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const
  const option = (fallback: string) => ({ type: 'string', default: fallback }) as const
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        yes: flag,
        quick: flag,
        help: flag,
        data: option('.data'),
        report: { type: 'string' },
        rate: option('300'),
        json: { type: 'string' },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message.split('.')[0]!)
  }
}
