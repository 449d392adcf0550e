import { createHash } from 'node:crypto'
import type { VirtualTime } from './virtualTime.ts'

/**
 * All that is told of one run: a digest over every event in order, which two runs of one seed must share, and how often
 * each kind of thing happened.
 */
export class Chronicle {
  readonly counts = new Map<string, number>()
  /** What must not be: each line is a violation. */
  readonly violations: string[] = []
  readonly #time: VirtualTime
  readonly #hash = createHash('sha256')
  readonly #print: ((line: string) => void) | undefined
  events = 0

  constructor(time: VirtualTime, print?: (line: string) => void) {
    this.#time = time
    this.#print = print
  }

  /** Something happened: counted under `kind` and taken into the digest with its detail. */
  tell(kind: string, detail = ''): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    this.events += 1
    const line = `${this.#time.nowMs} ${kind} ${detail}`
    this.#hash.update(line).update('\n')
    this.#print?.(line)
  }

  violation(what: string): void {
    this.violations.push(what)
    this.tell('violation', what)
  }

  /** 16 hexadecimal digits over all events so far. */
  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 16)
  }
}
