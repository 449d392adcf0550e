import type { Profile } from './profiles.ts'

/** When each request of a run is due, in ms from its beginning: fixed before it begins, whatever the answers do. */
export function dueTimesMs({ stages }: Pick<Profile, 'stages'>, ratePerSecond: number, seconds: number): Float64Array {
  const whole = { durationShare: 1, rateShare: 1 }
  const pieces = stages.length === 0 ? [whole] : stages
  const due: number[] = []
  let [beganMs, before, sentBefore] = [0, stages.length === 0 ? ratePerSecond : 0, 0]
  for (const { durationShare, rateShare } of pieces) {
    const pieceSeconds = durationShare * seconds
    const after = rateShare * ratePerSecond
    const sentAfter = sentBefore + ((before + after) / 2) * pieceSeconds
    // Request n is due when n requests should have been sent: the root of a straight rate's integral.
    for (let n = due.length; n < sentAfter - 1e-9; n++) {
      due.push(beganMs + secondsUntil(n - sentBefore, before, (after - before) / pieceSeconds) * 1_000)
    }
    ;[beganMs, before, sentBefore] = [beganMs + pieceSeconds * 1_000, after, sentAfter]
  }
  return Float64Array.from(due)
}

/** Solves rate·t + slope·t²/2 = count. */
function secondsUntil(count: number, rate: number, slope: number): number {
  if (count <= 0) return 0
  return (2 * count) / (rate + Math.sqrt(Math.max(0, rate * rate + 2 * slope * count)))
}
