import { createHash } from 'node:crypto'
import { signedYuanText, timeText } from '../routes/fields.ts'
import { csvCell, csvLine } from './csv.ts'
import { type Statement, type StatementLine, totalsByKind } from './statement.ts'

export const csvType = 'text/csv'

const money = (fen: number): string => csvCell(signedYuanText(fen), true)

function lineCells(line: StatementLine): string {
  const { timeMs, kind, counterparty, id, orderNo, position } = line
  const parts = [timeText(timeMs), kind, counterparty ?? '', id, orderNo ?? '', `${position.seq}.${position.index}`]
  return parts.map((cell) => csvCell(cell)).join(',')
}

/** A month of a wallet: opening, one line a posting with the balance after it, closing. */
export function monthlyCsv({ lines, openingFen, closingFen }: Statement): string {
  const head = csvLine('time', 'kind', 'counterparty', 'id', 'order_no', 'position', 'amount', 'balance')
  const shown = lines.map((line) => `${lineCells(line)},${money(line.deltaFen)},${money(line.balanceFen)}\r\n`)
  return `${head},opening,,,,,,${money(openingFen)}\r\n${shown.join('')},closing,,,,,,${money(closingFen)}\r\n`
}

/** Kinds that a merchant's file has a total of even when there is none: a reader finds its line at the same place. */
const always = ['payment_in', 'refund_out', 'refund_returned', 'split_out', 'split_returned', 'redemption', 'fee']

export type DailyFile = { readonly text: string; readonly sha256: string }

/**
 * A merchant's day: a header, a line a posting, then totals a kind, the whole, and the SHA-256 of every byte before the
 * last line. The same day makes the same bytes whenever it is asked for. No fees are charged; their line says so.
 */
export function dailyFile(date: string, statement: Statement): DailyFile {
  const { walletId, openingFen, closingFen, inFen, outFen, lines } = statement
  const counted = new Map(totalsByKind(lines).map(({ kind, count, sumFen }) => [kind, { count, sumFen }]))
  const kinds = [...new Set([...always, ...counted.keys()])]
  const parts = [
    csvLine('H', 'jiaozi-daily-statement', 1, walletId, date, 'UTC+8', 'CNY-DC'),
    ...lines.map((line) => `D,${lineCells(line)},${money(line.deltaFen)}\r\n`),
    ...kinds.map((kind) => {
      const { count, sumFen } = counted.get(kind) ?? { count: 0, sumFen: 0 }
      return `T,${csvCell(kind)},${count},${money(sumFen)}\r\n`
    }),
    `E,${lines.length},${money(inFen)},${money(outFen)},${money(openingFen)},${money(closingFen)}\r\n`,
  ]
  const text = parts.join('')
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { text: `${text}S,${sha256}\r\n`, sha256 }
}
