import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalPayment, type PaymentText, sha256 } from '../wire/canonical.ts'
import { AssertionError, checkAssertion, clientBytesMax } from './assertion.ts'
import { siteOf } from './site.ts'
import { type Making, TestPasskey } from './testPasskey.ts'

const site = siteOf('https://pay.example', ['https://shop.pay.example'])
const passkey = new TestPasskey(site)
const challenge = sha256(Buffer.from('what is signed'))

function refusalOf(work: () => void): string {
  try {
    work()
  } catch (error) {
    if (error instanceof AssertionError) return `${error.part} ${error.message}`
    throw error
  }
  return 'none'
}

describe('what a passkey has signed', () => {
  test.each<[string, Making, string]>([
    ['by a person whom it knew', {}, 'none'],
    ['on another page of ours', { site: { ...site, origins: new Set(['https://shop.pay.example']) } }, 'none'],
    ['that was only touched', { flags: 0x01 }, 'authenticator_data says that the person was not verified'],
    ['that nobody has touched', { flags: 0x04 }, 'authenticator_data says that nobody was present'],
    ['on the page of a stranger', { site: siteOf('https://pay.example.evil') }, 'client_data_json comes from another'],
    [
      'for the host of a stranger',
      { site: { ...siteOf('https://evil.example'), origins: site.origins } },
      'authenticator_data was made for another host',
    ],
    ['within a page of a stranger', { crossOrigin: true }, 'client_data_json comes from a page within another page'],
    ['when it was made', { type: 'webauthn.create' }, 'client_data_json is not of the type webauthn.get'],
  ])('%s', (_, making, refusal) => {
    const told = refusalOf(() => checkAssertion(passkey.assert(challenge, making), challenge, site))
    expect(told).toContain(refusal)
  })

  test('is refused when it is no JSON, too long, or too short to be anything', () => {
    const good = passkey.assert(challenge)
    const of = (changes: object) => refusalOf(() => checkAssertion({ ...good, ...changes }, challenge, site))
    expect(of({ clientDataJson: Buffer.from('{"type":') })).toBe('client_data_json is no JSON object')
    expect(of({ clientDataJson: Buffer.from([0xff, 0xfe]) })).toBe('client_data_json is no JSON object')
    expect(of({ clientDataJson: Buffer.alloc(clientBytesMax + 1, 0x20) })).toContain('at most 512 bytes')
    expect(of({ authenticatorData: good.authenticatorData.subarray(1) })).toContain('37 to 256 bytes')
  })
})

describe('a passkey is asked for one payment', () => {
  const text = (length: number) =>
    fc.string({ minLength: 1, maxLength: length, unit: fc.constantFrom(...'0123456789') })
  const payment: fc.Arbitrary<PaymentText> = fc.record(
    {
      payment_id: text(12),
      payer_wallet: text(4).map((number) => `W${number}`),
      payee_wallet: text(4).map((number) => `M${number}`),
      amount: fc.integer({ min: 1, max: 9_999 }).map((fen) => (fen / 100).toFixed(2)),
      currency: fc.constant('CNY-DC'),
      order: text(3),
      timestamp: fc.constantFrom('2026-11-26T08:00:00Z', '2026-11-26T08:00:00.000Z'),
    },
    { requiredKeys: ['payment_id', 'payer_wallet', 'payee_wallet', 'amount', 'currency', 'timestamp'] },
  )
  const digestOf = (one: PaymentText) => sha256(canonicalPayment(one))

  test('and what it signs is good for that one and for no other amount, payee, order or id', () => {
    fc.assert(
      fc.property(payment, payment, (signed, other) => {
        const assertion = passkey.assert(digestOf(signed))
        checkAssertion(assertion, digestOf(signed), site)
        for (const name of Object.keys({ ...signed, ...other }) as (keyof PaymentText)[]) {
          const { [name]: _, ...without } = signed
          const changed = other[name] === undefined ? without : { ...signed, [name]: other[name] }
          const refusal = refusalOf(() => checkAssertion(assertion, digestOf(changed as PaymentText), site))
          if (other[name] === signed[name]) expect(refusal).toBe('none')
          else expect(refusal).toContain('another challenge')
        }
      }),
    )
  })
})
