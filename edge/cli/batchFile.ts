import { BadInput } from './exitCodes.ts'

const columns = ['payer_wallet', 'payee_wallet', 'amount', 'authorisation'] as const
type Column = (typeof columns)[number]
export type BatchDefaults = { readonly payer?: string; readonly payee?: string; readonly authorisation?: number }

/**
 * Reads the records of a batch as people keep them: CSV whose first line names its columns, or a JSON object a line.
 * What a record does not say, the defaults do: the payer of a payroll, the merchant of an acquirer.
 * @throws BadInput that names the line
 */
export function readBatchFile(text: string, defaults: BatchDefaults): Record<string, unknown>[] {
  const lines = text.split(/\r?\n/)
  const filled = lines.flatMap((line, i) => (line.trim() === '' ? [] : [{ line: line.trim(), number: i + 1 }]))
  if (filled.length === 0) throw new BadInput('the file holds no records')
  const records = filled[0]!.line.startsWith('{') ? filled.map(readJsonLine) : readCsv(filled)
  if (records.length === 0) throw new BadInput('the file holds no records')
  return records.map(({ record, number }) => complete(record, number, defaults))
}

type Line = { readonly line: string; readonly number: number }
type Read = { readonly record: Record<string, unknown>; readonly number: number }

function readJsonLine({ line, number }: Line): Read {
  try {
    const record: unknown = JSON.parse(line)
    if (record !== null && typeof record === 'object' && !Array.isArray(record)) {
      return { record: record as Record<string, unknown>, number }
    }
  } catch {
    // Told below, with the line's number.
  }
  throw new BadInput(`line ${number} is no JSON object`)
}

/** Ids and amounts hold neither commas nor quotes, so that a record is its cells between commas. */
function readCsv([head, ...rows]: readonly Line[]): Read[] {
  const names = head!.line.split(',').map((cell) => cell.trim())
  for (const name of names) {
    if (!columns.includes(name as Column)) {
      throw new BadInput(`line ${head!.number}: a column is ${columns.join(', ')}, not "${name}"`)
    }
  }
  if (new Set(names).size !== names.length) throw new BadInput(`line ${head!.number} names a column twice`)
  return rows.map(({ line, number }) => {
    const cells = line.split(',').map((cell) => cell.trim())
    if (cells.length !== names.length)
      throw new BadInput(`line ${number} has ${cells.length} cells, not ${names.length}`)
    return { record: Object.fromEntries(names.map((name, i) => [name, cells[i]])), number }
  })
}

function complete(record: Record<string, unknown>, number: number, defaults: BatchDefaults): Record<string, unknown> {
  const whole: Record<string, unknown> = {
    payer_wallet: record.payer_wallet ?? defaults.payer,
    payee_wallet: record.payee_wallet ?? defaults.payee,
    amount: record.amount,
    authorisation: record.authorisation ?? defaults.authorisation,
  }
  for (const column of columns) {
    if (whole[column] === undefined || whole[column] === '') throw new BadInput(`line ${number} has no ${column}`)
  }
  const known = Number(whole.authorisation)
  if (!Number.isInteger(known)) throw new BadInput(`line ${number}: authorisation is a whole number`)
  return { ...whole, authorisation: known }
}
