import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

export type Readiness = { ready: boolean; detail: Record<string, unknown> }

export type StatusServer = { port: number; close(): Promise<void> }

/**
 * Serves a process's /healthz (it runs), /readyz (it does its work; 503 and the reason when not) and /metrics on
 * loopback, for the supervisor, the orchestrator's probes and Prometheus.
 */
export async function startStatusServer(
  port: number,
  readiness: () => Readiness,
  registry: Registry,
  host = '127.0.0.1',
): Promise<StatusServer> {
  const server = createServer((request, response) => {
    answer(request.url ?? '/', readiness, registry).then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      () => response.writeHead(500).end(),
    )
  })
  server.headersTimeout = 5_000
  server.requestTimeout = 5_000
  await listen(server, port, host)
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
}

type Reply = { status: number; type: string; body: string }

async function answer(url: string, readiness: () => Readiness, registry: Registry): Promise<Reply> {
  const path = url.split('?')[0]
  if (path === '/healthz') return { status: 200, type: 'text/plain', body: 'ok\n' }
  if (path === '/metrics') return { status: 200, type: registry.contentType, body: await registry.metrics() }
  if (path !== '/readyz') return { status: 404, type: 'text/plain', body: 'not here\n' }
  const { ready, detail } = readiness()
  return { status: ready ? 200 : 503, type: 'application/json', body: `${JSON.stringify({ ready, ...detail })}\n` }
}
