import type { ServerType } from '@hono/node-server'

const graceMs = 3_000

/** Takes no new request, lets those under way be answered for a while, and closes. */
export function stopServer(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    const overdue = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), graceMs)
    server.close(() => {
      clearTimeout(overdue)
      resolve()
    })
    if ('closeIdleConnections' in server) server.closeIdleConnections()
  })
}
