/**
 * Ids of payments that the ledger makes when their time has come: the log time, the shard, and the place in its log. No
 * command and no batch can have one: the high nibble of byte 6, which tells the classes apart, is 14 here alone.
 */
const madeNibble = 14

export function makeId(logTimeMs: number, shard: number, seq: number, index: number): Uint8Array {
  const id = new Uint8Array(16)
  const view = new DataView(id.buffer)
  view.setUint32(0, Math.floor(logTimeMs / 65_536))
  view.setUint16(4, logTimeMs % 65_536)
  view.setUint8(6, madeNibble << 4)
  view.setUint8(7, shard)
  view.setUint8(8, Math.floor(seq / 4_294_967_296))
  view.setUint32(9, seq >>> 0)
  view.setUint8(13, index >>> 16)
  view.setUint16(14, index & 0xffff)
  return id
}

export function isMadeId(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 6]! >>> 4 === madeNibble
}
