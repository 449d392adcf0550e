import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { getRequestListener } from '@hono/node-server'
import type { Taker } from './routes/paymentListener.ts'

/** A slow or silent client holds a socket no longer than this, whatever it is at. */
const ordinaryTimeouts = {
  /** For the TLS handshake, and again for the headers of a request. */
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 15_000,
  /**
   * Without a byte that moves. Node looks only each time it has passed, so that who reads nothing of an answer is cut off
   * after up to twice as long. An answer begins far sooner, and streams of events say something every 15 s.
   */
  stallTimeoutMs: 40_000,
  keepAliveTimeoutMs: 65_000,
  checkEveryMs: 1_000,
}
const headerBytesMax = 16 * 1024
const connectionsMax = 10_000
const drainTimeoutMs = 10_000

export type FetchHandler = (request: Request, env: unknown) => Response | Promise<Response>

export type ServerTimeouts = typeof ordinaryTimeouts

export type EdgeServer = { server: Server; close(): Promise<void> }

/**
 * Serves over TLS 1.3 and nothing older: `node:https` on both runtimes, since Deno's own server would take 1.2.
 * @param taker sees each request first
 * @param timeouts in place of the ordinary ones
 * @throws Error that names the port when it cannot be listened on.
 */
export async function serveHttps(
  fetch: FetchHandler,
  options: { host: string; port: number; certFile: string; keyFile: string },
  taker: Taker,
  timeouts: Partial<ServerTimeouts> = {},
): Promise<EdgeServer> {
  const { headersTimeoutMs, requestTimeoutMs, stallTimeoutMs, keepAliveTimeoutMs, checkEveryMs } = {
    ...ordinaryTimeouts,
    ...timeouts,
  }
  const general = getRequestListener(fetch as never)
  const server = createServer(
    {
      cert: readFileSync(options.certFile),
      key: readFileSync(options.keyFile),
      minVersion: 'TLSv1.3',
      maxHeaderSize: headerBytesMax,
      handshakeTimeout: headersTimeoutMs,
      connectionsCheckingInterval: checkEveryMs,
      requestTimeout: requestTimeoutMs,
      headersTimeout: headersTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      joinDuplicateHeaders: true,
    },
    (incoming, outgoing) => {
      if (!taker(incoming, outgoing)) void general(incoming, outgoing)
    },
  )
  server.setTimeout(stallTimeoutMs)
  server.maxConnections = connectionsMax
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`port ${options.port} cannot be used: ${error.message}`)))
    server.listen(options.port, options.host, resolve)
  })
  return { server, close: () => closeServer(server) }
}

/** Takes no more connections, lets what is under way finish, then cuts what still hangs. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const overdue = setTimeout(() => server.closeAllConnections(), drainTimeoutMs)
    server.close(() => {
      clearTimeout(overdue)
      resolve()
    })
    server.closeIdleConnections()
  })
}
