import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { principalSigner, sign9421 } from '../client/node.ts'
import { sha256 } from '../wire/canonical.ts'
import { checkPolicy, componentsMax, parseSignature, SignatureError, type SignedMessage } from './httpSignatures.ts'

const messageOf = (covered: string): SignedMessage => ({
  method: 'GET',
  url: new URL('https://edge.test/v1/limits?limit=5'),
  headers: {
    accept: 'text/html;q=%, */*',
    'content-type': 'application/json',
    priority: 'u=1,   i, a=(1   2);b',
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
    '"priority";key="u";x',
    '"priority";sf;x',
    '"priority";key',
    '"priority";key="absent"',
    '"@method";req',
    '"@query-param";name="limit";req',
    '"@status"',
    '"@nothing"',
    '"@method" "@method"',
    '1',
    'token',
  ])('%s', (covered) => {
    expect(() => parseSignature(messageOf(covered))).toThrow(SignatureError)
  })
})

test('a field that is a dictionary is covered whole, rewritten, or by its members', () => {
  const base = parseSignature(messageOf('"priority" "priority";sf "priority";key="u" "priority";key="a"')).base
  const lines = ['"priority": u=1,   i, a=(1   2);b', '"priority";sf: u=1, i, a=(1 2);b']
  lines.push('"priority";key="u": 1', '"priority";key="a": (1 2);b')
  expect(Buffer.from(base).toString()).toMatch(`${lines.join('\n')}\n`)
})

test('a query parameter is covered under its encoded name', () => {
  const message = { ...messageOf('"@query-param";name="a%20b"'), url: new URL('https://edge.test/?a%20b=c%20d') }
  expect(Buffer.from(parseSignature(message).base).toString()).toContain('"@query-param";name="a%20b": c%20d\n')
})

describe('what is covered is read in one pass over it, and there is an end to how much is covered', () => {
  const baseOf = (header: string): string => {
    const message = messageOf('"x-long"')
    return Buffer.from(
      parseSignature({ ...message, headers: { ...message.headers, 'x-long': header } }).base,
    ).toString()
  }

  test('blanks within a field stand in the base as they were sent, however many there are', () => {
    const long = `a${' '.repeat(150_000)}b`
    expect(baseOf(` ${long}\t`)).toMatch(`"x-long": ${long}\n`)
  })

  test('a folded line counts as one, and ends no line of the base', () => {
    expect(baseOf('a \r\n\t "@method": GET')).toContain('"x-long": a "@method": GET\n')
  })

  test(`${componentsMax} components are taken, and one more is told to be too many`, () => {
    const message = messageOf('')
    const fields = Array.from({ length: componentsMax + 1 }, (_, n) => `x-${n}`)
    const headers = { ...message.headers, ...Object.fromEntries(fields.map((name) => [name, 'a'])) }
    const covering = (count: number): SignedMessage => {
      const covered = fields.slice(0, count).map((name) => `"${name}"`)
      const input = `sig1=(${covered.join(' ')});created=1;keyid="institution:1"`
      return { ...message, headers: { ...headers, 'signature-input': input } }
    }
    expect(parseSignature(covering(componentsMax)).wholeComponents).toHaveLength(componentsMax)
    expect(() => parseSignature(covering(componentsMax + 1))).toThrow(/at most 32 components/)
  })
})

describe('a signature must cover all that makes the request what it is', () => {
  const body = Buffer.from('{}')
  const digest = `sha-256=:${Buffer.from(sha256(body)).toString('base64')}:, sha-512=:AAAA:`
  const judge =
    (covered: string, headers: Record<string, string> = {}, sent = body) =>
    () => {
      const message = messageOf(covered)
      const all = { ...message, headers: { ...message.headers, 'content-digest': digest, ...headers } }
      checkPolicy(parseSignature(all), all, sent, 1_000)
    }
  const least = '"@method" "@path" "@query"'
  const id = { 'idempotency-key': '019aa3b4-5c00-7000-8000-000000000001' }

  test.each([
    ['its target and its body', `${least} "content-digest"`, {}],
    ['its id too, where it carries one', `${least} "content-digest" "idempotency-key"`, id],
    ['more than it must', `${least} "content-digest" "content-digest";key="sha-512"`, {}],
  ])('%s', (_what, covered, headers) => {
    expect(judge(covered, headers)).not.toThrow()
  })

  test.each([
    ['an id that anybody may exchange', `${least} "content-digest"`, id, 'idempotency-key'],
    [
      'only a part of the id',
      `${least} "content-digest" "idempotency-key";key="a"`,
      { 'idempotency-key': 'a=1' },
      'idempotency-key',
    ],
    ['a digest other than the one that is checked', `${least} "content-digest";key="sha-512"`, {}, 'content-digest'],
    ['a digest rewritten', `${least} "content-digest";sf`, {}, 'content-digest'],
    ['no digest', least, {}, 'content-digest'],
    ['no path', '"@method" "@query" "content-digest"', {}, '@path'],
    ['no query', '"@method" "@path" "content-digest"', {}, '@query'],
    ['no method', '"@path" "@query" "content-digest"', {}, '@method'],
  ])('%s is not enough', (_what, covered, headers, missing) => {
    expect(judge(covered, headers)).toThrow(`the signature must cover ${missing}, whole and without parameters`)
  })

  test('what our own client signs covers it, with an id as without', () => {
    const { privateKey } = generateKeyPairSync('ed25519', {
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    })
    const signer = principalSigner('institution:1', privateKey)
    const url = new URL('https://edge.test/v1/limits?limit=5')
    for (const headers of [{}, id]) {
      const signed = sign9421(signer, 'POST', url, body, 1_000, headers['idempotency-key' as keyof typeof headers])
      const message = { method: 'POST', url, headers: { ...headers, ...signed } }
      expect(() => checkPolicy(parseSignature(message), message, body, 1_000)).not.toThrow()
    }
  })

  test('an id is covered without a body too', () => {
    expect(judge(least, id, Buffer.alloc(0))).toThrow(/idempotency-key/)
    expect(judge(`${least} "idempotency-key"`, id, Buffer.alloc(0))).not.toThrow()
  })
})
