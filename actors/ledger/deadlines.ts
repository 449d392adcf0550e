import { type Section, tableNumber } from './columns.ts'
import type { Digest } from './digest.ts'
import { LawBroken } from './money.ts'

const table = tableNumber('deadlines')

/** What falls due: which table, and which of its things. One number, so that equal times have an order too. */
export const deadlineKinds = { order: 0, hold: 1, mandate: 2, recovery: 3, payout: 4, dispute: 5 } as const
const numbersPerKind = 4_294_967_296

export type Due = { kind: number; number: number }

/**
 * Everything that happens by itself at some log time, earliest first: a heap ordered by (time, what). Each thing has at
 * most one deadline here at a time, so that the heap never needs more room than the tables it speaks of.
 */
export class Deadlines {
  readonly #times: Float64Array
  readonly #things: Float64Array
  readonly #digest: Digest
  #count = 0

  constructor(capacity: number, digest: Digest) {
    this.#times = new Float64Array(capacity)
    this.#things = new Float64Array(capacity)
    this.#digest = digest
  }

  get count(): number {
    return this.#count
  }

  /** Log time of the earliest; infinite when nothing is due ever. */
  get nextMs(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!
  }

  add(timeMs: number, kind: number, number: number): void {
    const thing = kind * numbersPerKind + number
    this.#rise(this.#count++, timeMs, thing)
    this.#hash(timeMs, thing, 1)
  }

  /** Takes one out before its time. It looks at all of them: for what people seldom do. It must be there. */
  cancel(kind: number, number: number): void {
    const thing = kind * numbersPerKind + number
    const at = this.#things.subarray(0, this.#count).indexOf(thing)
    if (at < 0) throw new LawBroken(`no deadline of kind ${kind} has the number ${number}`)
    this.#hash(this.#times[at]!, thing, -1)
    this.#count -= 1
    if (at === this.#count) return
    const [timeMs, last] = [this.#times[this.#count]!, this.#things[this.#count]!]
    if (at > 0 && this.#before(timeMs, last, (at - 1) >>> 1)) this.#rise(at, timeMs, last)
    else this.#sink(at, timeMs, last)
  }

  #rise(from: number, timeMs: number, thing: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!this.#before(timeMs, thing, parent)) break
      this.#move(parent, at)
      at = parent
    }
    this.#put(at, timeMs, thing)
  }

  /** Takes the earliest out. There must be one. */
  take(): Due {
    const thing = this.#things[0]!
    this.#hash(this.#times[0]!, thing, -1)
    this.#count -= 1
    this.#sink(0, this.#times[this.#count]!, this.#things[this.#count]!)
    const number = thing % numbersPerKind
    return { kind: (thing - number) / numbersPerKind, number }
  }

  #sink(from: number, timeMs: number, thing: number): void {
    let at = from
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.#count) break
      if (child + 1 < this.#count && this.#before(this.#times[child + 1]!, this.#things[child + 1]!, child)) child += 1
      if (this.#before(timeMs, thing, child)) break
      this.#move(child, at)
      at = child
    }
    this.#put(at, timeMs, thing)
  }

  #before(timeMs: number, thing: number, at: number): boolean {
    const other = this.#times[at]!
    return timeMs < other || (timeMs === other && thing < this.#things[at]!)
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from]!, this.#things[from]!)
  }

  #put(at: number, timeMs: number, thing: number): void {
    this.#times[at] = timeMs
    this.#things[at] = thing
  }

  /** Where in the heap a deadline lies follows from the order in which they came: what lies in it is what counts. */
  #hash(timeMs: number, thing: number, sign: 1 | -1): void {
    this.#digest.begin(table, 0)
    for (const value of [timeMs, thing]) {
      this.#digest.word(value >>> 0)
      this.#digest.word(Math.floor(value / numbersPerKind) >>> 0)
    }
    this.#digest.end(sign)
  }

  sections(): Section[] {
    const bytes = (array: Float64Array): Uint8Array => new Uint8Array(array.buffer, 0, this.#count * 8)
    return [
      { name: 'deadlines.time', bytes: bytes(this.#times) },
      { name: 'deadlines.thing', bytes: bytes(this.#things) },
    ]
  }

  /** The hashes of what is loaded are in the digest that was saved beside it. @throws RangeError when it does not fit */
  load(times: Float64Array, things: Float64Array): void {
    if (times.length !== things.length || times.length > this.#times.length) {
      throw new RangeError('deadlines: wrong length')
    }
    this.#count = times.length
    this.#times.set(times)
    this.#things.set(things)
  }
}
