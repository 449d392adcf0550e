import { crc32, inflateSync } from 'node:zlib'
import { encode } from 'uqr'
import { expect, test } from 'vitest'
import { pngOf } from './png.ts'

/** Reads the pixels of a PNG of one bit grey, as its specification says. @returns rows, true is black */
function pixelsOf(png: Uint8Array): boolean[][] {
  const bytes = Buffer.from(png)
  expect(bytes.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a')
  const chunks = new Map<string, Buffer>()
  let at = 8
  while (at < bytes.length) {
    const length = bytes.readUInt32BE(at)
    const data = bytes.subarray(at + 8, at + 8 + length)
    expect(bytes.readUInt32BE(at + 8 + length)).toBe(crc32(bytes.subarray(at + 4, at + 8 + length)))
    chunks.set(bytes.toString('latin1', at + 4, at + 8), data)
    at += 12 + length
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND'])
  const head = chunks.get('IHDR')!
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)]
  expect([...head.subarray(8)]).toEqual([1, 0, 0, 0, 0])
  const lines = inflateSync(chunks.get('IDAT')!)
  const lineBytes = 1 + Math.ceil(width / 8)
  expect(lines.length).toBe(lineBytes * height)
  return Array.from({ length: height }, (_, y) => {
    const line = lines.subarray(y * lineBytes, (y + 1) * lineBytes)
    expect(line[0]).toBe(0)
    return Array.from({ length: width }, (_, x) => (line[1 + (x >> 3)]! & (0x80 >> (x & 7))) === 0)
  })
}

test.each([1, 3, 8])('a picture has %i pixels for the side of each square, and each its colour', (scale) => {
  const { data } = encode('https://localhost/pay/AAAACE', { border: 4 })
  const pixels = pixelsOf(pngOf(data, scale))
  expect(pixels).toHaveLength(data.length * scale)
  for (const [y, row] of pixels.entries()) {
    expect(row).toEqual(row.map((_, x) => data[Math.floor(y / scale)]![Math.floor(x / scale)]!))
  }
})
