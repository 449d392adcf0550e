import { encode, renderSVG } from 'uqr'
import { pngOf } from './png.ts'

/** A quarter of the code may be dirty or torn; the border is as wide as ISO 18004 asks. */
const options = { ecc: 'M', border: 4 } as const
const pixelsOfSquare = 8

export const qrTypes = { svg: 'image/svg+xml', png: 'image/png' } as const
export type QrFormat = keyof typeof qrTypes

/** A QR code of a text, as a file. */
export function qrCode(content: string, format: QrFormat): { type: string; content: Uint8Array<ArrayBuffer> } {
  const type = qrTypes[format]
  if (format === 'png') return { type, content: pngOf(encode(content, options).data, pixelsOfSquare) }
  return { type, content: new TextEncoder().encode(renderSVG(content, options)) }
}
