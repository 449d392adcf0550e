import { type Payment, waitedMs } from '../traffic/payment.ts'

/** From one fault to the next, if there was another, or to the end. */
export type Window = { readonly fromMs: number; readonly untilMs: number; readonly nextFaultMs?: number | undefined }

/** One shard's outage as its probe saw it. */
export type Outage = {
  readonly shard: number
  /** The first probe that waited too long was sent then; absent when none did. */
  readonly beganMs?: number
  /** The last of them was answered then. */
  readonly servedMs: number
  /** From the given moment to there. Without an outage: the longest that any probe waited. */
  readonly recoveryMs: number
  readonly lateProbes: number
}

/**
 * How long each shard was away after a moment, as its own clients saw it: up to the answer of the last probe that waited
 * longer than `lateMs`. A probe that was never answered means that the shard never came back. What waits when the next
 * fault comes counts here up to there: from there on it is the next one's.
 */
export function outagesAfter(payments: readonly Payment[], window: Window, lateMs: number): Outage[] {
  const probes = payments.filter(({ probe, sentAtMs }) => probe && sentAtMs <= window.untilMs)
  const byShard = Map.groupBy(probes, ({ payerShard }) => payerShard)
  return [...byShard].toSorted(([a], [b]) => a - b).map(([shard, all]) => outageOf(shard, all, window, lateMs))
}

/** A shard is served again once its probes were in time for this long; what is late after that is another outage. */
const sustainedMs = 3_000

function outageOf(shard: number, probes: readonly Payment[], window: Window, lateMs: number): Outage {
  const { fromMs, nextFaultMs = Number.POSITIVE_INFINITY } = window
  // What was on its way in that moment counts from it; what had been answered by then tells nothing.
  const waits = probes
    .map((probe) => ({
      sentMs: Math.max(probe.sentAtMs, fromMs),
      answeredMs: Math.min(answeredMs(probe), nextFaultMs),
    }))
    .filter(({ answeredMs }) => answeredMs >= fromMs)
    .toSorted((a, b) => a.sentMs - b.sentMs)
  const late = waits.filter((wait) => wait.answeredMs - wait.sentMs > lateMs)
  let servedMs = fromMs
  let lateProbes = 0
  for (const wait of late) {
    if (wait.sentMs > servedMs + sustainedMs) break
    servedMs = Math.max(servedMs, wait.answeredMs)
    lateProbes += 1
  }
  if (lateProbes === 0) {
    const recoveryMs = Math.max(0, ...waits.map((wait) => wait.answeredMs - wait.sentMs))
    return { shard, servedMs: fromMs + recoveryMs, recoveryMs, lateProbes }
  }
  return { shard, beganMs: late[0]!.sentMs, servedMs, recoveryMs: servedMs - fromMs, lateProbes }
}

const answeredMs = (probe: Payment): number => probe.sentAtMs + (waitedMs(probe) ?? Number.POSITIVE_INFINITY)

/** The wait that a share of the answered payments did not exceed, sent within a stretch of time. */
export function percentileMs(
  payments: readonly Payment[],
  window: { readonly fromMs: number; readonly untilMs: number },
  share: number,
): number | undefined {
  const waits = payments
    .filter(({ sentAtMs }) => sentAtMs >= window.fromMs && sentAtMs <= window.untilMs)
    .flatMap((payment) => waitedMs(payment) ?? [])
    .toSorted((a, b) => a - b)
  return waits[Math.min(waits.length - 1, Math.floor(waits.length * share))]
}
