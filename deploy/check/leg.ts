import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { forwardSignals } from '../bootstrap/child.mjs'
import type { Counts } from './counts.ts'
import { killGroup, runningInGroup } from './processGroup.ts'

/** One program that runs tests and says how many ended how. */
export type Leg = {
  name: string
  command: string
  args: readonly string[]
  env?: Record<string, string>
  timeoutMs: number
  /** What it counted, once it has ended; undefined when it left no counts. */
  readCounts: (exitCode: number | null) => Counts | undefined
}

export type LegResult = {
  counts: Counts
  /** What went wrong beside the tests that failed, each counted as a failed test. */
  faults: string[]
}

const leftoverGraceMs = 2_000

/**
 * Runs a leg to its end, or kills it with all that it started when its time is over. A leg fails, whatever it counted,
 * when it ran no test, ended badly with no failed test to show for it, or left processes behind.
 */
export async function runLeg(leg: Leg): Promise<LegResult> {
  const { exitCode, timedOut, leftovers } = await runToEnd(leg)
  const counted = leg.readCounts(exitCode)
  const faults = leftovers.map((command) => `left a process behind: ${command}`)
  if (timedOut) faults.push(`had not ended after ${leg.timeoutMs / 1000} s`)
  else if (counted === undefined) faults.push(`crashed with exit code ${exitCode}`)
  else if (counted.passed + counted.failed + counted.skipped === 0) faults.push('ran no test')
  else if (exitCode !== 0 && counted.failed === 0) faults.push(`ended with exit code ${exitCode}`)
  const counts = counted ?? { passed: 0, failed: 0, skipped: 0 }
  return { counts: { ...counts, failed: counts.failed + faults.length }, faults }
}

async function runToEnd(leg: Leg): Promise<{ exitCode: number | null; timedOut: boolean; leftovers: string[] }> {
  const child = spawn(leg.command, leg.args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...leg.env },
    detached: true,
  })
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
    child.once('error', () => resolve(null))
  })
  const group = child.pid
  if (group === undefined) return { exitCode: await ended, timedOut: false, leftovers: [] }
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    killGroup(group)
  }, leg.timeoutMs)
  const stopForwarding = forwardSignals((signal) => killGroup(group, signal))
  const exitCode = await ended
  clearTimeout(timer)
  stopForwarding()
  return { exitCode, timedOut, leftovers: await endGroup(group) }
}

/** Commands that outlive their leg by more than the moment that ending takes; none of them does after this. */
async function endGroup(group: number): Promise<string[]> {
  const deadlineMs = performance.now() + leftoverGraceMs
  while (runningInGroup(group).length > 0 && performance.now() < deadlineMs) await sleep(50)
  const leftovers = runningInGroup(group).map(({ command }) => command)
  killGroup(group)
  return leftovers
}
