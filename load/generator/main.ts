import { readFileSync } from 'node:fs'
import { makeReport, writeReport } from '../../actors/log/report.ts'
import { endWith, stopOnInterruption, stoppedOnInterruption } from '../bench/interruption.ts'
import { requestMaker } from '../profiles/preparedRequests.ts'
import { type Profile, profiles, warmUpMs } from '../profiles/profiles.ts'
import { institutionOf, openProfileWallets } from '../profiles/profileWallets.ts'
import { dueTimesMs } from '../profiles/schedule.ts'
import { startRegion } from '../region.ts'
import { whyNotWritable } from '../reportFile.ts'
import { type Gate, gatesOf } from './gates.ts'
import { type LoadOptions, parseLoadOptions, UsageError, usage } from './loadOptions.ts'
import type { OpenLoopResult } from './openLoop.ts'
import { runningRegions } from './runningRegions.ts'
import { sendThrough } from './sendThrough.ts'

const signedAheadMax = 200_000
/** Signing takes about this long; ids are made for when it is over. */
const signaturesPerSecond = 10_000
const tty = process.stdout.isTTY
const progressEvery = 500

const say = (line: string): void => {
  if (tty) process.stdout.write(`\r\x1b[2K  ${line}`)
}

async function load(options: LoadOptions): Promise<OpenLoopResult> {
  const profile: Profile = profiles[options.profile]
  const running = runningRegions(options.data, profile)
  const start = () => startRegion(profile.betweenRegions ? ['--regions', '2'] : [])
  const own = running === undefined ? await stoppedOnInterruption(start) : undefined
  try {
    const regions = running ?? runningRegions(own!.dataDir, profile)!
    const institution = institutionOf(regions[0])
    const wallets = await openProfileWallets(regions, options.wallets, say)
    const dueMs = dueTimesMs(profile, options.ratePerSecond, options.seconds)
    const ahead = Math.min(dueMs.length, signedAheadMax)
    const startsAtMs = Date.now() + (ahead / signaturesPerSecond) * 1_000
    const edges = regions.map(({ edgeUrl, caFile }, n) => {
      const seed = options.seed + n
      const make = requestMaker({ profile, wallets, institution, edgeUrl, startsAtMs, seed })
      return { url: edgeUrl, ca: readFileSync(caFile), make }
    })
    say(`signing ${ahead} requests`)
    let answered = 0
    return await sendThrough(edges, {
      dueMs,
      signedAheadMax,
      connectionsMax: options.connections,
      warmUpMs,
      onProgress: () => {
        if (++answered % progressEvery === 0) say(`${answered}/${dueMs.length} answered`)
      },
    })
  } finally {
    await own?.stop()
  }
}

function figuresOf(result: OpenLoopResult, seconds: number): Record<string, number> {
  const { due, dropped, right, asks, payments, reads, lateness, cpuSeconds } = result
  const figures: Record<string, number> = {
    'requests.due': due,
    'requests.dropped': dropped,
    'requests.right': right,
    'requests.asked_again': asks,
    'requests.per_second': Math.round(right / Math.max(seconds, result.seconds)),
    'generator.cpu_us_per_request': Math.round((cpuSeconds * 1e6) / Math.max(1, due)),
  }
  for (const [name, histogram] of Object.entries({ payments, reads, lateness })) {
    if (histogram.count === 0) continue
    for (const [suffix, percentile] of [
      ['p50', 50],
      ['p99', 99],
      ['p999', 99.9],
    ] as const) {
      figures[`${name}.${suffix}_ms`] = Math.round(histogram.percentile(percentile)) / 1_000
    }
    figures[`${name}.max_ms`] = Math.round(histogram.max) / 1_000
  }
  return figures
}

function printResult(figures: Record<string, number>, gates: readonly Gate[], notes: readonly string[]): void {
  if (tty) process.stdout.write('\r\x1b[2K')
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(32)} ${value.toLocaleString('en')}`)
  for (const { name, holds, value, bound } of gates) {
    console.log(`${holds ? 'holds ' : 'FAILS '} ${name.padEnd(16)} ${value.padEnd(14)} ${bound}`)
  }
  for (const note of notes) console.log(`  ${note}`)
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseLoadOptions(args)
  if (options === undefined) {
    process.stdout.write(usage)
    return 0
  }
  const unwritable = options.json === undefined ? undefined : whyNotWritable(options.json)
  if (unwritable !== undefined) throw new UsageError(unwritable)
  stopOnInterruption('load')
  const result = await load(options)
  const gates = gatesOf(profiles[options.profile], result)
  const figures = figuresOf(result, options.seconds)
  const notes = [
    `${options.profile}: ${options.ratePerSecond} requests a second for ${options.seconds} s, the first ${warmUpMs / 1_000} s not measured`,
    'open loop: latency runs from when a request was due to its final answer, its waiting for a connection included',
    ...[...result.wrong].map(([what, count]) => `wrong answer: ${what}, ${count} times`),
  ]
  printResult(figures, gates, notes)
  const passed = gates.every(({ holds }) => holds)
  if (options.json !== undefined) {
    const rows = gates.map((gate) => ({ ...gate }))
    const found = { verdict: passed ? 'pass' : 'fail', figures, rows, notes } as const
    writeReport(options.json, makeReport(`load.${options.profile}`, { ...options }, found))
  }
  return passed ? 0 : 1
}

try {
  await endWith(await main(process.argv.slice(2)))
} catch (error) {
  const why = error instanceof Error ? error.message : String(error)
  await endWith(error instanceof UsageError ? 2 : 1, `${tty ? '\r\x1b[2K' : ''}load: ${why}\n`)
}
