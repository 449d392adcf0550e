import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { childPlan, type RegionPlan, restoredPlan } from './plan.ts'
import { runToEnd } from './runToEnd.ts'

const timeoutMs = 120_000

/** Lets the logs of a folder that was restored from a backup go on where the backup ended. Other folders stay as they are. */
export async function beginRestored(plan: RegionPlan): Promise<void> {
  if (!existsSync(join(plan.options.data, 'restored.json'))) return
  await runToEnd('restored folder', childPlan(plan, restoredPlan(plan)), timeoutMs)
}
