import { plannedChecks } from './checks.ts'
import { runCheck } from './runCheck.ts'

/** `npm run check`: runs every check, one line for each, and shows what those that fail have said. */
async function main(): Promise<boolean> {
  const failures: { name: string; output: string }[] = []
  for (const check of plannedChecks()) {
    if ('reason' in check) {
      process.stdout.write(`skipped  ${check.name}: ${check.reason}\n`)
      continue
    }
    const { state, output, tookMs } = await runCheck(check)
    process.stdout.write(`${state}   ${check.name} (${(tookMs / 1000).toFixed(1)} s)\n`)
    if (state === 'failed') failures.push({ name: check.name, output })
  }
  for (const { name, output } of failures) process.stdout.write(`\n== ${name}\n${output.trimEnd()}\n`)
  process.stdout.write(failures.length === 0 ? 'every check passed\n' : `\n${failures.length} checks failed\n`)
  return failures.length === 0
}

process.exitCode = (await main()) ? 0 : 1
