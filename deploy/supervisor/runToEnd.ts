import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ChildPlan } from './child.ts'

const run = promisify(execFile)

/** Runs a program that ends by itself. @throws Error with its own last word when it fails or takes too long. */
export async function runToEnd(name: string, { command, args, env }: ChildPlan, timeoutMs: number): Promise<void> {
  try {
    await run(command, [...args], { env: { ...process.env, ...env }, timeout: timeoutMs })
  } catch (error) {
    throw new Error(`${name}: ${String((error as { stderr?: string }).stderr ?? error).trim()}`)
  }
}
