import { createServer } from 'node:net'

/** @throws Error when another process listens on the loopback port. */
export function assertPortFree(port: number, option: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', () => reject(new Error(`port ${port} is in use; choose another with ${option}`)))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()))
  })
}
