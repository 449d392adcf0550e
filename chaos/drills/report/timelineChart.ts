import type { DrillResult } from '../result.ts'
import { finalAnswer, type Payment, waitedMs } from '../traffic/payment.ts'
import type { Ownership } from '../watch/timeline.ts'
import { clock, count, escaped, span } from './markup.ts'

const width = 1_080
const left = 92
const right = 12
const rateHeight = 110
const waitHeight = 110
const gap = 34
const firstGap = 46
const laneHeight = 14
const laneGap = 5
const bucketsMax = 240
const waitFloorMs = 1

type Bucket = { completed: number; waits: number[] }

/**
 * What customers saw over the whole drill, with the fault windows shaded over it: payments completed a second, how long
 * they waited, and for each shard whether its probes were served and who owned it.
 */
export function timelineChart(result: DrillResult): string {
  const { payments, faults, seconds, shardCount } = result
  const endMs = Math.max(1, ...payments.map((payment) => finalAnswer(payment)?.atMs ?? payment.sentAtMs))
  const loadEndMs = Math.max(1, ...payments.map(({ sentAtMs }) => sentAtMs))
  const fromMs = Math.max(0, Math.min(endMs, ...payments.map(({ sentAtMs }) => sentAtMs)) - 500)
  const untilMs = Math.min(endMs, loadEndMs + 3_000, seconds * 1_000)
  const x = (atMs: number): number => left + ((clamped(atMs, fromMs, untilMs) - fromMs) / (untilMs - fromMs)) * plot
  const bucketMs = Math.max(250, Math.ceil((untilMs - fromMs) / bucketsMax / 50) * 50)
  const buckets = bucketsOf(payments, fromMs, untilMs, bucketMs)
  const lanesTop = firstGap + rateHeight + gap + waitHeight + gap
  const lanesHeight = shardCount * (laneHeight * 2 + laneGap)
  const height = lanesTop + lanesHeight + 30
  const shades = faults.map(({ name, fromMs: from, untilMs: until }) => {
    const [begin, end] = [x(from), Math.max(x(from) + 2, x(until ?? untilMs))]
    const box = `<rect x="${begin}" y="20" width="${end - begin}" height="${height - 46}" fill="var(--fault)"><title>${escaped(name)}</title></rect>`
    return `${box}<line x1="${begin}" x2="${begin}" y1="20" y2="${height - 26}" stroke="var(--fail)" stroke-dasharray="3 3"/>`
  })
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Payments, waiting times and shards over the drill">
${shades.join('\n')}
${markers(result, x, fromMs, untilMs)}
${rateRow(buckets, bucketMs, x, fromMs, firstGap)}
${waitRow(buckets, bucketMs, x, fromMs, firstGap + rateHeight + gap)}
${lanes(result, x, lanesTop, { fromMs, untilMs, bucketMs })}
${timeAxis(x, fromMs, untilMs, height - 12)}
</svg>
<p class="legend"><span class="key" style="background:var(--accent)"></span>completed a second
<span class="key" style="background:var(--accent)"></span>median wait<span class="key" style="background:var(--p99)"></span>longest wait
<span class="key" style="background:var(--calm)"></span>probes served<span class="key" style="background:var(--late)"></span>late
<span class="key" style="background:var(--fail)"></span>not served<span class="key" style="background:var(--fault)"></span>fault window</p>`
}

const plot = width - left - right
const clamped = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))
const round = (value: number): number => Math.round(value * 10) / 10

function bucketsOf(payments: readonly Payment[], fromMs: number, untilMs: number, bucketMs: number): Bucket[] {
  const length = Math.max(1, Math.ceil((untilMs - fromMs) / bucketMs))
  const buckets: Bucket[] = Array.from({ length }, () => ({ completed: 0, waits: [] }))
  for (const payment of payments) {
    const answer = finalAnswer(payment)
    const bucket = answer && buckets[Math.floor((answer.atMs - fromMs) / bucketMs)]
    if (bucket === undefined || answer?.outcome !== 'completed') continue
    bucket.completed += 1
    bucket.waits.push(waitedMs(payment)!)
  }
  return buckets
}

function rateRow(
  buckets: readonly Bucket[],
  bucketMs: number,
  x: (ms: number) => number,
  fromMs: number,
  top: number,
): string {
  const rates = buckets.map(({ completed }) => (completed * 1_000) / bucketMs)
  const most = Math.max(1, ...rates)
  const y = (rate: number): number => round(top + rateHeight - (rate / most) * rateHeight)
  const points = rates.map((rate, i) => `${round(x(fromMs + (i + 0.5) * bucketMs))},${y(rate)}`)
  const bottom = top + rateHeight
  const area = `M${round(x(fromMs))},${bottom} L${points.join(' L')} L${round(x(fromMs + rates.length * bucketMs))},${bottom} Z`
  return `${frame(top, rateHeight, 'completed a second', [
    [count(Math.round(most)), top],
    ['0', bottom],
  ])}
<path d="${area}" fill="var(--accent-soft)"/><polyline points="${points.join(' ')}" fill="none" stroke="var(--accent)" stroke-width="1.6"/>`
}

/** Waits span three orders of magnitude: their axis is logarithmic. */
function waitRow(
  buckets: readonly Bucket[],
  bucketMs: number,
  x: (ms: number) => number,
  fromMs: number,
  top: number,
): string {
  const most = Math.max(100, ...buckets.flatMap(({ waits }) => waits.reduce((a, b) => Math.max(a, b), 0)))
  const decades = Math.log10(most / waitFloorMs)
  const y = (ms: number): number =>
    round(top + waitHeight - (Math.log10(Math.max(waitFloorMs, ms) / waitFloorMs) / decades) * waitHeight)
  const line = (of: (waits: number[]) => number, colour: string): string => {
    const points = buckets.flatMap(({ waits }, i) =>
      waits.length === 0 ? [] : [`${round(x(fromMs + (i + 0.5) * bucketMs))},${y(of(waits))}`],
    )
    return `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="1.4"/>`
  }
  const ticks = [1, 10, 100, 1_000, 10_000, 100_000].filter((ms) => ms <= most)
  return `${frame(
    top,
    waitHeight,
    'waited until completed',
    ticks.map((ms): [string, number] => [span(ms), y(ms)]),
  )}
${line((waits) => waits.toSorted((a, b) => a - b)[waits.length >> 1]!, 'var(--accent)')}
${line((waits) => waits.reduce((a, b) => Math.max(a, b), 0), 'var(--p99)')}`
}

function frame(top: number, height: number, title: string, ticks: readonly [string, number][]): string {
  const lines = ticks.map(
    ([text, y]) =>
      `<line x1="${left}" x2="${width - right}" y1="${y}" y2="${y}" stroke="var(--line)"/><text x="${left - 8}" y="${y + 4}" text-anchor="end">${text}</text>`,
  )
  return `<text class="strong" x="${left}" y="${top - 8}">${title}</text>${lines.join('')}<line x1="${left}" x2="${width - right}" y1="${top + height}" y2="${top + height}" stroke="var(--line)"/>`
}

type Stretch = { fromMs: number; untilMs: number; bucketMs: number }

/** Two strips a shard: how its probes fared, and whose it was. */
function lanes(result: DrillResult, x: (ms: number) => number, top: number, stretch: Stretch): string {
  const lateMs = result.baseline?.lateMs ?? 1_000
  const title = `<text class="strong" x="${left}" y="${top - 8}">shards: probes, and owner with mode and epoch</text>`
  const rows = Array.from({ length: result.shardCount }, (_, shard) => {
    const y = top + shard * (laneHeight * 2 + laneGap)
    const probes = result.payments.filter(({ probe, payerShard }) => probe && payerShard === shard)
    const label = `<text x="${left - 8}" y="${y + laneHeight - 2}" text-anchor="end">shard ${shard}</text>`
    return label + probeStrip(probes, x, y, lateMs, stretch) + ownerStrip(result.ownerships, shard, x, y, stretch)
  })
  return title + rows.join('\n')
}

function probeStrip(
  probes: readonly Payment[],
  x: (ms: number) => number,
  y: number,
  lateMs: number,
  { fromMs, untilMs, bucketMs }: Stretch,
): string {
  const worst = new Map<number, number>()
  for (const probe of probes) {
    const wait = waitedMs(probe) ?? Number.POSITIVE_INFINITY
    // While a probe waits too long its shard is away, whether or not others were sent meanwhile.
    const untilServedMs = wait > lateMs ? Math.min(probe.sentAtMs + wait, untilMs) : probe.sentAtMs
    const last = Math.floor((untilServedMs - fromMs) / bucketMs)
    for (let at = Math.floor((probe.sentAtMs - fromMs) / bucketMs); at <= last; at++) {
      worst.set(at, Math.max(worst.get(at) ?? 0, wait))
    }
  }
  const cells: string[] = []
  for (let at = 0; fromMs + at * bucketMs < untilMs; at++) {
    const wait = worst.get(at)
    const colour = wait === undefined ? 'var(--line)' : probeColour(wait, lateMs)
    const [begin, end] = [x(fromMs + at * bucketMs), x(fromMs + (at + 1) * bucketMs)]
    cells.push(
      `<rect x="${round(begin)}" y="${y}" width="${round(end - begin + 0.3)}" height="${laneHeight - 2}" fill="${colour}"/>`,
    )
  }
  return cells.join('')
}

function probeColour(waitMs: number, lateMs: number): string {
  if (waitMs <= lateMs / 2) return 'var(--calm)'
  return waitMs <= lateMs ? 'var(--late)' : 'var(--fail)'
}

function ownerStrip(
  all: readonly Ownership[],
  shard: number,
  x: (ms: number) => number,
  y: number,
  { untilMs }: Stretch,
): string {
  const own = all.filter((one) => one.shard === shard)
  return own
    .map(({ atMs, owner, mode, epoch }, i) => {
      const [begin, end] = [x(atMs), x(own[i + 1]?.atMs ?? untilMs)]
      const fill = mode === 'solo' ? 'var(--late)' : 'var(--accent-soft)'
      const text =
        end - begin > 60
          ? `<text x="${round(begin + 4)}" y="${y + laneHeight * 2 - 4}">${escaped(`${owner} ${mode} ${epoch}`)}</text>`
          : ''
      return `<rect x="${round(begin)}" y="${y + laneHeight}" width="${round(Math.max(1, end - begin))}" height="${laneHeight - 2}" fill="${fill}" stroke="var(--line)"><title>${escaped(`${owner} ${mode} epoch ${epoch}`)}</title></rect>${text}`
    })
    .join('')
}

/** Phases along the top, and the moments at which somebody decided. */
function markers({ events }: DrillResult, x: (ms: number) => number, fromMs: number, untilMs: number): string {
  return events
    .filter(({ kind, atMs }) => (kind === 'phase' || kind === 'word') && atMs >= fromMs && atMs <= untilMs)
    .map(({ atMs, kind, text }) => {
      const colour = kind === 'word' ? 'var(--accent)' : 'var(--soft)'
      const at = round(x(atMs))
      const label = kind === 'phase' ? `<text x="${at + 3}" y="12">${escaped(text)}</text>` : ''
      return `<line x1="${at}" x2="${at}" y1="4" y2="20" stroke="${colour}"><title>${escaped(text)}</title></line>${label}`
    })
    .join('\n')
}

function timeAxis(x: (ms: number) => number, fromMs: number, untilMs: number, y: number): string {
  const seconds = (untilMs - fromMs) / 1_000
  const stepS = [1, 2, 5, 10, 20, 30, 60, 120, 300].find((step) => seconds / step <= 14) ?? 600
  const ticks: string[] = []
  for (let atMs = Math.ceil(fromMs / 1_000 / stepS) * stepS * 1_000; atMs <= untilMs; atMs += stepS * 1_000) {
    ticks.push(`<text x="${round(x(atMs))}" y="${y}" text-anchor="middle">${clock(atMs)}</text>`)
  }
  return ticks.join('')
}
