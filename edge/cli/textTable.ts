export type TextTable = {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Columns, counted from 0, whose cells end at the same place: amounts and numbers. */
  readonly right?: readonly number[]
}

/** A table in aligned columns; its head stands alone when there are no rows. */
export function textTable({ head, rows, right = [] }: TextTable): string {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => printable(row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]): string => {
    const padded = widths.map((width, column) => {
      const cell = printable(cells[column] ?? '')
      return right.includes(column) ? cell.padStart(width) : cell.padEnd(width)
    })
    return padded.join('  ').trimEnd()
  }
  return [line(head), ...rows.map(line)].join('\n')
}

/** Names and values below one another. What has no value is left out. */
export function nameValueLines(pairs: readonly (readonly [string, unknown])[]): string {
  const shown = pairs.filter(([, value]) => value !== undefined)
  const width = Math.max(0, ...shown.map(([name]) => name.length))
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${printable(String(value ?? 'none'))}`).join('\n')
}

/** What comes from afar must not move the cursor or colour the terminal of whoever reads it. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?')
}
