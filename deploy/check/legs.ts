import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Counts } from './counts.ts'
import type { Leg } from './leg.ts'

export type SkippedLeg = { name: string; reason: string }

const root = join(import.meta.dirname, '../..')
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const deno = join(root, 'node_modules/.bin/deno')
const reporter = join(import.meta.dirname, 'countReporter.ts')
const simulator = join(root, 'actors/sim/main.ts')
const simulatedSeeds = 200

/**
 * What must give the same bytes on both runtimes, the client that promises to run on both, and threads that share memory.
 * Vitest takes a path for the beginning of a name: `edge/client` alone would be its neighbours too.
 */
const denoRooms = ['actors/ledger/', 'actors/log/', 'edge/client/', 'edge/auth/verify']

/**
 * The legs of a test run in their order. All of it takes ten minutes on two idle cores; the limits end what
 * hangs, and leave room for a machine that does other things too.
 * @param args paths that narrow the run down, and options for Vitest
 * @param countsFolder where each leg leaves its counts
 */
export function plannedLegs(args: readonly string[], countsFolder: string): (Leg | SkippedLeg)[] {
  const paths = args.filter((arg) => !arg.startsWith('-'))
  const legs: (Leg | SkippedLeg)[] = [vitestLeg('node', process.execPath, [], args, 1_500_000, countsFolder)]
  const options = args.filter((arg) => arg.startsWith('-'))
  const denoPaths =
    paths.length === 0 ? denoRooms : paths.filter((path) => denoRooms.some((room) => isUnder(path, room)))
  if (denoPaths.length > 0) {
    legs.push(vitestLeg('deno', deno, ['run', '-A'], [...denoPaths, ...options], 400_000, countsFolder))
  }
  if (args.length === 0) legs.push(simulatorLeg(countsFolder))
  return legs
}

function isUnder(path: string, room: string): boolean {
  return `${path.replace(/^\.\//, '')}/`.startsWith(room)
}

function vitestLeg(
  runtime: string,
  command: string,
  runtimeArgs: readonly string[],
  args: readonly string[],
  timeoutMs: number,
  countsFolder: string,
): Leg {
  const countsFile = join(countsFolder, `${runtime}.json`)
  return {
    name: `vitest on ${runtime}`,
    command,
    args: [...runtimeArgs, vitest, 'run', '--root', root, '--reporter=default', `--reporter=${reporter}`, ...args],
    env: { JIAOZI_COUNTS_FILE: countsFile, ...(process.stdout.isTTY ? {} : { NO_COLOR: '1' }) },
    timeoutMs,
    readCounts: () => readJson(countsFile) as Counts | undefined,
  }
}

/** One seed is one test: the report's figures say how many held. */
function simulatorLeg(countsFolder: string): Leg | SkippedLeg {
  const name = `simulation of ${simulatedSeeds} seeds`
  if (!existsSync(simulator)) return { name, reason: 'actors/sim/main.ts is not there' }
  const reportFile = join(countsFolder, 'sim.json')
  return {
    name,
    command: process.execPath,
    args: [simulator, '--seeds', String(simulatedSeeds), '--json', reportFile],
    timeoutMs: 90_000,
    readCounts: () => countsOfReport(readJson(reportFile)),
  }
}

function countsOfReport(report: unknown): Counts | undefined {
  if (report === undefined) return undefined
  const { verdict, figures } = report as { verdict: string; figures: Record<string, number> }
  const [passed, failed] = [figures['seeds.passed'], figures['seeds.failed']]
  if (passed === undefined || failed === undefined) {
    return verdict === 'pass' ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }
  }
  return { passed, failed, skipped: 0 }
}

function readJson(file: string): unknown {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}
