import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { childPlan, type RegionPlan, restoredPlan } from './plan.ts'

const run = promisify(execFile)
const timeoutMs = 120_000

/** Lets the logs of a folder that was restored from a backup go on where the backup ended. Other folders stay as they are. */
export async function beginRestored(plan: RegionPlan): Promise<void> {
  if (!existsSync(join(plan.options.data, 'restored.json'))) return
  const { command, args, env } = childPlan(plan, restoredPlan(plan))
  try {
    await run(command, [...args], { env: { ...process.env, ...env }, timeout: timeoutMs })
  } catch (error) {
    throw new Error(`restored folder: ${String((error as { stderr?: string }).stderr ?? error).trim()}`)
  }
}
