import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ensureCertificates } from '../../deploy/certificates.ts'
import type { PreparedRequest } from '../profiles/preparedRequests.ts'
import { type Edge, sendThrough } from './sendThrough.ts'

let folder: string
let files: ReturnType<typeof ensureCertificates>
const servers: Server[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-send-through-'))
  files = ensureCertificates(folder, Date.now())
})
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  rmSync(folder, { recursive: true, force: true })
})

/** An edge that answers everything with one status, and says what it was asked for. */
async function edgeThatAnswers(status: number, path: string): Promise<{ edge: Edge; asked: string[] }> {
  const asked: string[] = []
  const tls = { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile) }
  const server = createServer(tls, (request, response) => {
    asked.push(String(request.url))
    request.resume()
    const body = '{"status":"completed"}'
    response.writeHead(status, { 'content-length': Buffer.byteLength(body) }).end(body)
  })
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const fixed = { kind: 'pay', method: 'POST', headers: {}, body: '{}', status: 200 } as const
  const make = (dueMs: number): PreparedRequest => ({ ...fixed, path, dueMs })
  return { edge: { url, ca: readFileSync(files.caFile), make }, asked }
}

test('each edge gets what was signed for it, every second request, and their results are one', async () => {
  const [a, b] = [await edgeThatAnswers(200, '/a'), await edgeThatAnswers(422, '/b')]
  const dueMs = Float64Array.from({ length: 21 }, (_, n) => n)
  const limits = { signedAheadMax: 10, connectionsMax: 4, warmUpMs: 0 }
  let answers = 0
  const result = await sendThrough([a.edge, b.edge], { dueMs, ...limits, onProgress: () => void answers++ })
  expect(a.asked).toEqual(Array(11).fill('/a'))
  expect(b.asked).toEqual(Array(10).fill('/b'))
  expect(answers).toBe(21)
  expect(result).toMatchObject({ due: 21, right: 11, dropped: 0, asks: 0 })
  expect([...result.wrong]).toEqual([['pay: status 422, completed', 10]])
  expect([result.payments.count, result.reads.count]).toEqual([21, 0])
})
