import { crc32, deflateSync } from 'node:zlib'

const signature = Buffer.from('89504e470d0a1a0a', 'hex')
const bitsPerByte = 8

/**
 * A picture of black and white squares as PNG (RFC 2083): one bit a pixel, grey.
 * @param rows true is black
 * @param scale pixels of a square's side
 */
export function pngOf(rows: readonly (readonly boolean[])[], scale: number): Uint8Array<ArrayBuffer> {
  const side = rows.length * scale
  // Each line begins with its filter: none.
  const lineBytes = 1 + Math.ceil(side / bitsPerByte)
  const pixels = Buffer.alloc(lineBytes * side)
  for (const [y, row] of rows.entries()) {
    const line = lineOf(row, scale, lineBytes)
    for (let n = 0; n < scale; n++) line.copy(pixels, (y * scale + n) * lineBytes)
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(side, 0)
  head.writeUInt32BE(side, 4)
  head[8] = 1
  const parts = [signature, chunk('IHDR', head), chunk('IDAT', deflateSync(pixels)), chunk('IEND', Buffer.alloc(0))]
  return new Uint8Array(Buffer.concat(parts))
}

function lineOf(row: readonly boolean[], scale: number, lineBytes: number): Buffer {
  const line = Buffer.alloc(lineBytes)
  for (let x = 0; x < row.length * scale; x++) {
    const white = row[Math.floor(x / scale)] === false
    if (white) line[1 + (x >>> 3)]! |= 0x80 >>> (x & 7)
  }
  return line
}

function chunk(type: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length)
  bytes.writeUInt32BE(data.length, 0)
  bytes.write(type, 4, 'latin1')
  data.copy(bytes, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), bytes.length - 4)
  return bytes
}
