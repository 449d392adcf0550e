import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeCertificate, privateKeyFrom, publicKeyFrom } from './x509.ts'

const dayMs = 86_400_000
const caDays = 3_650
const serverDays = 365
const renewBeforeDays = 30
const caName = 'Jiaozi development CA'

export type Certificates = { caFile: string; certFile: string; keyFile: string }

/**
 * The development CA of a data folder and a server certificate from it, made at first start and renewed in time.
 * Production brings certificates of its own.
 */
export function ensureCertificates(dir: string, nowMs: number, extraNames: readonly string[] = []): Certificates {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const files = { caFile: join(dir, 'ca.pem'), certFile: join(dir, 'server.pem'), keyFile: join(dir, 'server.key') }
  const caKeyFile = join(dir, 'ca.key')
  if (!existsSync(files.caFile) || !existsSync(caKeyFile)) {
    const key = writeKey(caKeyFile)
    const pair = { publicKey: publicKeyFrom(key), issuerKey: privateKeyFrom(key), issuerPublicKey: publicKeyFrom(key) }
    const times = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + caDays * dayMs }
    writeFileSync(
      files.caFile,
      makeCertificate({ subject: caName, issuer: caName, ...pair, ...times, usage: { ca: true } }),
    )
  } else if (isFresh(files.certFile, nowMs)) return files
  const caKey = readFileSync(caKeyFile, 'utf8')
  const key = writeKey(files.keyFile)
  const certificate = makeCertificate({
    subject: 'localhost',
    issuer: caName,
    publicKey: publicKeyFrom(key),
    issuerKey: privateKeyFrom(caKey),
    issuerPublicKey: publicKeyFrom(caKey),
    notBeforeMs: nowMs - dayMs,
    notAfterMs: nowMs + serverDays * dayMs,
    usage: { ca: false, dnsNames: ['localhost', ...extraNames], ipAddresses: [ipv4Loopback, ipv6Loopback] },
  })
  writeFileSync(files.certFile, certificate)
  return files
}

const ipv4Loopback = Uint8Array.of(127, 0, 0, 1)
const ipv6Loopback = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)

function writeKey(file: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  writeFileSync(file, pem, { mode: 0o600 })
  return pem
}

function isFresh(certFile: string, nowMs: number): boolean {
  if (!existsSync(certFile)) return false
  return Date.parse(new X509Certificate(readFileSync(certFile)).validTo) > nowMs + renewBeforeDays * dayMs
}
