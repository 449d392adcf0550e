import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureNatsServer } from '../natsServer.ts'
import { addCounts, closingLine, describeCounts, isGreen, noTests } from './counts.ts'
import { type LegResult, runLeg } from './leg.ts'
import { plannedLegs, type SkippedLeg } from './legs.ts'

/**
 * `npm test`: prepares what the suites need, runs every leg, and ends with the closing line. Arguments that are paths
 * narrow it down; options go to Vitest.
 */
async function main(args: string[]): Promise<boolean> {
  const countsFolder = mkdtempSync(join(tmpdir(), 'jiaozi-test-'))
  let total = noTests
  const summary: string[] = []
  const add = (name: string, { counts, faults }: LegResult): void => {
    total = addCounts(total, counts)
    summary.push([`${name}: ${describeCounts(counts)}`, ...faults.map((fault) => `  ${fault}`)].join('\n'))
  }
  let interrupted = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => (interrupted = true))
  try {
    const missing = await prepareNatsServer()
    if (missing) add('nats-server', missing)
    for (const leg of plannedLegs(args, countsFolder)) {
      if (interrupted) {
        add(leg.name, { counts: { ...noTests, failed: 1 }, faults: ['interrupted'] })
        continue
      }
      process.stdout.write(`\n== ${leg.name}\n`)
      add(leg.name, 'reason' in leg ? skipped(leg) : await runLeg(leg))
    }
  } finally {
    rmSync(countsFolder, { recursive: true, force: true })
  }
  process.stdout.write(`\n${summary.join('\n')}\n${closingLine(total)}\n`)
  return isGreen(total)
}

function skipped(leg: SkippedLeg): LegResult {
  process.stdout.write(`skipped: ${leg.reason}\n`)
  return { counts: { passed: 0, failed: 0, skipped: 1 }, faults: [] }
}

/**
 * The suites that talk to a real server take it from the environment. A machine without Go and without a server skips
 * them with the reason; CI must have one.
 */
async function prepareNatsServer(): Promise<LegResult | undefined> {
  try {
    const { path, version } = await ensureNatsServer({ log: (line) => process.stdout.write(`${line}\n`) })
    process.env.NATS_SERVER = path
    process.stdout.write(`nats-server ${version}\n`)
    return undefined
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    process.env.JIAOZI_SKIP_NATS = reason
    process.stdout.write(`no nats-server: ${reason}\n`)
    return process.env.CI === 'true' ? { counts: { ...noTests, failed: 1 }, faults: [reason] } : undefined
  }
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1
