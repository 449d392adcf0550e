import { encode, renderSVG } from 'uqr'
import { describe, expect, test } from 'vitest'
import { readQrSvg } from './qrReader.ts'

const drawing = { ecc: 'M', border: 4 } as const
const addressOf = (length: number): string =>
  'https://localhost:8443/pay/'.padEnd(length, 'AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_')

describe('a reader of QR codes', () => {
  test.each([27, 60, 84, 91, 106, 140, 180, 213, 251, 287, 331, 450, 600])('reads an address of %i bytes', (length) => {
    const address = addressOf(length)
    expect(readQrSvg(renderSVG(address, drawing))).toBe(address)
  })

  test.each([0, 1, 2, 3, 4, 5, 6, 7])('reads it under mask %i', (maskPattern) => {
    const address = addressOf(91)
    expect(readQrSvg(renderSVG(address, { ...drawing, maskPattern }))).toBe(address)
  })

  test('reads what is not ASCII', () => {
    expect(readQrSvg(renderSVG('付款 ¥12.50', drawing))).toBe('付款 ¥12.50')
  })

  test('refuses a picture of which one module is wrong, wherever it is', () => {
    const svg = renderSVG(addressOf(60), drawing)
    const dark = [...svg.matchAll(/M\d+,\d+h10v10h-10z/g)].map(([square]) => square)
    const { size } = encode(addressOf(60), drawing)
    expect(dark.length).toBeGreaterThan(size)
    // The corners of the picture stay, since its size is read from them.
    for (const square of dark.slice(size, -size).filter((_, i) => i % 7 === 0)) {
      expect(() => readQrSvg(svg.replace(square, ''))).toThrow()
    }
  })

  test.each([
    ['no code at all', '<svg></svg>', 'no QR code'],
    ['a code of another level', renderSVG('https://pay.example', { ecc: 'H', border: 4 }), 'another correction level'],
    ['digits, which are written in another way', renderSVG('12345678', drawing), 'holds no bytes'],
  ])('refuses %s', (_what, svg, why) => {
    expect(() => readQrSvg(svg)).toThrow(why)
  })
})
