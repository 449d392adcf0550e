import { batchRecordsMax } from '../../actors/ledger/batches.ts'
import { parseWalletId } from '../../actors/ledger/ids.ts'
import { amountFen } from '../routes/fields.ts'
import { JsonError, readJson } from '../wire/strictJson.ts'
import { BadInput } from './exitCodes.ts'

const columns = ['payer_wallet', 'payee_wallet', 'amount', 'authorisation'] as const
type Column = (typeof columns)[number]
export const authorisationMax = 0xffff_ffff
export type BatchDefaults = { readonly payer?: string; readonly payee?: string; readonly authorisation?: number }

/**
 * Reads the records of a batch as people keep them: CSV whose first line names its columns, or a JSON object a line.
 * What a record does not say, the defaults do: the payer of a payroll, the merchant of an acquirer.
 * @throws BadInput that names the line, or how many records there are too many
 */
export function readBatchFile(text: string, defaults: BatchDefaults): Record<string, unknown>[] {
  const lines = text.split(/\r?\n/)
  const filled = lines.flatMap((line, i) => (line.trim() === '' ? [] : [{ line: line.trim(), number: i + 1 }]))
  if (filled.length === 0) throw new BadInput('the file holds no records')
  const records = filled[0]!.line.startsWith('{') ? filled.map(readJsonLine) : readCsv(filled)
  if (records.length === 0) throw new BadInput('the file holds no records')
  if (records.length > batchRecordsMax) {
    throw new BadInput(`the file holds ${records.length} records, and a batch takes ${batchRecordsMax} at most`)
  }
  return records.map(({ record, number }) => complete(record, number, defaults))
}

type Line = { readonly line: string; readonly number: number }
type Read = { readonly record: Record<string, unknown>; readonly number: number }

/** As strict as the API: what it would not take must not be read as something else here. */
function readJsonLine({ line, number }: Line): Read {
  let record: unknown
  try {
    record = readJson(new TextEncoder().encode(line))
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    const what = error.problem === 'malformed-json' ? ' is no JSON object' : ''
    throw new BadInput(`line ${number}${what}: ${error.message}`)
  }
  if (record === null || typeof record !== 'object' || Array.isArray(record)) {
    throw new BadInput(`line ${number} is no JSON object`)
  }
  for (const name of Object.keys(record)) requireColumn(name, number, 'member')
  return { record: record as Record<string, unknown>, number }
}

function requireColumn(name: string, number: number, word: 'column' | 'member'): void {
  if (columns.includes(name as Column)) return
  throw new BadInput(`line ${number}: a ${word} is ${columns.join(', ')}, not "${name}"`)
}

/** Ids and amounts hold neither commas nor quotes, so that a record is its cells between commas. */
function readCsv([head, ...rows]: readonly Line[]): Read[] {
  const names = head!.line.split(',').map((cell) => cell.trim())
  for (const name of names) requireColumn(name, head!.number, 'column')
  if (new Set(names).size !== names.length) throw new BadInput(`line ${head!.number} names a column twice`)
  return rows.map(({ line, number }) => {
    const cells = line.split(',').map((cell) => cell.trim())
    if (cells.length !== names.length)
      throw new BadInput(`line ${number} has ${cells.length} cells, not ${names.length}`)
    // An empty cell says nothing: the default stands in.
    return { record: Object.fromEntries(names.map((name, i) => [name, cells[i] || undefined])), number }
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
  for (const column of ['payer_wallet', 'payee_wallet'] as const) {
    const wallet = whole[column]
    if (typeof wallet !== 'string' || parseWalletId(wallet) === undefined) {
      throw new BadInput(`line ${number}: ${column} must be a wallet id: W or M and a number`)
    }
  }
  if (amountFen(whole.amount) === undefined) {
    throw new BadInput(`line ${number}: amount must be yuan above zero with at most two decimals, such as 100.50`)
  }
  return { ...whole, authorisation: authorisationOf(whole.authorisation, number) }
}

function authorisationOf(value: unknown, number: number): number {
  const known = typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value)) ? Number(value) : 0
  if (Number.isInteger(known) && known >= 1 && known <= authorisationMax) return known
  throw new BadInput(`line ${number}: authorisation must be a whole number from 1 to ${authorisationMax}`)
}
