/** Characters with which a spreadsheet begins a formula. */
const formula = /^[=+\-@\t\r]/

/** One cell of RFC 4180. Text that a spreadsheet would calculate is given as text; `plain` is for our own numbers. */
export function csvCell(value: string | number, plain = typeof value === 'number'): string {
  const text = String(value)
  const safe = !plain && formula.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export function csvLine(...cells: readonly (string | number)[]): string {
  return `${cells.map((cell) => csvCell(cell)).join(',')}\r\n`
}
