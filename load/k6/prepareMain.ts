import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { profileName, UsageError, whole } from '../generator/loadOptions.ts'
import { runningRegions } from '../generator/runningRegions.ts'
import { requestMaker } from '../profiles/preparedRequests.ts'
import { type Profile, profiles } from '../profiles/profiles.ts'
import { institutionOf, openProfileWallets } from '../profiles/profileWallets.ts'
import { dueTimesMs, requestCount } from '../profiles/schedule.ts'
import type { Prepared } from './prepared.ts'

const requestsMax = 1_000_000
/** Signing takes about this long; the run begins so much after it. */
const signaturesPerSecond = 5_000
const usage = `Usage: npm run load:prepare -- --profile NAME [options]

Opens wallets in a running region, or in two, and writes signed requests for k6, which signs nothing itself.

${Object.values(profiles)
  .map(({ name, what }) => `  ${name.padEnd(14)} ${what}`)
  .join('\n')}

  --rate N          requests a second (default 200)
  --duration N      seconds (default 60); rate × duration is at most ${requestsMax.toLocaleString('en')}
  --wallets N       wallets to open (default 256)
  --starts-in N     seconds from the last signature until the run begins: ids and signatures carry the time at which
                    they are due (default 30)
  --seed N          what is paid by whom (default 1)
  --data DIR        data folder of the region, and of both for cross-region (default .data)
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
  const count = requestCount(profile, ratePerSecond, seconds)
  if (count > requestsMax) {
    throw new UsageError(`--rate × --duration is ${count} requests, above ${requestsMax}: prepare several runs`)
  }
  const walletCount = whole('wallets', values.wallets, 2, 100_000)
  const startsInS = whole('starts-in', values['starts-in'], 0, 3_600)
  const seed = whole('seed', values.seed, 0, 2 ** 31)
  const regions = runningRegions(values.data, profile)
  if (regions === undefined) {
    const start = profile.betweenRegions ? 'two with npm start -- --regions 2' : 'one with npm start'
    throw new UsageError(`no region runs on ${values.data}: start ${start}, or name its folder with --data`)
  }
  const institution = institutionOf(regions[0])
  const wallets = await openProfileWallets(regions, walletCount, say)
  const dueMs = dueTimesMs(profile, ratePerSecond, seconds)
  const startsAtMs = Date.now() + (count / signaturesPerSecond + startsInS) * 1_000
  const edgeUrls = regions.map(({ edgeUrl }) => edgeUrl)
  const makers = edgeUrls.map((edgeUrl, n) =>
    requestMaker({ profile, wallets, institution, edgeUrl, startsAtMs, seed: seed + n }),
  )
  const requests = Array.from(dueMs, (due, n) => makers[n % makers.length]!(due))
  const out = resolve(values.out ?? `load/k6/prepared/${name}.json`)
  mkdirSync(dirname(out), { recursive: true })
  const prepared: Prepared = { profile: name, edgeUrls, ratePerSecond, seconds, startsAtMs, requests }
  writeFileSync(out, JSON.stringify(prepared))
  if (tty) process.stdout.write('\r\x1b[2K')
  console.log(`${requests.length} requests for ${new Date(startsAtMs).toISOString()} in ${out}`)
  console.log(`k6 must trust ${regions[0].caFile}: SSL_CERT_FILE`)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (tty) process.stdout.write('\r\x1b[2K')
  process.stderr.write(`load:prepare: ${error instanceof Error ? error.message : error}\n`)
  process.exit(error instanceof UsageError ? 2 : 1)
}
process.exit(0)
