/** Cells of COPY text. */
export const hex = (bytes: Uint8Array, at: number, length: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString('hex')

/** COPY text knows these as its own. */
export const escaped = (text: string): string =>
  text.replace(/[\\\t\n\r]/g, (c) => (c === '\\' ? '\\\\' : c === '\t' ? '\\t' : c === '\n' ? '\\n' : '\\r'))

/** A refused payment may carry numbers that fit no column; the refusal says that they were nonsense. */
export function int8Of(value: number): number {
  return Number.isSafeInteger(value) ? value : 0
}
