import { z } from 'zod'

/**
 * Ways in which a far side can misbehave.
 * - slow: thinks for delay_ms, then does the work
 * - late: does the work at once, answers after delay_ms
 * - duplicate-answer: sends its answer twice on the same connection
 * - execute-twice: takes the same request twice
 * - error-after-execution: does the work, then answers 500
 * - error-body: does the work, then answers 200 with an error in the body
 * - wrong-signature: does the work, then signs the answer wrongly
 * - wrong-amount: does the work, then names another amount
 * - drop: does nothing and closes the connection after delay_ms without an answer
 * - drop-after-execution: does the work and closes the connection after delay_ms without an answer
 * - refuse: refuses for good, with the reason given
 */
export const faultModes = [
  'slow',
  'late',
  'duplicate-answer',
  'execute-twice',
  'error-after-execution',
  'error-body',
  'wrong-signature',
  'wrong-amount',
  'drop',
  'drop-after-execution',
  'refuse',
] as const
export type FaultMode = (typeof faultModes)[number]

export const faultRequest = z.strictObject({
  /** Name of an operation, such as "debits", or "*" for all. */
  operation: z.string().min(1).max(64),
  mode: z.enum(faultModes),
  delay_ms: z.number().int().min(0).max(600_000).default(0),
  /** Requests it strikes before it wears off. */
  count: z.number().int().min(1).max(1_000_000_000).default(1_000_000_000),
  /** Chance in each request that comes by. */
  probability: z.number().min(0).max(1).default(1),
  seed: z.number().int().min(0).max(0xffff_ffff).default(1),
  /** For the mode "refuse". */
  reason: z
    .string()
    .regex(/^[A-Z][A-Z_]{0,39}$/)
    .default('REFUSED_BY_FAULT'),
})

export type Fault = z.infer<typeof faultRequest> & { id: number; struck: number }

/** The faults that are switched on. The same seed strikes the same requests, counted in the order they come. */
export class Faults {
  #armed: { fault: Fault; random: () => number }[] = []
  #lastId = 0

  add(request: z.infer<typeof faultRequest>): Fault {
    const fault = { ...request, id: ++this.#lastId, struck: 0 }
    this.#armed.push({ fault, random: mulberry32(request.seed) })
    return fault
  }

  /** Switches off all faults, or those of one operation. */
  clear(operation?: string): void {
    this.#armed = operation === undefined ? [] : this.#armed.filter(({ fault }) => fault.operation !== operation)
  }

  list(): Fault[] {
    return this.#armed.map(({ fault }) => fault)
  }

  /** The first fault that strikes this request, if one does. */
  draw(operation: string): Fault | undefined {
    for (const { fault, random } of this.#armed) {
      if (fault.operation !== '*' && fault.operation !== operation) continue
      if (fault.struck >= fault.count || random() >= fault.probability) continue
      fault.struck += 1
      return fault
    }
    return undefined
  }
}

/** Mulberry32, a 32-bit generator in the public domain: enough to choose requests, and the same everywhere. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
