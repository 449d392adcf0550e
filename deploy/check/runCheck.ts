import { spawn } from 'node:child_process'
import { forwardSignals } from '../bootstrap/child.mjs'
import { killGroup } from './processGroup.ts'

/** One program that looks at the repository and ends with 0 when it finds nothing wrong. */
export type Check = {
  name: string
  command: string
  args: readonly string[]
  cwd: string
  timeoutMs: number
}

export type CheckResult = { state: 'passed' | 'failed'; output: string; tookMs: number }

/** Runs a check to its end, or kills it with all that it started when its time is over. */
export async function runCheck({ command, args, cwd, timeoutMs }: Check): Promise<CheckResult> {
  const beganMs = performance.now()
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve)
    child.once('error', (error) => {
      output += `cannot be started: ${error.message}\n`
      resolve(null)
    })
  })
  const group = child.pid
  const stop = (signal?: NodeJS.Signals): void => {
    if (group !== undefined) killGroup(group, signal)
  }
  const timer = setTimeout(() => {
    output += `had not ended after ${timeoutMs / 1000} s\n`
    stop()
  }, timeoutMs)
  const stopForwarding = forwardSignals(stop)
  const exitCode = await ended
  clearTimeout(timer)
  stopForwarding()
  return { state: exitCode === 0 ? 'passed' : 'failed', output, tookMs: performance.now() - beganMs }
}
