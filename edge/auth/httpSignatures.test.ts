import { describe, expect, test } from 'vitest'
import { parseSignature, SignatureError, type SignedMessage } from './httpSignatures.ts'

const messageOf = (covered: string): SignedMessage => ({
  method: 'GET',
  url: new URL('https://edge.test/v1/limits?limit=5'),
  headers: {
    accept: 'text/html;q=%, */*',
    'content-type': 'application/json',
    'signature-input': `sig1=(${covered});created=1;keyid="institution:1"`,
    signature: 'sig1=:AAAA:',
  },
})

describe('what a signature claims to cover and cannot is told, whatever it is', () => {
  test.each([
    '"@query-param";name="%zz"',
    '"@query-param";name="absent"',
    '"constructor"',
    '"__proto__"',
    '"toString"',
    '"accept";key="x"',
    '"accept";sf',
    '"content-type";key="x"',
    '"@status"',
    '"@nothing"',
    '"@method" "@method"',
    '1',
    'token',
  ])('%s', (covered) => {
    expect(() => parseSignature(messageOf(covered))).toThrow(SignatureError)
  })
})

test('a query parameter is covered under its encoded name', () => {
  const message = { ...messageOf('"@query-param";name="a%20b"'), url: new URL('https://edge.test/?a%20b=c%20d') }
  expect(Buffer.from(parseSignature(message).base).toString()).toContain('"@query-param";name="a%20b": c%20d\n')
})
