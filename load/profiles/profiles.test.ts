import { generateKeyPairSync, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { newWalletKey, principalSigner } from '../../edge/client/node.ts'
import { canonicalPayment } from '../../edge/wire/canonical.ts'
import { type Payer, requestBytes, requestMaker } from './preparedRequests.ts'
import { type Profile, payrollRecords, profiles, type RequestKind } from './profiles.ts'
import { dueTimesMs, requestCount } from './schedule.ts'

const startsAtMs = Date.parse('2026-03-01T08:00:00Z')
const wallets: Payer[] = Array.from({ length: 8 }, (_, i) => {
  return { walletId: `W104857${i}`, key: newWalletKey(), region: i % 3 === 0 ? 'a' : 'b' }
})

const institutionKey = generateKeyPairSync('ed25519').privateKey
const institution = principalSigner('institution:1', institutionKey.export({ type: 'pkcs8', format: 'pem' }).toString())

function made(profile: Profile, count: number) {
  const make = requestMaker({ profile, wallets, institution, edgeUrl: 'https://edge.test:8443', startsAtMs, seed: 7 })
  return Array.from({ length: count }, (_, n) => make(n * 10))
}

test('an even rate is due evenly, from the beginning on', () => {
  const due = dueTimesMs({ stages: [] }, 200, 3)
  expect(due).toHaveLength(600)
  expect(due[0]).toBe(0)
  for (let n = 1; n < due.length; n++) expect(due[n]! - due[n - 1]!).toBeCloseTo(5, 6)
})

test('a rising and falling rate sends what lies under its curve, and never back in time', () => {
  const stages = [
    { durationShare: 0.5, rateShare: 1 },
    { durationShare: 0.5, rateShare: 0 },
  ]
  const due = dueTimesMs({ stages }, 100, 10)
  expect(due).toHaveLength(500)
  expect(due.filter((ms) => ms < 5_000)).toHaveLength(250)
  // A quarter of the triangle's area lies left of half its rise's time.
  expect(due.filter((ms) => ms < 2_500).length).toBeCloseTo(63, -1)
  for (let n = 1; n < due.length; n++) expect(due[n]!).toBeGreaterThanOrEqual(due[n - 1]!)
  expect(due.at(-1)!).toBeLessThan(10_000)
})

test.each(Object.values(profiles))('$name: as many are due as are counted beforehand', (profile: Profile) => {
  for (const [rate, seconds] of [
    [1, 1],
    [7, 61],
    [200, 60],
    [25, 60],
  ] as const) {
    expect(requestCount(profile, rate, seconds)).toBe(dueTimesMs(profile, rate, seconds).length)
  }
})

test.each(Object.values(profiles))('$name: parts of the mix and of the duration add up', (profile: Profile) => {
  expect(Object.values(profile.mix).reduce((sum, parts) => sum + parts, 0)).toBe(100)
  const shares = profile.stages.reduce((sum, { durationShare }) => sum + durationShare, 0)
  expect(profile.stages.length === 0 ? 1 : shares).toBeCloseTo(1, 9)
  expect(profile.gates.p99MsMax).toBeLessThanOrEqual(profile.gates.p999MsMax)
})

test('each request is signed by its payer and carries the time at which it is due', () => {
  for (const request of made(profiles.canonical, 300)) {
    if (request.kind === 'balance') {
      expect(request.headers['signature-input']).toContain(
        `created=${Math.floor((startsAtMs + request.dueMs) / 1_000)}`,
      )
      continue
    }
    const { signature, ...payment } = JSON.parse(request.body)
    const payer = wallets.find(({ walletId }) => walletId === payment.payer_wallet)!
    expect(payment.payee_wallet).not.toBe(payment.payer_wallet)
    const publicKey = payer.key.privateKey
    expect(verify('sha256', canonicalPayment(payment), publicKey, Buffer.from(signature, 'hex'))).toBe(true)
    const idMs = Number.parseInt(payment.payment_id.replaceAll('-', '').slice(0, 12), 16)
    expect(idMs).toBe(Date.parse(payment.timestamp))
    if (request.kind !== 'repeat') expect(idMs).toBe(startsAtMs + request.dueMs)
  }
})

test('a mix has its parts, a repeat is an earlier payment byte for byte, a refusal is over the limit', () => {
  const requests = made(profiles.canonical, 3_000)
  const count = (kind: RequestKind): number => requests.filter((request) => request.kind === kind).length
  for (const [kind, parts] of Object.entries(profiles.canonical.mix)) {
    expect(Math.abs(count(kind as RequestKind) / 30 - parts)).toBeLessThan(2.5)
  }
  const bodies = new Set(requests.filter(({ kind }) => kind === 'pay').map(({ body }) => body))
  for (const { kind, body, status } of requests) {
    if (kind === 'repeat') expect(bodies.has(body)).toBe(true)
    if (kind === 'refused') expect(JSON.parse(body).amount).toBe('50000.01')
    expect(status).toBe(kind === 'refused' ? 422 : 200)
  }
})

test('the hot wallet is paid by most, the employer pays most', () => {
  const share = (profile: Profile, member: 'payer_wallet' | 'payee_wallet'): number => {
    const payments = made(profile, 2_000).filter(({ kind }) => kind === 'pay')
    return payments.filter(({ body }) => JSON.parse(body)[member] === wallets[0]!.walletId).length / payments.length
  }
  expect(share(profiles['hot-wallet'], 'payee_wallet')).toBeGreaterThan(0.7)
  expect(share(profiles['payroll-burst'], 'payer_wallet')).toBeGreaterThan(0.65)
  expect(share(profiles.canonical, 'payee_wallet')).toBeLessThan(0.2)
})

test('between regions every payment goes from one to the other, both ways', () => {
  const regionOf = (walletId: string) => wallets.find((wallet) => wallet.walletId === walletId)!.region
  const ways = made(profiles['cross-region'], 600)
    .filter(({ kind }) => kind !== 'balance')
    .map(({ body }) => JSON.parse(body))
    .map(({ payer_wallet, payee_wallet }) => `${regionOf(payer_wallet)} to ${regionOf(payee_wallet)}`)
  expect(new Set(ways)).toEqual(new Set(['a to b', 'b to a']))
})

test('between regions there is nothing to pay when one owns the shards of all wallets', () => {
  const lopsided = wallets.filter(({ region }) => region === 'a')
  const edgeUrl = 'https://edge.test:8443'
  expect(() =>
    requestMaker({ profile: profiles['cross-region'], wallets: lopsided, edgeUrl, startsAtMs, seed: 7 }),
  ).toThrow('need wallets of both')
})

test('a payroll is a hundred payments of one employer to others, under an id of the time at which it is due', () => {
  const payrolls = made(profiles['payroll-burst'], 2_000).filter(({ kind }) => kind === 'payroll')
  expect(payrolls.length).toBeGreaterThan(50)
  for (const { body, dueMs, headers } of payrolls) {
    const [header, ...records] = body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(Number.parseInt(header.batch_id.replaceAll('-', '').slice(0, 12), 16)).toBe(startsAtMs + dueMs)
    expect(records).toHaveLength(payrollRecords)
    expect(new Set(records.map(({ payer_wallet }) => payer_wallet)).size).toBe(1)
    for (const { payer_wallet, payee_wallet } of records) expect(payee_wallet).not.toBe(payer_wallet)
    expect(headers['signature-input']).toContain('keyid="institution:1"')
  }
})

test('bytes of a request say their length, and a read has none', () => {
  const [pay] = made({ ...profiles.canonical, mix: { pay: 100, repeat: 0, refused: 0, payroll: 0, balance: 0 } }, 1)
  const text = requestBytes(pay!, 'edge.test:8443').toString()
  expect(text).toMatch(/^POST \/v1\/payments HTTP\/1.1\r\nhost: edge.test:8443\r\n/)
  expect(text).toContain(`content-length: ${Buffer.byteLength(pay!.body)}\r\n\r\n{"payment_id"`)
  const [read] = made({ ...profiles.canonical, mix: { pay: 0, repeat: 0, refused: 0, payroll: 0, balance: 100 } }, 1)
  expect(requestBytes(read!, 'h').toString()).toMatch(/^GET [\s\S]*\r\n\r\n$/)
  expect(requestBytes(read!, 'h').toString()).not.toContain('content-length')
})
