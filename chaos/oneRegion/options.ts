import { parseArgs } from 'node:util'
import type { Scenario } from './scenario.ts'
import { scenarios } from './scenarios/all.ts'

export const usage = `Usage: npm run chaos -- [options]

Starts a region of real processes on loopback, lets customers live in it, strikes it, and judges what they were told.

  --scenario NAME  one scenario, several with commas between, or all (default all)
  --seed N         seed of the customers and of what falls to chance (default 1)
  --outage N       seconds for which Postgres stays away (default 60)
  --json FILE      write the report
  --list           name the scenarios
`

export type ChaosOptions = { chosen: readonly Scenario[]; seed: number; outageS: number; json: string | undefined }

/** What a person typed is wrong: one line, no stack. */
export class UsageError extends Error {}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`)
  }
  return value
}

/** @throws UsageError that names what is wrong. @returns a text to print when that was asked for. */
export function parseChaosOptions(args: readonly string[]): ChaosOptions | string {
  const values = read(args)
  if (values.help) return usage
  if (values.list) return scenarios.map(({ name, title }) => `  ${name.padEnd(28)} ${title}\n`).join('')
  return {
    chosen: chosenOf(values.scenario),
    seed: whole('seed', values.seed, 0, 0xffff_ffff),
    outageS: whole('outage', values.outage, 1, 600),
    json: values.json,
  }
}

function chosenOf(text: string): readonly Scenario[] {
  if (text === 'all') return scenarios
  return text.split(',').map((name) => {
    const found = scenarios.find((scenario) => scenario.name === name)
    if (found === undefined) throw new UsageError(`there is no scenario "${name}": --list names them`)
    return found
  })
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string', default: 'all' },
        seed: { type: 'string', default: '1' },
        outage: { type: 'string', default: '60' },
        json: { type: 'string' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message.split('.')[0]!)
  }
}
