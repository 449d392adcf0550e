/** A clock and timers that move when a test lets them. */
export class ManualTimers {
  nowMs = Date.now()
  readonly #due = new Set<{ atMs: number; work: () => void }>()

  after(delayMs: number, work: () => void): () => void {
    const timer = { atMs: this.nowMs + delayMs, work }
    this.#due.add(timer)
    return () => this.#due.delete(timer)
  }

  advance(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      const next = [...this.#due].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      this.#due.delete(next)
      this.nowMs = next.atMs
      next.work()
    }
    this.nowMs = endMs
  }
}
