import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { paymentListener } from '../routes/paymentListener.ts'
import type { TestApi } from '../routes/testApi.ts'

export type Raw = {
  readonly method: string
  readonly path: string
  /** Names and values in turns, so that a name can stand there twice. */
  readonly headers: readonly string[]
  readonly body: Uint8Array
}

export type Answer = { readonly status: number; readonly type: string; readonly text: string }

export type Served = { send(raw: Raw): Promise<Answer>; close(): void }

const answerTimeoutMs = 10_000

/** The application behind a real server, with the payments' way past it, as in production but for TLS. */
export async function serve(api: TestApi): Promise<Served> {
  const taker = paymentListener(api.web)
  const general = getRequestListener(api.app.fetch as never)
  const server = createServer({ joinDuplicateHeaders: true, maxHeaderSize: 16 * 1024 }, (incoming, outgoing) => {
    if (!taker(incoming, outgoing)) void general(incoming, outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    send: (raw) => sendTo(agent, port, raw),
    close() {
      agent.destroy()
      server.closeAllConnections()
      server.close()
    },
  }
}

function sendTo(agent: Agent, port: number, { method, path, headers, body }: Raw): Promise<Answer> {
  const length = body.length > 0 ? ['content-length', String(body.length)] : []
  const all = ['host', 'edge.test', ...headers, ...length]
  return new Promise((resolve, reject) => {
    const asking = request({ port, host: '127.0.0.1', method, path, headers: all, agent }, (response) => {
      const chunks: Buffer[] = []
      const status = response.statusCode ?? 0
      const type = response.headers['content-type'] ?? ''
      response.once('error', reject)
      response.once('end', () => resolve({ status, type, text: Buffer.concat(chunks).toString() }))
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        if (type !== 'text/event-stream') return
        // It goes on for ever: that it has begun is enough, and to leave it is no error.
        resolve({ status, type, text: chunk.toString() })
        asking.destroy()
      })
    })
    asking.setTimeout(answerTimeoutMs, () => asking.destroy(new Error(`no answer within ${answerTimeoutMs} ms`)))
    asking.once('error', reject)
    asking.end(body)
  })
}
