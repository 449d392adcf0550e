import type { Profile, Stage } from './profiles.ts'

/** A profile's rate as shares of the whole, also where it is one rate from beginning to end. */
export function curveOf({ stages }: Pick<Profile, 'stages'>): { startShare: number; stages: readonly Stage[] } {
  if (stages.length > 0) return { startShare: 0, stages }
  return { startShare: 1, stages: [{ durationShare: 1, rateShare: 1 }] }
}

/** How many requests are due in a run: what lies under its curve. */
export function requestCount(profile: Pick<Profile, 'stages'>, ratePerSecond: number, seconds: number): number {
  const { startShare, stages } = curveOf(profile)
  let [before, sent] = [startShare, 0]
  for (const { durationShare, rateShare } of stages) {
    sent += ((before + rateShare) / 2) * ratePerSecond * durationShare * seconds
    before = rateShare
  }
  return Math.ceil(sent - 1e-9)
}

/** When each request of a run is due, in ms from its beginning: fixed before it begins, whatever the answers do. */
export function dueTimesMs(profile: Pick<Profile, 'stages'>, ratePerSecond: number, seconds: number): Float64Array {
  const { startShare, stages } = curveOf(profile)
  const due: number[] = []
  let [beganMs, before, sentBefore] = [0, startShare * ratePerSecond, 0]
  for (const { durationShare, rateShare } of stages) {
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
