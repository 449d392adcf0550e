/** How many tests ended how. Whatever should have run and could not, a file that does not load included, is `failed`. */
export type Counts = { passed: number; failed: number; skipped: number }

export const noTests: Counts = { passed: 0, failed: 0, skipped: 0 }

export function addCounts(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

export function describeCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

/** The one line that programs read: the last of `npm test` and of `.ci/run`, and printed nowhere else. */
export function closingLine(counts: Counts): string {
  return `Tests: ${describeCounts(counts)}`
}

/** Nothing failed, and something passed: a run in which no test ran proves nothing. */
export function isGreen(counts: Counts): boolean {
  return counts.failed === 0 && counts.passed > 0
}
