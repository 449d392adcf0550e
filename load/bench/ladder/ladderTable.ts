import { type LadderRow, totalCpu } from './ladderRow.ts'

type Column = { readonly head: string; readonly cell: (row: LadderRow) => string; readonly left?: true }

const absent = '-'
const bytesPerMebibyte = 1_048_576

const whole = (value: number | undefined): string =>
  value === undefined ? absent : Math.round(value).toLocaleString('en')
const ms = (value: number | undefined): string =>
  value === undefined ? absent : value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 })

const columns: readonly Column[] = [
  { head: 'row', cell: ({ name }) => name, left: true },
  { head: 'what', cell: ({ what }) => what, left: true },
  { head: 'payments/s', cell: ({ perSecond }) => whole(perSecond.median) },
  {
    head: 'spread',
    cell: ({ perSecond: { median, min, max }, repeats }) =>
      repeats < 2 || median === 0 ? absent : `±${Math.round(((max - min) / 2 / median) * 100)}% of ${repeats}`,
  },
  { head: 'p50 ms', cell: ({ latencyMs }) => ms(latencyMs?.p50) },
  { head: 'p99', cell: ({ latencyMs }) => ms(latencyMs?.p99) },
  { head: 'p99.9', cell: ({ latencyMs }) => ms(latencyMs?.p999) },
  { head: 'max', cell: ({ latencyMs }) => ms(latencyMs?.max) },
  { head: 'B/payment', cell: (row) => whole(row.bytesWrittenPerPayment) },
  { head: 'CPU s/M', cell: (row) => ms(totalCpu(row)) },
  { head: 'of it load', cell: (row) => ms(row.cpuSecondsPerMillion?.generator) },
  { head: 'MiB', cell: ({ memoryBytes }) => whole(memoryBytes && memoryBytes / bytesPerMebibyte) },
  { head: 'on', cell: ({ on }) => on.join(', '), left: true },
]

/** The ladder's table as lines of text. A dash stands for what was not measured. */
export function ladderTable(rows: readonly LadderRow[]): string[] {
  return textColumns([columns.map(({ head }) => head), ...rows.map((row) => columns.map(({ cell }) => cell(row)))])
}

function textColumns(cells: readonly (readonly string[])[]): string[] {
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)))
  return cells.map((line) =>
    line
      .map((cell, i) => (columns[i]!.left ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
}
