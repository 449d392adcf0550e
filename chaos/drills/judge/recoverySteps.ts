import type { Moment } from '../watch/timeline.ts'

/** The parts of a recovery, in milliseconds. A part of which nothing was seen is absent. */
export type RecoverySteps = { detectMs?: number; decideMs?: number; fenceMs?: number; serveMs?: number }

/**
 * Splits the time from a fault to the service's return: until our own alert said so, until the word was given, until the
 * shard's record had its new epoch, until the last client was served again. A moment that was not seen, or that comes
 * after the service was back, leaves its part to the next.
 */
export function recoverySteps(moments: ReadonlyMap<Moment, number>, servedMs: number): RecoverySteps {
  const steps: RecoverySteps = {}
  let lastMs = moments.get('injected') ?? moments.get('decided')
  if (lastMs === undefined) return steps
  for (const [moment, part] of [
    ['detected', 'detectMs'],
    ['decided', 'decideMs'],
    ['fenced', 'fenceMs'],
  ] as const) {
    const atMs = moments.get(moment)
    if (atMs === undefined || atMs > servedMs || atMs <= lastMs) continue
    steps[part] = Math.round(atMs - lastMs)
    lastMs = atMs
  }
  steps.serveMs = Math.round(servedMs - lastMs)
  return steps
}
