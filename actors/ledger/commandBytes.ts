/** A command's id and digest as the six 32-bit words that the id tables compare. */
export function bytesWords(id: Uint8Array, digestHigh: number, digestLow: number): Uint32Array {
  const words = new Uint32Array(6)
  new Uint8Array(words.buffer).set(id)
  words[4] = digestHigh
  words[5] = digestLow
  return words
}
