import type { Prng } from './prng.ts'

/** A UUIDv7 of a moment of virtual time. */
export function simulatedId(prng: Prng, nowMs: number): Uint8Array {
  const bytes = prng.bytes(16)
  new DataView(bytes.buffer).setUint32(0, Math.floor(nowMs / 65_536))
  new DataView(bytes.buffer).setUint16(4, nowMs % 65_536)
  bytes[6] = 0x70 | (bytes[6]! & 15)
  bytes[8] = 0x80 | (bytes[8]! & 63)
  return bytes
}

/** When a UUIDv7 was made. */
export const timeOf = (id: Uint8Array): number => Buffer.from(id.buffer, id.byteOffset, 16).readUIntBE(0, 6)
