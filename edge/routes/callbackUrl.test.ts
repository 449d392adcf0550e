import { expect, test } from 'vitest'
import { callbackUrlField, isCallbackUrl } from './callbackUrl.ts'

test('a merchant may be called by https, in development also by http on this machine', () => {
  for (const url of ['https://shop.example', 'https://shop.example:8443/支付?shop=1&a=%00', 'https://[2400::1]/']) {
    expect([url, isCallbackUrl(url, false)]).toEqual([url, true])
  }
  const local = 'http://localhost:9000/paid'
  expect([isCallbackUrl(local, false), isCallbackUrl(local, true)]).toEqual([false, true])
})

test.each([
  ['a zero byte', 'https://shop.example/a\0b'],
  ['a zero byte in the query', 'https://shop.example/?a=\0'],
  ['a line feed', 'https://shop.example/a\nb'],
  ['a tab in the scheme', 'ht\ttps://shop.example/'],
  ['a delete character', 'https://shop.example/\x7f'],
  ['half of a character', 'https://shop.example/\ud83c'],
  ['the other half', 'https://shop.example/\udf75b'],
  ['a blank inside', 'https://shop.example/a b'],
  ['a blank at the end', 'https://shop.example/ '],
])('an address with %s is refused, though a parser of addresses would take it', (_what, url) => {
  expect(URL.canParse(url)).toBe(true)
  expect(isCallbackUrl(url, true)).toBe(false)
  expect(callbackUrlField.safeParse(url).error?.issues[0]?.message).toBe(
    'must be an https address without credentials, blanks or control characters',
  )
})
