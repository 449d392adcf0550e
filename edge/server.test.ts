import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ensureCertificates } from '../deploy/certificates.ts'
import { type EdgeServer, type FetchHandler, type ServerTimeouts, serveHttps } from './server.ts'

const dir = mkdtempSync(join(tmpdir(), 'jiaozi-server-'))
let files: { caFile: string; certFile: string; keyFile: string }
let edge: EdgeServer
const sockets: Socket[] = []
beforeAll(() => {
  files = ensureCertificates(dir, Date.now())
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await edge.close()
})
afterAll(() => rmSync(dir, { recursive: true }))

const notTaken = () => false
const closing = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()))

async function serve(handler: FetchHandler, timeouts: Partial<ServerTimeouts>): Promise<void> {
  edge = await serveHttps(handler, { host: '127.0.0.1', port: 0, ...files }, notTaken, {
    checkEveryMs: 20,
    ...timeouts,
  })
}

function dial(): Socket {
  const socket = connect((edge.server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => undefined)
  sockets.push(socket)
  return socket
}

function dialTls(): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const plain = dial()
    const socket = connectTls({ socket: plain, servername: 'localhost', ca: readFileSync(files.caFile) }, () =>
      resolve(socket),
    )
    socket.once('error', reject)
  })
}

const get = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'

test('a client that begins no handshake is shown out', async () => {
  await serve(() => new Response('ok'), { headersTimeoutMs: 200 })
  await closing(dial())
})

test('one that makes its handshake byte by byte is shown out no later', async () => {
  await serve(() => new Response('ok'), { headersTimeoutMs: 200 })
  const socket = dial()
  // The head of a record of 16 KiB that never becomes whole.
  socket.write(Buffer.of(0x16, 0x03, 0x01, 0x40, 0x00))
  const trickle = setInterval(() => socket.write(Buffer.of(1)), 50)
  await closing(socket)
  clearInterval(trickle)
})

test('one that asks nothing after its handshake is shown out', async () => {
  await serve(() => new Response('ok'), { headersTimeoutMs: 200 })
  const socket = await dialTls()
  socket.resume()
  await closing(socket)
})

test('one that reads nothing of its answer is cut off, and what was kept for it is let go', async () => {
  const large = new Uint8Array(64 * 1024 * 1024)
  await serve(() => new Response(large), { stallTimeoutMs: 200 })
  const cutOff = new Promise<void>((resolve) => {
    edge.server.once('secureConnection', (socket: TLSSocket) => socket.once('close', () => resolve()))
  })
  const socket = await dialTls()
  socket.pause()
  socket.write(get)
  await cutOff
})

test('one that reads a large answer slowly gets the whole of it', async () => {
  const large = new Uint8Array(16 * 1024 * 1024)
  await serve(() => new Response(large, { headers: { connection: 'close' } }), { stallTimeoutMs: 1_000 })
  const socket = await dialTls()
  let size = 0
  socket.on('data', (chunk: Buffer) => {
    size += chunk.length
    socket.pause()
    setTimeout(() => socket.resume(), 1)
  })
  socket.write(get)
  await closing(socket)
  expect(size).toBeGreaterThan(large.length)
})

test('a stream that says little, but something in time, goes on for as long as it is heard', async () => {
  const events = 10
  const everyMs = 250
  const stream = (): ReadableStream<Uint8Array> => {
    let sent = 0
    return new ReadableStream({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, everyMs))
        controller.enqueue(new TextEncoder().encode(`: ${sent}\n\n`))
        sent += 1
        if (sent === events) controller.close()
      },
    })
  }
  await serve(() => new Response(stream(), { headers: { 'content-type': 'text/event-stream' } }), {
    stallTimeoutMs: 4 * everyMs,
  })
  const socket = await dialTls()
  let heard = ''
  const whole = new Promise<void>((resolve, reject) => {
    socket.once('close', () => reject(new Error('the stream was cut off')))
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString()
      if (heard.includes(`: ${events - 1}\n`)) resolve()
    })
  })
  socket.write(get)
  await whole
})
