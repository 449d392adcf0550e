import type { ServerType } from '@hono/node-server'

const graceMs = 3_000
const idleCheckMs = 50

/** Takes no new request, lets those under way be answered for a while, and closes. */
export function stopServer(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    const overdue = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), graceMs)
    // A connection kept alive is idle only once its last answer is out, which may be later than the call to close.
    const idle = setInterval(() => 'closeIdleConnections' in server && server.closeIdleConnections(), idleCheckMs)
    server.close(() => {
      clearTimeout(overdue)
      clearInterval(idle)
      resolve()
    })
  })
}
