import type { PlayResult } from './play.ts'

/**
 * What a play's payments came to. `per_second` counts those that were completed, `answered_per_second` the refused ones
 * as well; latency is of those two, and absent where nothing was answered.
 */
export function playFigures(result: PlayResult): Record<string, number> {
  const [completed, refused, unknown] = (['completed', 'refused', 'unknown'] as const).map((kind) => {
    return result.paid.filter(({ ending }) => ending.kind === kind).length
  }) as [number, number, number]
  const latency = (percentile: number): number => result.latency.percentile(percentile) / 1_000
  return {
    'payments.completed': completed,
    'payments.refused': refused,
    'payments.unknown': unknown,
    'payments.per_second': Math.round(completed / result.seconds),
    'payments.answered_per_second': Math.round((completed + refused) / result.seconds),
    ...(result.latency.count === 0 ? {} : { 'latency.p50_ms': latency(50), 'latency.p99_ms': latency(99) }),
  }
}
