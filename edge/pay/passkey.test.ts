import { describe, expect, test } from 'vitest'
import { parseCommandId } from '../../actors/ledger/ids.ts'
import { canonicalPayment as canonicalOfApi } from '../wire/canonical.ts'
import { base64url, canonicalPayment, fingerprintOf, fromBase64url, newId } from './assets/passkey.js'

const payment = {
  payment_id: '019aa3b4-5c00-7000-8000-000000000001',
  payer_wallet: 'W1048576',
  payee_wallet: 'M1052160',
  amount: '12.50',
  currency: 'CNY-DC',
  timestamp: '2026-11-26T08:00:00.000Z',
}

describe('the page signs what the API checks', () => {
  test.each([payment, { ...payment, order: 'T-20261126-0001' }])('the same bytes for the same payment', (one) => {
    expect(canonicalPayment(one)).toBe(Buffer.from(canonicalOfApi(one)).toString())
  })

  test('ids are UUIDv7 of the time that the server told', () => {
    const nowMs = Date.parse('2026-11-26T08:00:00.123Z')
    const ids = new Set(Array.from({ length: 1_000 }, () => newId(nowMs)))
    expect(ids.size).toBe(1_000)
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(nowMs)
      expect(parseCommandId(id)).toBeDefined()
    }
  })

  test('base64url goes there and back', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, n) => (n * 97 + length) & 0xff)
      expect(base64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
      expect(fromBase64url(base64url(bytes))).toEqual(bytes)
    }
  })

  test('a payment is known again by 16 digits of its hash', async () => {
    expect(await fingerprintOf('abc')).toBe('ba7816bf8f01cfea')
  })
})
