import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { ensureCertificates } from '../../../deploy/certificates.ts'

const requestBytes = 800
const answerBytes = 400
const exchanges = 20_000

/** CPU microseconds that TLS 1.3 adds to one exchange over a kept connection, both of its ends together. */
export async function tlsUsPerRequest(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'jiaozi-tls-'))
  try {
    const { caFile, certFile, keyFile } = ensureCertificates(folder, Date.now())
    const [ca, cert, key] = [readFileSync(caFile), readFileSync(certFile), readFileSync(keyFile)]
    const plain = await exchangeUs(createTcpServer(answer), (port) => connectTcp(port, '127.0.0.1'))
    const options = { cert, key, minVersion: 'TLSv1.3' as const }
    const sealed = await exchangeUs(createTlsServer(options, answer), (port) =>
      connectTls({ port, host: '127.0.0.1', ca, minVersion: 'TLSv1.3' }),
    )
    return Math.max(0, sealed - plain)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const reply = Buffer.alloc(answerBytes, 1)

function answer(socket: Socket): void {
  let received = 0
  socket.on('data', (chunk) => {
    received += chunk.length
    if (received < requestBytes) return
    received -= requestBytes
    socket.write(reply)
  })
  socket.on('error', () => socket.destroy())
}

async function exchangeUs(server: Server, connect: (port: number) => Socket): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const socket = connect((server.address() as AddressInfo).port)
  try {
    await rounds(socket, exchanges / 10)
    const began = process.cpuUsage()
    await rounds(socket, exchanges)
    const { user, system } = process.cpuUsage(began)
    return (user + system) / exchanges
  } finally {
    socket.destroy()
    server.close()
  }
}

function rounds(socket: Socket, count: number): Promise<void> {
  const request = Buffer.alloc(requestBytes, 2)
  return new Promise((done, failed) => {
    let [left, received] = [count, 0]
    const onData = (chunk: Buffer): void => {
      received += chunk.length
      if (received < answerBytes) return
      received -= answerBytes
      left -= 1
      if (left > 0) socket.write(request)
      else {
        socket.off('data', onData)
        done()
      }
    }
    socket.on('data', onData)
    socket.once('error', failed)
    socket.write(request)
  })
}
