import { batchRecordsMax } from '../../actors/ledger/batches.ts'
import { encodeBatch } from '../../actors/ledger/frameBuilder.ts'
import { idClass, idClasses, parseCommandId, parseWalletId } from '../../actors/ledger/ids.ts'
import { batchFlags } from '../../actors/ledger/records.ts'
import { badField, Failure } from '../routes/failure.ts'
import { amountFen } from '../routes/fields.ts'
import { timeIn } from '../routes/paymentRequest.ts'
import { JsonError, readJson } from '../wire/strictJson.ts'

const lineBytesMax = 512
/** The header and each record in a line of its own. */
export const batchLinesBytesMax = (batchRecordsMax + 1) * lineBytesMax
const newline = 0x0a
const headerMembers = new Set(['batch_id', 'requested_at', 'atomic'])
const recordMembers = new Set(['payer_wallet', 'payee_wallet', 'amount', 'authorisation'])

type Members = Readonly<Record<string, unknown>>

/**
 * Reads the NDJSON twin of a batch into the binary form: one line `{"batch_id", "requested_at", "atomic"}`, then a line
 * `{"payer_wallet", "payee_wallet", "amount", "authorisation"}` a record.
 * @throws Failure that names the line's member that is missing or wrong
 */
export function batchOfLines(body: Uint8Array, institution: number): Uint8Array {
  const lines = linesOf(body)
  const [head, ...rest] = lines
  if (head === undefined || rest.length === 0)
    throw badField('records', 'must be a header line and at least one record')
  const header = membersOf(head, 'header', headerMembers)
  const records = rest.map((line, index) => {
    const at = `records[${index}]`
    const members = membersOf(line, at, recordMembers)
    const amount = amountFen(members.amount)
    if (amount === undefined) throw badField(`${at}.amount`, 'must be an amount above zero with at most two decimals')
    const payer = walletIn(members, at, 'payer_wallet')
    return {
      payer,
      payee: walletIn(members, at, 'payee_wallet'),
      amount,
      authorisation: authorisationIn(members, at),
      index,
    }
  })
  return encodeBatch({ ...headerOf(header), institution, digestHigh: 0, digestLow: 0, token: 0 }, records)
}

function linesOf(body: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = []
  for (let from = 0; from < body.length; ) {
    const end = body.indexOf(newline, from)
    const line = body.subarray(from, end === -1 ? body.length : end)
    if (line.length > lineBytesMax) throw badField(`line ${lines.length + 1}`, `must be at most ${lineBytesMax} bytes`)
    // What ends with a line feed ends there: an empty last line is no record.
    if (line.length > 0) lines.push(line)
    else if (end !== -1) throw badField(`line ${lines.length + 1}`, 'must not be empty')
    if (lines.length > batchRecordsMax + 1) throw badField('records', `must be at most ${batchRecordsMax}`)
    from = end === -1 ? body.length : end + 1
  }
  return lines
}

function membersOf(line: Uint8Array, at: string, known: ReadonlySet<string>): Members {
  let value: unknown
  try {
    value = readJson(line)
  } catch (error) {
    if (error instanceof JsonError) throw new JsonError(error.problem, join(at, error.path), error.message)
    throw error
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw badField(at, 'must be an object')
  for (const name of Object.keys(value)) if (!known.has(name)) throw badField(join(at, name), 'is not known')
  return value as Members
}

const join = (at: string, path: string): string => (path === '' ? at : `${at}.${path}`)

function textIn(members: Members, at: string, name: string): string {
  const value = members[name]
  if (value === undefined) {
    throw new Failure('field-missing', { fields: [{ field: `${at}.${name}`, message: 'is missing' }] })
  }
  if (typeof value !== 'string') throw badField(`${at}.${name}`, 'must be a string')
  return value
}

function headerOf(members: Members): { id: Uint8Array; flags: number; requestedMs: number } {
  const id = parseCommandId(textIn(members, 'header', 'batch_id'))
  if (id === undefined || idClass(id, 0) !== idClasses.uuid)
    throw badField('header.batch_id', 'must be a UUIDv7 in lower case')
  const { atomic = false } = members
  if (typeof atomic !== 'boolean') throw badField('header.atomic', 'must be true or false')
  const requestedMs = timeIn(textIn(members, 'header', 'requested_at'), 'header.requested_at')
  return { id, flags: atomic ? batchFlags.atomic : 0, requestedMs }
}

function walletIn(members: Members, at: string, name: string): number {
  const wallet = parseWalletId(textIn(members, at, name))
  if (wallet === undefined) throw badField(`${at}.${name}`, 'must be a wallet id: W or M and a number')
  return wallet.number
}

function authorisationIn(members: Members, at: string): number {
  const { authorisation } = members
  const known = typeof authorisation === 'number' && Number.isInteger(authorisation)
  if (!known || authorisation < 1 || authorisation > 0xffff_ffff) {
    throw badField(`${at}.authorisation`, "must be the number, from 1 to 4294967295, of the payer's authorisation")
  }
  return authorisation
}
