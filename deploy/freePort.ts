import { createServer } from 'node:net'

/**
 * Below the range from which systems give ports to outgoing connections (32768 on Linux): a port from there may be gone
 * again before whoever is to listen on it has started.
 */
const from = 12_000
const span = 20_000
/** Each process tries a stretch of its own, so that two that start at once do not choose the same. */
const stretch = 64
let next = (process.pid * stretch) % span
const promised = new Set<number>()

/** Keeps a port, on which nobody listens yet, for whom it was promised to: `freePort` gives it to nobody else. */
export function promisePort(port: number): void {
  promised.add(port)
}

/** A loopback port on which nobody listens now. No two calls of a process give the same. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < span; tried++) {
    const port = from + next
    next = (next + 1) % span
    if (!promised.has(port) && (await isFree(port))) return port
  }
  throw new Error(`no free port between ${from} and ${from + span - 1}`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
