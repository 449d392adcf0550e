import { parseArgs } from 'node:util'
import { type ProfileName, profiles } from '../profiles/profiles.ts'
import { requestCount } from '../profiles/schedule.ts'

export type LoadOptions = {
  readonly profile: ProfileName
  readonly ratePerSecond: number
  readonly seconds: number
  readonly wallets: number
  readonly connections: number
  readonly data: string
  readonly json: string | undefined
  readonly seed: number
}

/** When each is due is fixed beforehand, and held in memory. */
const requestsMax = 50_000_000

export const usage = `Usage: npm run load -- --profile NAME [options]

Sends signed requests to a region, or to two, at a rate that does not depend on the answers, counts the latency of each
from when it was due, and ends with 0 only if every gate of the profile holds.

${Object.values(profiles)
  .map(({ name, what }) => `  ${name.padEnd(14)} ${what}`)
  .join('\n')}

  --rate N          requests a second (default 200)
  --duration N      seconds (default 60); at most ${requestsMax.toLocaleString('en')} requests in all
  --wallets N       wallets to open for the run (default 256)
  --connections N   connections to all edges, and so requests on their way, at most (default 256)
  --seed N          what is paid by whom (default 1)
  --data DIR        data folder of a region that runs, and of both for cross-region (default .data; what it needs is
                    started for it when nothing runs there)
  --json FILE       writes the report
`

/** What a person typed is wrong: one line, no stack. */
export class UsageError extends Error {}

/** @returns undefined when help was asked for. @throws UsageError that names what is wrong */
export function parseLoadOptions(args: readonly string[]): LoadOptions | undefined {
  const option = (fallback: string) => ({ type: 'string', default: fallback }) as const
  const read = () =>
    parseArgs({
      args: [...args],
      options: {
        profile: { type: 'string' },
        rate: option('200'),
        duration: option('60'),
        wallets: option('256'),
        connections: option('256'),
        seed: option('1'),
        data: option('.data'),
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values
  let values: ReturnType<typeof read>
  try {
    values = read()
  } catch (error) {
    throw new UsageError((error as Error).message.split('.')[0]!)
  }
  if (values.help) return undefined
  const profile = profileName(values.profile)
  const ratePerSecond = whole('rate', values.rate, 1, 1_000_000)
  const seconds = whole('duration', values.duration, 1, 7 * 86_400)
  const count = requestCount(profiles[profile], ratePerSecond, seconds)
  if (count > requestsMax) {
    throw new UsageError(
      `--rate × --duration is ${count} requests, above ${requestsMax}: run several, one after the other`,
    )
  }
  return {
    profile,
    ratePerSecond,
    seconds,
    wallets: whole('wallets', values.wallets, 2, 100_000),
    connections: whole('connections', values.connections, 1, 10_000),
    seed: whole('seed', values.seed, 0, 2 ** 31),
    data: values.data,
    json: values.json,
  }
}

export function profileName(text: string | undefined): ProfileName {
  const names = Object.keys(profiles).join(', ')
  if (text === undefined) throw new UsageError(`--profile is missing: one of ${names}`)
  if (!Object.hasOwn(profiles, text)) throw new UsageError(`there is no profile "${text}": one of ${names}`)
  return text as ProfileName
}

export function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new UsageError(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`)
}
