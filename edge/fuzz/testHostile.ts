import fc from 'fast-check'

/** A body: as text, or as bytes where it is none. */
export type Texts = { readonly text: string } | { readonly bytes: Uint8Array }

const deep = (open: string, close: string, times: number): string => open.repeat(times) + close.repeat(times)

/** The source of a value that hardly any member takes. */
export const hostileValue: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    'null',
    'true',
    '{}',
    '[]',
    '""',
    '" "',
    '-1',
    '0',
    '1e2',
    '1E400',
    '1.005',
    '-0',
    '9007199254740993',
    '123456789012345678901234567890',
    'NaN',
    'Infinity',
    '0x10',
    '01',
    '.5',
    '1.',
    '"\\u0000"',
    '"\\ud800"',
    '"\\ud800\\udc00"',
    '"\\u202e"',
    '"a\\nb"',
    '"＄１００"',
    '"𝟙𝟚"',
    '"<script>alert(1)</script>"',
    '"\'; drop table wallets; --"',
    '"../../etc/passwd"',
    '{"$ref":"#"}',
    '{"__proto__":{"x":1}}',
    '"2026-02-30T00:00:00Z"',
    '"+275760-09-13T00:00:00.001Z"',
    '"W0"',
    '"W99999999999999999999"',
    '"M1"',
    '"0".repeat',
    '1_000',
    "'x'",
  ),
  fc.constantFrom(100, 2_000, 20_000).map((length) => `"${'x'.repeat(length)}"`),
  fc.constantFrom(5, 40, 5_000).map((times) => deep('[', ']', times)),
  fc.constantFrom(5, 40, 2_000).map((times) => `${'{"a":'.repeat(times)}1${'}'.repeat(times)}`),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => JSON.stringify(text.toWellFormed())),
  fc.json({ maxDepth: 3 }),
)

/** A body that is none, made of a good one or of nothing. */
export function hostileText(written: fc.Arbitrary<Texts>): fc.Arbitrary<Texts> {
  const text = written.map((one) => ('text' in one ? one.text : ''))
  const cut = fc.tuple(text, fc.nat(400)).map(([whole, at]) => ({ text: whole.slice(0, at) }))
  const flipped = fc.tuple(text, fc.nat(400), fc.nat(255)).map(([whole, at, byte]) => {
    const bytes = Buffer.from(whole.length > 0 ? whole : '{}')
    bytes[at % bytes.length] = byte
    return { bytes }
  })
  return fc.oneof(
    cut,
    flipped,
    hostileValue.map((value) => ({ text: value })),
    text.map((whole) => ({ text: `\ufeff${whole}` })),
    text.map((whole) => ({ text: whole + whole })),
    text.map((whole) => ({ text: whole.replace('{', '{"request_id":"a","request_id":"b",') })),
    text.map((whole) => ({ text: whole.padEnd(70_000) })),
    protobufGarbage,
    fc.uint8Array({ maxLength: 200 }).map((bytes) => ({ bytes })),
  )
}

/** Fields as Protobuf has them, of any number, type and length, told truly or not. */
const protobufGarbage: fc.Arbitrary<Texts> = fc
  .array(fc.tuple(fc.nat(40), fc.nat(7), fc.nat(300), fc.uint8Array({ maxLength: 20 })), { maxLength: 6 })
  .map((fields) => ({
    bytes: Buffer.concat(
      fields.map(([number, wire, length, rest]) =>
        Buffer.from([(number << 3) | wire, length & 0xff, ...rest].map((byte) => byte & 0xff)),
      ),
    ),
  }))

const printable = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
})
const value = fc.oneof(
  printable,
  fc.constantFrom(
    '',
    '*/*',
    'application/x-protobuf',
    'application/json;q=0',
    'text/html',
    'application/x-protobuf;q=2, */*;q=x',
    'zh',
    'zh;q=x,en',
    'x'.repeat(5_000),
    '0,0',
    '91,181',
    '1e1,2',
    '"',
    '":::"',
    'é',
  ),
)
const name = fc.constantFrom(
  'accept',
  'accept-language',
  'content-type',
  'idempotency-key',
  'x-forwarded-for',
  'x-geo-location',
  'x-device-fingerprint',
  'content-digest',
  'signature',
  'signature-input',
  'authorization',
  'cookie',
  'traceparent',
  'x-constructor',
)

/** Headers that nobody asked for, some of them twice: names and values in turns. */
export const hostileHeaders: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 20, arbitrary: fc.constant<string[]>([]) },
  { weight: 3, arbitrary: fc.array(fc.tuple(name, value), { maxLength: 4 }).map((pairs) => pairs.flat()) },
  { weight: 1, arbitrary: fc.tuple(name, value, value).map(([twice, a, b]) => [twice, a, twice, b]) },
)
