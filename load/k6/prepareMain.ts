import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { profileName, UsageError, whole } from '../generator/loadOptions.ts'
import { requestMaker } from '../profiles/preparedRequests.ts'
import { type Profile, profiles } from '../profiles/profiles.ts'
import { institutionOf, openProfileWallets } from '../profiles/profileWallets.ts'
import { dueTimesMs } from '../profiles/schedule.ts'
import { useRegion } from '../region.ts'
import type { Prepared } from './prepared.ts'

const requestsMax = 1_000_000
const usage = `Usage: npm run load:prepare -- --profile NAME [options]

Opens wallets in a running region and writes signed requests for k6, which signs nothing itself.

  --rate N          requests a second (default 200)
  --duration N      seconds (default 60); rate × duration is at most ${requestsMax.toLocaleString('en')}
  --wallets N       wallets to open (default 256)
  --starts-in N     seconds until the run begins: ids and signatures carry the time at which they are due (default 30)
  --seed N          what is paid by whom (default 1)
  --data DIR        data folder of the region (default .data)
  --out FILE        default load/k6/prepared/NAME.json
`

const tty = process.stdout.isTTY
const say = (line: string): void => {
  if (tty) process.stdout.write(`\r\x1b[2K  ${line}`)
}

function readOptions(args: readonly string[]) {
  const option = (fallback: string) => ({ type: 'string', default: fallback }) as const
  try {
    return parseArgs({
      args: [...args],
      options: {
        profile: { type: 'string' },
        rate: option('200'),
        duration: option('60'),
        wallets: option('256'),
        'starts-in': option('30'),
        seed: option('1'),
        data: option('.data'),
        out: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new UsageError((error as Error).message.split('.')[0]!)
  }
}

async function main(args: readonly string[]): Promise<void> {
  const values = readOptions(args)
  if (values.help) {
    process.stdout.write(usage)
    return
  }
  const name = profileName(values.profile)
  const profile: Profile = profiles[name]
  const ratePerSecond = whole('rate', values.rate, 1, 100_000)
  const seconds = whole('duration', values.duration, 1, 7 * 86_400)
  const dueMs = dueTimesMs(profile, ratePerSecond, seconds)
  if (dueMs.length > requestsMax) {
    throw new UsageError(`--rate × --duration is ${dueMs.length} requests, above ${requestsMax}: prepare several runs`)
  }
  if (!existsSync(join(values.data, 'run/region.json'))) {
    throw new UsageError(`no region runs on ${values.data}: start one with npm start, or name its folder with --data`)
  }
  const facts = (await useRegion(values.data)).facts()
  const institution = institutionOf(facts)
  const wallets = await openProfileWallets(facts, whole('wallets', values.wallets, 2, 100_000), say)
  const startsAtMs = Date.now() + whole('starts-in', values['starts-in'], 0, 3_600) * 1_000
  const { edgeUrl } = facts
  const make = requestMaker({
    profile,
    wallets,
    institution,
    edgeUrl,
    startsAtMs,
    seed: whole('seed', values.seed, 0, 2 ** 31),
  })
  const requests = Array.from(dueMs, (due) => make(due))
  const out = resolve(values.out ?? `load/k6/prepared/${name}.json`)
  mkdirSync(dirname(out), { recursive: true })
  const prepared: Prepared = { profile: name, edgeUrl, ratePerSecond, seconds, startsAtMs, requests }
  writeFileSync(out, JSON.stringify(prepared))
  if (tty) process.stdout.write('\r\x1b[2K')
  console.log(`${requests.length} requests for ${new Date(startsAtMs).toISOString()} in ${out}`)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (tty) process.stdout.write('\r\x1b[2K')
  process.stderr.write(`load:prepare: ${error instanceof Error ? error.message : error}\n`)
  process.exit(error instanceof UsageError ? 2 : 1)
}
process.exit(0)
