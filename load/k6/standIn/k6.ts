import { metricOf } from './metrics.ts'

const checks = metricOf('checks', 'rate')

/** Each check is a sample of the rate `checks`, as in k6; its failures are said aloud. */
export function check<T>(value: T, sets: Record<string, (value: T) => boolean>): boolean {
  let all = true
  for (const [name, holds] of Object.entries(sets)) {
    const held = holds(value)
    checks.values.push(held ? 1 : 0)
    if (!held) process.stderr.write(`check failed: ${name}: ${JSON.stringify(value)}\n`)
    all &&= held
  }
  return all
}

const cell = new Int32Array(new SharedArrayBuffer(4))

/** In k6 nothing else happens in a user that sleeps: this blocks too. */
export function sleep(seconds: number): void {
  Atomics.wait(cell, 0, 0, seconds * 1_000)
}
