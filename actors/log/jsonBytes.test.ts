import { expect, test } from 'vitest'
import { decodeJson, encodeJson } from './jsonBytes.ts'

test('bytes travel as bytes, Buffers among them, wherever they stand', () => {
  const value = { id: Uint8Array.of(1, 2), list: [Buffer.from([3])], none: new Uint8Array(), text: 'a', number: 1.5 }
  expect(decodeJson(encodeJson(value))).toEqual({ ...value, list: [Uint8Array.of(3)] })
})
