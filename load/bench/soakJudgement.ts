import type { Verdict } from '../../actors/log/report.ts'
import { spreadOf } from './repeats.ts'

/** When a batch was completed, and how many payments had been by then. */
export type Completion = { readonly atMs: number; readonly payments: number }

const share = 0.1
/** The last tenth keeps at least this much of the first, and nobody waits longer for the next completion. */
const lastOverFirstMin = 0.95
const stallMsMax = 250

type Part = { readonly perSecond: number; readonly first: number; readonly last: number }

/** What lies from `from` to `to` completed payments. */
function partOf(completions: readonly Completion[], from: number, to: number): Part {
  const rate = (low: number, high: number): number => {
    const inside = completions.filter(({ payments }) => payments >= low && payments <= high)
    const [first, last] = [inside[0]!, inside.at(-1)!]
    return ((last.payments - first.payments) / (last.atMs - first.atMs)) * 1_000
  }
  const tenth = (to - from) * share
  return { perSecond: rate(from, to), first: rate(from, from + tenth), last: rate(to - tenth, to) }
}

/**
 * Whether the end of a soak is as fast as its beginning, in the middle one of its repeats as well as in all of them as
 * one, and nothing ever stood still for long. Repeats are parts of one run: what is lost between them, or a little in
 * each, shows in the whole alone.
 * @param completions in their order, from one of no payments on
 */
export function judgeSoak(
  completions: readonly Completion[],
  { payments, repeats }: { payments: number; repeats: number },
): { figures: Record<string, number>; verdict: Verdict } {
  const parts = Array.from({ length: repeats }, (_, n) => partOf(completions, n * payments, (n + 1) * payments))
  const whole = partOf(completions, 0, repeats * payments)
  const ratio = spreadOf(parts.map(({ first, last }) => last / first))
  const wholeRatio = whole.last / whole.first
  const median = (pick: (part: Part) => number): number => Math.round(spreadOf(parts.map(pick)).median)
  const thousandths = (value: number): number => Math.round(value * 1_000) / 1_000
  const maxMs = Math.max(...completions.slice(1).map(({ atMs }, i) => atMs - completions[i]!.atMs))
  const figures = {
    'soak.payments': payments,
    'soak.repeats': repeats,
    'soak.per_second': median(({ perSecond }) => perSecond),
    'soak.first_per_second': median(({ first }) => first),
    'soak.last_per_second': median(({ last }) => last),
    'soak.last_over_first': thousandths(ratio.median),
    'soak.last_over_first_min': thousandths(ratio.min),
    'soak.last_over_first_max': thousandths(ratio.max),
    'soak.whole_last_over_first': thousandths(wholeRatio),
    'soak.max_ms': Math.round(maxMs),
  }
  const holds = ratio.median >= lastOverFirstMin && wholeRatio >= lastOverFirstMin && maxMs <= stallMsMax
  return { figures, verdict: holds ? 'pass' : 'fail' }
}
