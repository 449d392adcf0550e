/** Fen as the API writes yuan. */
export function yuanText(fen: number): string {
  const size = Math.abs(fen)
  return `${fen < 0 ? '-' : ''}${Math.floor(size / 100)}.${String(size % 100).padStart(2, '0')}`
}

/** @throws Error when the text is no amount of whole fen. */
export function fenOf(text: string): number {
  const match = /^(-?)(\d{1,13})\.(\d\d)$/.exec(text)
  if (match === null) throw new Error(`"${text}" is no amount`)
  const fen = Number(match[2]) * 100 + Number(match[3])
  return match[1] === '-' ? -fen : fen
}
