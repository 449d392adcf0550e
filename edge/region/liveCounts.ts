/** What one second of payments came to, at this edge. */
export type LiveSecond = {
  readonly time: string
  readonly completed: number
  readonly refused: number
  readonly pending: number
  /** Not served: too many, not possible now, or broken. */
  readonly failed: number
  readonly p50_ms: number | null
  readonly p99_ms: number | null
  /** How often payments were refused for what. */
  readonly reasons: Readonly<Record<string, number>>
}

type Slot = {
  second: number
  completed: number
  refused: number
  pending: number
  failed: number
  readonly buckets: Uint32Array
  reasons: Record<string, number>
}

const secondsKept = 121
/** Buckets grow by an eighth of a doubling: a percentile is right to about 9 %. */
const bucketsPerDoubling = 8
const bucketCount = 160
const smallestMs = 0.05

const bucketOf = (ms: number): number =>
  Math.min(bucketCount - 1, Math.max(0, Math.ceil(Math.log2(ms / smallestMs) * bucketsPerDoubling)))
const upperMs = (bucket: number): number => smallestMs * 2 ** (bucket / bucketsPerDoubling)

/** Counts payments by the second, for the last two minutes. To count one costs a few additions. */
export class LiveCounts {
  readonly #slots: Slot[] = Array.from({ length: secondsKept }, emptySlot)
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** @param reason of a refusal, by its name in the closed list */
  answered(operation: string, status: number, ms: number, reason: string): void {
    if (operation !== 'submitPayment') return
    const slot = this.#slotAt(Math.floor(this.#nowMs() / 1_000))
    slot.buckets[bucketOf(ms)]! += 1
    if (status === 200) slot.completed += 1
    else if (status === 202) slot.pending += 1
    else if (status === 429 || status >= 500) slot.failed += 1
    else {
      slot.refused += 1
      slot.reasons[reason] = (slot.reasons[reason] ?? 0) + 1
    }
  }

  #slotAt(second: number): Slot {
    const slot = this.#slots[second % secondsKept]!
    if (slot.second === second) return slot
    slot.second = second
    slot.completed = slot.refused = slot.pending = slot.failed = 0
    slot.buckets.fill(0)
    slot.reasons = {}
    return slot
  }

  /** The last whole seconds, oldest first. */
  last(count: number): LiveSecond[] {
    const now = Math.floor(this.#nowMs() / 1_000)
    return Array.from({ length: count }, (_, i) => this.#secondAt(now - count + i))
  }

  #secondAt(second: number): LiveSecond {
    const kept = this.#slots[((second % secondsKept) + secondsKept) % secondsKept]!
    const slot = kept.second === second ? kept : emptySlot()
    const { completed, refused, pending, failed, reasons } = slot
    const time = new Date(second * 1_000).toISOString()
    const [p50_ms, p99_ms] = [percentile(slot, 0.5), percentile(slot, 0.99)]
    return { time, completed, refused, pending, failed, p50_ms, p99_ms, reasons }
  }
}

function emptySlot(): Slot {
  const counts = { completed: 0, refused: 0, pending: 0, failed: 0 }
  return { second: -1, ...counts, buckets: new Uint32Array(bucketCount), reasons: {} }
}

function percentile({ buckets }: Slot, share: number): number | null {
  const total = buckets.reduce((sum, n) => sum + n, 0)
  if (total === 0) return null
  let seen = 0
  const bucket = buckets.findIndex((n) => {
    seen += n
    return seen >= total * share
  })
  return Math.round(upperMs(bucket) * 100) / 100
}
