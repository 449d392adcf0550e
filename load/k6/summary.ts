/** What k6 hands to handleSummary, as far as it is read here. */
export type SummaryData = {
  readonly metrics: Readonly<
    Record<
      string,
      {
        readonly values: Readonly<Record<string, number>>
        readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>
      }
    >
  >
  readonly state: { readonly testRunDurationMs: number }
}

const trendFigures = { med: 'p50_ms', 'p(99)': 'p99_ms', 'p(99.9)': 'p999_ms', max: 'max_ms' } as const

/**
 * A run as the report that all our commands write, and as lines for the terminal. Machine and commit are those of
 * where k6 ran, which k6 cannot tell.
 * @param file where the report goes, if anywhere
 */
export function summaryOf(profile: string, { metrics, state }: SummaryData, file?: string): Record<string, string> {
  const figures: Record<string, number> = { 'run.seconds': state.testRunDurationMs / 1_000 }
  const count = (figure: string, metric: string): void => {
    const value = metrics[metric]?.values.count
    if (value !== undefined) figures[figure] = value
  }
  count('requests.sent', 'http_reqs')
  count('iterations.count', 'iterations')
  figures['iterations.dropped'] = metrics.dropped_iterations?.values.count ?? 0
  const checks = metrics.checks?.values.rate
  if (checks !== undefined) figures['checks.rate'] = checks
  for (const [name, metric] of [
    ['payments', 'payment_ms'],
    ['reads', 'read_ms'],
  ] as const) {
    for (const [key, suffix] of Object.entries(trendFigures)) {
      const value = metrics[metric]?.values[key]
      if (value !== undefined) figures[`${name}.${suffix}`] = value
    }
  }
  const rows = Object.entries(metrics).flatMap(([metric, { thresholds }]) =>
    Object.entries(thresholds ?? {}).map(([threshold, { ok }]) => ({ name: `${metric} ${threshold}`, holds: ok })),
  )
  // A run without one measured payment shows nothing.
  const measured = (metrics.payment_ms?.values.max ?? 0) > 0
  const verdict = rows.some(({ holds }) => !holds) ? 'fail' : measured && rows.length > 0 ? 'pass' : 'unknown'
  const notes = ['k6 counts latency from when a user began: one that could not begin in time is a dropped iteration']
  const report = { name: `k6.${profile}`, when: new Date().toISOString(), verdict, figures, rows, notes }
  const lines = [
    ...Object.entries(figures).map(([name, value]) => `${name.padEnd(24)} ${value}`),
    ...rows.map(({ name, holds }) => `${holds ? 'holds' : 'FAILS'}  ${name}`),
    `k6.${profile}: ${verdict}`,
  ]
  return {
    stdout: `${lines.join('\n')}\n`,
    ...(file ? { [file]: `${JSON.stringify(report, null, 2)}\n` } : {}),
  }
}
