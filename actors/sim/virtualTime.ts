/** Work that is due at a moment of virtual time. */
type Due = { atMs: number; order: number; work: (() => void) | undefined }

/** Turns of the microtask queue after each piece of work: more than any chain of promises in the code needs. */
const turnsPerWork = 16

/**
 * Time of a simulated world: a queue of work ordered by (moment, order of scheduling). Nothing here waits; a simulated
 * hour costs what happens in it. Promises of the code under test settle between two pieces of work.
 */
export class VirtualTime {
  /** Whole milliseconds since the world began. */
  nowMs = 0
  worked = 0
  /** Called after each piece of work and whatever promises it settled. */
  afterEach: () => void = () => undefined
  readonly #heap: Due[] = []
  #order = 0

  /** Runs once after a while; returns how to call it off. */
  after(delayMs: number, work: () => void): () => void {
    const due: Due = { atMs: this.nowMs + Math.max(0, Math.ceil(delayMs)), order: this.#order++, work }
    this.#push(due)
    return () => {
      due.work = undefined
    }
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve))
  }

  /** Runs until `done` says so or `untilMs` has come; true when it was done. */
  async run(untilMs: number, done: () => boolean): Promise<boolean> {
    await settle()
    for (;;) {
      if (done()) return true
      const next = this.#heap[0]
      if (next === undefined || next.atMs > untilMs) {
        this.nowMs = Math.max(this.nowMs, untilMs)
        return done()
      }
      this.#pop()
      if (next.work === undefined) continue
      this.nowMs = next.atMs
      this.worked += 1
      next.work()
      await settle()
      this.afterEach()
    }
  }

  /** All sleeps for a while: what is due is due as much later, and every clock has gone on. */
  skip(forMs: number): void {
    this.nowMs += forMs
    for (const due of this.#heap) due.atMs += forMs
  }

  #push(due: Due): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(due)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!earlier(due, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = due
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && earlier(heap[child + 1]!, heap[child]!)) child += 1
      if (!earlier(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

const earlier = (a: Due, b: Due): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

async function settle(): Promise<void> {
  for (let turn = 0; turn < turnsPerWork; turn++) await undefined
}
