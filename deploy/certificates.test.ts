import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, expect, test } from 'vitest'
import { ensureCertificates } from './certificates.ts'

const dir = mkdtempSync(join(tmpdir(), 'jiaozi-ca-'))
afterAll(() => rmSync(dir, { recursive: true }))

function get(port: number, ca: Buffer | undefined, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = ca === undefined ? {} : { ca }
    const call = request({ host, port, path: '/', agent: false, ...options }, (response) => {
      resolve((response.socket as TLSSocket).getProtocol() ?? '')
      response.resume()
    })
    call.on('error', reject)
    call.end()
  })
}

test('a client that trusts the CA shakes hands over TLS 1.3; one that does not, refuses', async () => {
  const files = ensureCertificates(dir, Date.now())
  const ca = readFileSync(files.caFile)
  const server = createServer(
    { cert: readFileSync(files.certFile), key: readFileSync(files.keyFile), minVersion: 'TLSv1.3' },
    (_request, response) => response.end('ok'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    expect(await get(port, ca, '127.0.0.1')).toBe('TLSv1.3')
    expect(await get(port, ca, 'localhost')).toBe('TLSv1.3')
    await expect(get(port, undefined, '127.0.0.1')).rejects.toThrow(/certificate|issuer|self/i)
  } finally {
    server.close()
  }
})

test('keys are readable by their owner alone, and a certificate is renewed a month before its end', () => {
  const now = Date.now()
  const files = ensureCertificates(dir, now)
  expect(statSync(files.keyFile).mode & 0o077).toBe(0)
  const before = readFileSync(files.certFile, 'utf8')
  ensureCertificates(dir, now + 300 * 86_400_000)
  expect(readFileSync(files.certFile, 'utf8')).toBe(before)
  ensureCertificates(dir, now + 340 * 86_400_000)
  const renewed = new X509Certificate(readFileSync(files.certFile))
  expect(renewed.checkIssued(new X509Certificate(readFileSync(files.caFile)))).toBe(true)
  expect(readFileSync(files.certFile, 'utf8')).not.toBe(before)
})
