import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A fault that did not take effect shows nothing: what it was to show is not demonstrated, whatever checkers say. */
export class NotDemonstrated extends Error {}

export async function until(
  withinMs: number,
  holds: () => boolean | Promise<boolean>,
  otherwise: string,
): Promise<void> {
  const deadlineMs = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new NotDemonstrated(otherwise)
    await sleep(20)
  }
}

export function isAlive(pid: number): boolean {
  return pid > 0 && !['', 'Z', 'X'].includes(stateOf(pid))
}

/** The kernel's letter for what a process does; empty when there is none. */
export function stateOf(pid: number): string {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return line.slice(line.lastIndexOf(')') + 2, line.lastIndexOf(')') + 3)
  } catch {
    return ''
  }
}
