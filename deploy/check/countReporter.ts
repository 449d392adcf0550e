import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'
import type { Counts } from './counts.ts'

/** Vitest reporter that writes the counts of a run as JSON into the file that `JIAOZI_COUNTS_FILE` names. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const file = process.env.JIAOZI_COUNTS_FILE
    if (!file) throw new Error('JIAOZI_COUNTS_FILE must name the file that takes the counts')
    writeFileSync(file, JSON.stringify(countsOf(modules, unhandledErrors.length)))
  }
}

/**
 * Vitest's own totals leave out what went wrong around the tests: a file that did not load, a hook of a suite that
 * threw, an error that nobody caught. Each of these counts as one failed test.
 */
function countsOf(modules: readonly TestModule[], unhandledErrorCount: number): Counts {
  const counts = { passed: 0, failed: unhandledErrorCount, skipped: 0 }
  for (const module of modules) {
    if (module.errors().length > 0) counts.failed++
    for (const suite of module.children.allSuites()) if (suite.errors().length > 0) counts.failed++
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      // A test that was collected and never finished is one that the run lost.
      counts[state === 'pending' ? 'failed' : state]++
    }
  }
  return counts
}
