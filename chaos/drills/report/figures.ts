import type { Findings } from '../../../actors/log/report.ts'
import type { Offence } from '../judge/setAlgebra.ts'
import type { DrillResult } from '../result.ts'
import { waitedMs } from '../traffic/payment.ts'

const listedMax = 1_000

/** The figures of one drill under its name. What was not measured is absent. */
export function figuresOf(result: DrillResult): Record<string, number> {
  const { name, sets, money, recovery, baseline, seconds } = result
  const figures: Record<string, number | undefined> = {
    acknowledged_lost: sets?.lost.length,
    doubled: sets?.doubled.length,
    contradicted: sets?.contradicted.length,
    unexplained: sets?.unexplained.length,
    unanswered: sets?.unanswered.length,
    answered: sets?.answered,
    acknowledged: sets?.acknowledged,
    refused: sets?.refused,
    difference_fen: money.length === 0 ? undefined : Math.max(...money.map(({ differenceFen }) => differenceFen)),
    possibly_lost: result.possiblyLost.length === 0 ? undefined : result.possiblyLost.length,
    rpo_payments: sets?.lost.length,
    rpo_fen: sets?.lost.reduce((sum, { fen }) => sum + fen, 0),
    rto_ms: finite(recovery?.recoveryMs),
    after_word_ms: finite(recovery?.afterWordMs),
    detect_ms: recovery?.steps.detectMs,
    decide_ms: recovery?.steps.decideMs,
    fence_ms: recovery?.steps.fenceMs,
    serve_ms: finite(recovery?.steps.serveMs),
    longest_wait_ms: longestWaitMs(result),
    baseline_per_second: baseline && Math.round(baseline.perSecond),
    baseline_p50_ms: baseline && rounded(baseline.p50Ms),
    baseline_p99_ms: baseline && rounded(baseline.p99Ms),
    seconds,
    ...result.figures,
  }
  const named = Object.entries(figures).filter((entry): entry is [string, number] => entry[1] !== undefined)
  return Object.fromEntries(named.map(([figure, value]) => [`${name}.${figure}`, value]))
}

const rounded = (ms: number): number => Math.round(ms * 10) / 10

/** Whatever was done, also while all was put back in its place: what no bound of a drill is about. */
function longestWaitMs({ payments, faults }: DrillResult): number | undefined {
  const fromMs = faults[0]?.fromMs
  if (fromMs === undefined) return undefined
  const waits = payments
    .filter(({ probe, sentAtMs }) => probe && sentAtMs >= fromMs)
    .flatMap((one) => waitedMs(one) ?? [])
  return waits.length === 0 ? undefined : Math.round(waits.reduce((longest, waited) => Math.max(longest, waited)))
}

/** A shard that never came back has no time of its return. */
const finite = (ms: number | undefined): number | undefined => (Number.isFinite(ms) ? ms : undefined)

export const recoveryNotes: readonly string[] = [
  'rto_ms: from the fault (a planned move: from the word) to the answer of the last probe that waited longer than late; a probe is a payment within one shard every 50 ms, asked again under its id at the other edge after silence',
  'after_word_ms: from the word, an operator’s or the system’s own, to there; detect, decide, fence and serve are the parts of rto_ms, and a part that was not seen is within the next',
  'longest_wait_ms: the longest that a probe waited for its final answer, from the first fault to the end, also while the region that was away came back',
  'rpo_payments: payments that a customer was told are completed and that a region does not have, by set algebra over ids, not by lag',
  'difference_fen: of wallets, transit and issuance at rest, and of what was held, issued and redeemed since the drill began; the worse region',
]

/** One drill in the house form. */
export function findingsOf(result: DrillResult): Findings {
  const { verdict, checks, notes } = result
  const offences = (what: string, all: readonly Offence[] | undefined): Record<string, unknown>[] =>
    (all ?? []).slice(0, listedMax).map((offence) => ({ what, ...offence }))
  return {
    verdict,
    figures: figuresOf(result),
    rows: [
      ...checks.map((check) => ({ what: 'check', drill: result.name, ...check })),
      ...result.money.map((money) => ({ what: 'money', drill: result.name, ...money })),
      ...offences('possibly lost', result.possiblyLost),
      ...offences('lost', result.sets?.lost),
      ...offences('doubled', result.sets?.doubled),
      ...offences('contradicted', result.sets?.contradicted),
    ],
    notes: [...notes, ...recoveryNotes],
  }
}
