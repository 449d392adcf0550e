import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto'

/** A certificate to be made: names are common names, times Unix ms. */
export type CertificatePlan = {
  subject: string
  issuer: string
  publicKey: KeyObject
  issuerKey: KeyObject
  issuerPublicKey: KeyObject
  notBeforeMs: number
  notAfterMs: number
  /** A CA signs others; a server has the names and addresses it answers for. */
  usage: { ca: true } | { ca: false; dnsNames: string[]; ipAddresses: Uint8Array[] }
}

/** DER: tag, length, content (X.690). */
function der(tag: number, ...contents: Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents)
  const length = content.length
  if (length < 128) return Buffer.concat([Buffer.of(tag, length), content])
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.concat([Buffer.of(tag, 0x80 | bytes.length, ...bytes), content])
}

const sequence = (...items: Uint8Array[]): Uint8Array => der(0x30, ...items)
const setOf = (...items: Uint8Array[]): Uint8Array => der(0x31, ...items)
const octets = (...items: Uint8Array[]): Uint8Array => der(0x04, ...items)
const bits = (content: Uint8Array, unused = 0): Uint8Array => der(0x03, Buffer.of(unused), content)
const truth = der(0x01, Buffer.of(0xff))

function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const part of rest) {
    const digits = [part % 128]
    for (let n = Math.floor(part / 128); n > 0; n = Math.floor(n / 128)) digits.unshift(128 + (n % 128))
    bytes.push(...digits)
  }
  return der(0x06, Buffer.from(bytes))
}

/** A positive INTEGER: a leading zero keeps the top bit from meaning minus. */
function integer(bytes: Uint8Array): Uint8Array {
  return der(0x02, bytes[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes)
}

/** UTCTime until 2049, as RFC 5280 4.1.2.5 asks. */
function time(ms: number): Uint8Array {
  const text = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14)
  return der(0x17, Buffer.from(`${text}Z`))
}

const commonName = (name: string): Uint8Array => sequence(setOf(sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(name)))))

const ecdsaSha256 = sequence(oid('1.2.840.10045.4.3.2'))

function keyIdentifier(key: KeyObject): Uint8Array {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return critical ? sequence(oid(id), truth, octets(value)) : sequence(oid(id), octets(value))
}

function extensionsOf(plan: CertificatePlan): Uint8Array {
  const { usage } = plan
  const items = [
    extension('2.5.29.14', false, octets(keyIdentifier(plan.publicKey))),
    extension('2.5.29.35', false, sequence(der(0x80, keyIdentifier(plan.issuerPublicKey)))),
  ]
  if (usage.ca) {
    items.push(extension('2.5.29.19', true, sequence(truth, der(0x02, Buffer.of(0)))))
    // keyCertSign and cRLSign: bits 5 and 6.
    items.push(extension('2.5.29.15', true, bits(Buffer.of(0x06), 1)))
  } else {
    const names = [
      ...usage.dnsNames.map((name) => der(0x82, Buffer.from(name))),
      ...usage.ipAddresses.map((address) => der(0x87, address)),
    ]
    items.push(extension('2.5.29.19', true, sequence()))
    items.push(extension('2.5.29.15', true, bits(Buffer.of(0x80), 7)))
    items.push(extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))))
    items.push(extension('2.5.29.17', false, sequence(...names)))
  }
  return der(0xa3, sequence(...items))
}

/** Makes a version 3 certificate for a P-256 key, signed with ECDSA and SHA-256 (RFC 5280). @returns PEM */
export function makeCertificate(plan: CertificatePlan): string {
  const serial = randomBytes(16)
  serial[0]! &= 0x7f
  serial[0]! |= 0x40
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    integer(serial),
    ecdsaSha256,
    commonName(plan.issuer),
    sequence(time(plan.notBeforeMs), time(plan.notAfterMs)),
    commonName(plan.subject),
    plan.publicKey.export({ type: 'spki', format: 'der' }),
    extensionsOf(plan),
  )
  const signature = sign('sha256', body, { key: plan.issuerKey, dsaEncoding: 'der' })
  const base64 = Buffer.from(sequence(body, ecdsaSha256, bits(signature))).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`
}

export const privateKeyFrom = (pem: string): KeyObject => createPrivateKey(pem)
export const publicKeyFrom = (pem: string): KeyObject => createPublicKey(pem)
