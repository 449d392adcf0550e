import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { ensureCertificates } from '../../../deploy/certificates.ts'
import { CallbackCaller, type CallerOptions } from './callbackRequest.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

const merchant = async (handler: Handler): Promise<string> =>
  `http://localhost:${await listening(createServer(handler))}/paid?shop=1`

function caller(options: Partial<CallerOptions> = {}): CallbackCaller {
  const made = new CallbackCaller({ loopback: true, callsPerHostMax: 4, timeoutMs: 2_000, ...options })
  cleanups.push(() => made.close())
  return made
}

const call = (url: string, headers = {}) => ({ url, headers, body: '{"a":"茶"}', attempt: 0 })

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('a call', () => {
  test('posts the body as it is, and keeps the beginning of the answer', async () => {
    const seen: unknown[] = []
    const url = await merchant(async (request, response) => {
      seen.push([request.method, request.url, request.headers['webhook-id'], await bodyOf(request)])
      response.end(`ok\0${'x'.repeat(5_000)}`)
    })
    const result = await caller().call(call(url, { 'webhook-id': 'evt_1' }))
    expect(seen).toEqual([['POST', '/paid?shop=1', 'evt_1', '{"a":"茶"}']])
    expect(result).toMatchObject({ status: 200, error: '' })
    expect(result.response).toBe(`ok\0${'x'.repeat(1_024 - 3)}`)
  })

  test.each([500, 404, 302, 307])('that is answered %i has failed, and is sent nowhere else', async (status) => {
    let elsewhere = 0
    const other = await merchant((_, response) => {
      elsewhere += 1
      response.end()
    })
    const url = await merchant((_, response) => {
      response.writeHead(status, { location: other, 'retry-after': '7' }).end('no')
    })
    const result = await caller().call(call(url))
    expect(result).toMatchObject({ status, error: `answered ${status}`, response: 'no', retryAfterS: 7 })
    expect(elsewhere).toBe(0)
  })

  test('that nobody answers ends in time', async () => {
    const url = await merchant(() => undefined)
    const result = await caller({ timeoutMs: 200 }).call(call(url))
    expect(result).toMatchObject({ status: 0, error: 'no answer in time' })
  })

  test('whose answer does not end is over in time too, and what was answered counts', async () => {
    const url = await merchant((_, response) => {
      response.writeHead(200)
      response.write('taken')
    })
    expect(await caller({ timeoutMs: 200 }).call(call(url))).toMatchObject({
      status: 200,
      error: '',
      response: 'taken',
    })
  })

  test('whose answer breaks off counts by what was answered', async () => {
    const url = await merchant((_, response) => {
      response.writeHead(500, { 'content-length': '100' })
      response.write('half', () => response.destroy())
    })
    expect(await caller().call(call(url))).toMatchObject({ status: 500, error: 'answered 500', response: 'half' })
  })

  test.each([
    ['HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n', 'answered 101'],
    ['', 'socket hang up'],
    ['nonsense\r\n\r\n', 'Parse Error: Expected HTTP/, RTSP/ or ICE/'],
  ])('that is answered %j and nothing else is over, and gives its place to the next', async (bytes, error) => {
    const server = createServer()
    server.on('connection', (socket) =>
      socket.once('data', () => (bytes === '' ? socket.destroy() : socket.write(bytes))),
    )
    const url = `http://localhost:${await listening(server)}/`
    const one = caller({ callsPerHostMax: 1, timeoutMs: 1_000 })
    for (let n = 0; n < 2; n++) {
      const result = await one.call(call(url))
      expect(result.error).toBe(error)
    }
  })

  test('reads no more of an answer than it has to', async () => {
    let sentBytes = 0
    const url = await merchant((_, response) => {
      const more = (): void => {
        while (!response.destroyed && sentBytes < 2 ** 30) {
          sentBytes += 65_536
          if (!response.write(Buffer.alloc(65_536, 0x61))) {
            response.once('drain', more)
            return
          }
        }
      }
      more()
    })
    expect(await caller().call(call(url))).toMatchObject({ status: 200, error: '' })
    expect(sentBytes).toBeLessThan(2 ** 25)
  })

  test('to where nobody listens fails', async () => {
    const port = await listening(createServer())
    for (const cleanup of cleanups.splice(0)) await cleanup()
    const result = await caller().call(call(`http://localhost:${port}/`))
    expect(result.status).toBe(0)
    expect(result.error).not.toBe('')
  })

  test('to this machine is refused where that is not for development, and no connection is made', async () => {
    let connections = 0
    const server = createServer((_, response) => response.end())
    server.on('connection', () => {
      connections += 1
    })
    const port = await listening(server)
    const strict = caller({ loopback: false })
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      const result = await strict.call(call(`http://${host}:${port}/`))
      expect(result).toMatchObject({ status: 0, error: 'the host has no address that may be called' })
    }
    expect(connections).toBe(0)
  })

  test('goes to the address that was judged, though the name leads elsewhere by then', async () => {
    const url = new URL(await merchant((request, response) => response.end(request.headers.host)))
    let asked = 0
    const resolve = async () => [{ address: asked++ === 0 ? '127.0.0.1' : '10.255.255.1' }]
    const result = await caller({ resolve }).call(call(`http://shop.example:${url.port}/`))
    expect(result).toMatchObject({ status: 200, response: `shop.example:${url.port}` })
    expect(asked).toBe(1)
  })
})

describe('by TLS', () => {
  async function secure(): Promise<{ port: number; ca: string }> {
    const dir = mkdtempSync(join(tmpdir(), 'jiaozi-callback-'))
    cleanups.push(() => rmSync(dir, { recursive: true, force: true }))
    const { caFile, certFile, keyFile } = ensureCertificates(dir, Date.now())
    const tls = { cert: readFileSync(certFile), key: readFileSync(keyFile) }
    const port = await listening(createSecureServer(tls, (_, response) => response.end('sealed')) as unknown as Server)
    return { port, ca: readFileSync(caFile, 'utf8') }
  }

  test('a merchant is believed whose authority is, by its name and not by its address', async () => {
    const { port, ca } = await secure()
    const resolve = async () => [{ address: '127.0.0.1' }]
    const believing = caller({ authorities: [ca], resolve })
    expect(await believing.call(call(`https://localhost:${port}/`))).toMatchObject({ status: 200, response: 'sealed' })
    const other = await believing.call(call(`https://shop.example:${port}/`))
    expect(other.status).toBe(0)
    expect(other.error).toMatch(/shop\.example/)
  })

  test('and no other', async () => {
    const { port } = await secure()
    const result = await caller().call(call(`https://localhost:${port}/`))
    expect(result.status).toBe(0)
    expect(result.error).toMatch(/certificate/)
  })
})
