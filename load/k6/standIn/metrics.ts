import type { SummaryData } from '../summary.ts'

type Kind = 'trend' | 'counter' | 'rate'

/** What k6's engine keeps of a run, as far as our scripts use it. */
class Metric {
  readonly kind: Kind
  readonly values: number[] = []

  constructor(kind: Kind) {
    this.kind = kind
  }
}

const metrics = new Map<string, Metric>()

export function metricOf(name: string, kind: Kind): Metric {
  const metric = metrics.get(name) ?? new Metric(kind)
  metrics.set(name, metric)
  return metric
}

export class Trend {
  readonly #metric: Metric
  constructor(name: string) {
    this.#metric = metricOf(name, 'trend')
  }
  add(value: number): void {
    this.#metric.values.push(value)
  }
}

export class Counter {
  readonly #metric: Metric
  constructor(name: string) {
    this.#metric = metricOf(name, 'counter')
  }
  add(value: number): void {
    this.#metric.values.push(value)
  }
}

/** A run's summary in the form of k6's, its thresholds judged. @throws Error on a threshold that k6 would not take */
export function summaryData(thresholds: Readonly<Record<string, readonly string[]>>, ranMs: number): SummaryData {
  const all: Record<string, SummaryData['metrics'][string]> = {}
  for (const [name, metric] of metrics) all[name] = { values: valuesOf(metric) }
  for (const [name, expressions] of Object.entries(thresholds)) {
    const values = all[name]?.values ?? { count: 0 }
    const judged = Object.fromEntries(expressions.map((text) => [text, { ok: holds(text, values) }]))
    all[name] = { values, thresholds: judged }
  }
  return { metrics: all, state: { testRunDurationMs: ranMs } }
}

function valuesOf({ kind, values }: Metric): Record<string, number> {
  const sum = values.reduce((total, value) => total + value, 0)
  if (kind === 'counter') return { count: sum }
  if (kind === 'rate') return { rate: values.length === 0 ? 0 : sum / values.length }
  const sorted = [...values].sort((a, b) => a - b)
  const at = (percent: number): number => sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0
  return { med: at(50), 'p(99)': at(99), 'p(99.9)': at(99.9), max: at(100) }
}

function holds(text: string, values: Readonly<Record<string, number>>): boolean {
  const [, key, sign, bound] = /^(count|rate|med|max|p\([\d.]+\))(==|<=|>=|<|>)([\d.]+)$/.exec(text) ?? []
  const value = values[key ?? '']
  if (sign === undefined || value === undefined) throw new Error(`not a threshold of this metric: ${text}`)
  const limit = Number(bound)
  switch (sign) {
    case '==':
      return value === limit
    case '<=':
      return value <= limit
    case '>=':
      return value >= limit
    case '<':
      return value < limit
    default:
      return value > limit
  }
}
