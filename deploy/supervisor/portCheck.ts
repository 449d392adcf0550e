import { createServer } from 'node:net'

/** @throws Error when nobody can listen on the loopback port now, with the reason. */
export function assertPortFree(port: number, option: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(new Error(refusal(error, port, option), { cause: error })),
    )
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()))
  })
}

function refusal({ code, message }: NodeJS.ErrnoException, port: number, option: string): string {
  if (code === 'EADDRINUSE') return `port ${port} is in use; choose another with ${option}`
  if (code === 'EACCES') return `this user may not listen on port ${port}; choose a higher one with ${option}`
  return `nobody can listen on port ${port}, which ${option} names: ${message}`
}
