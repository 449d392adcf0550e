/** Takes exact numbers of bytes from a source whose pieces have any size. */
export type ByteReader = {
  /** @throws Error when the source ends before. */
  take(bytes: number): Promise<Uint8Array>
  /** True when the source has no more. */
  ended(): Promise<boolean>
  /** Tells the source that nobody reads on. */
  close(): Promise<void>
}

export function readBytes(source: AsyncIterable<Uint8Array>): ByteReader {
  const pieces = source[Symbol.asyncIterator]()
  let piece: Uint8Array = new Uint8Array(0)

  /** Makes the piece at hand non-empty; false at the end of the source. */
  const fill = async (): Promise<boolean> => {
    while (piece.length === 0) {
      const next = await pieces.next()
      if (next.done) return false
      piece = next.value
    }
    return true
  }
  return {
    async take(bytes) {
      const taken = new Uint8Array(bytes)
      for (let at = 0; at < bytes; ) {
        if (!(await fill())) throw new Error(`it ends ${bytes - at} bytes too early`)
        const part = piece.subarray(0, bytes - at)
        taken.set(part, at)
        at += part.length
        piece = piece.subarray(part.length)
      }
      return taken
    },
    ended: async () => !(await fill()),
    async close() {
      await pieces.return?.()
    },
  }
}
