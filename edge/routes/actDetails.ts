import { walletIdText, walletKinds } from '../../actors/ledger/ids.ts'
import { type CommandOp, principalRoles, walletActions } from '../../actors/ledger/records.ts'
import { limitText, timeText, yuanText } from './fields.ts'

export type Detail = { readonly name: string; readonly value: string }

const namesOf = (codes: Readonly<Record<string, number>>): ReadonlyMap<number, string> =>
  new Map(Object.entries(codes).map(([name, code]) => [code, name]))
const actions = namesOf(walletActions)
const roles = namesOf(principalRoles)

const limits: ReadonlySet<string> = new Set(['balance', 'single', 'day', 'year'])
const amounts: ReadonlySet<string> = new Set(['amount', 'limit'])
const wallets: ReadonlySet<string> = new Set(['wallet', 'payer', 'payee', 'merchant'])
const leaves = 255

/** What a command said, as people write it: yuan, times, and names for numbers. */
export function detailsOf(op: CommandOp | undefined, fields: string): Detail[] {
  let said: Record<string, number | string | null>
  try {
    said = JSON.parse(fields) as typeof said
  } catch {
    return []
  }
  return Object.entries(said).flatMap(([name, value]) => {
    const text = textOf(op, name, value)
    return text === '' ? [] : [{ name: plainName(name), value: text }]
  })
}

function textOf(op: CommandOp | undefined, name: string, value: number | string | null): string {
  if (typeof value !== 'number') return value ?? ''
  if (op === 'walletStatus' && name === 'action') return actions.get(value) ?? String(value)
  if (op === 'principalPut' && name === 'role') return roles.get(value) ?? String(value)
  // What an update leaves as it is was not said.
  if (op === 'userUpdate' && ((name === 'kyc' && value === 0) || (name === 'risk' && value === leaves))) return ''
  if (op === 'userUpdate' && name === 'user') return `U${value}`
  if (wallets.has(name)) return walletIdText(value, walletKinds.personal)
  if (op === 'limitsPut' && limits.has(name)) return limitText(value) ?? 'none'
  if (amounts.has(name)) return yuanText(value)
  if (name.endsWith('Ms')) return Number.isSafeInteger(value) ? timeText(value) : ''
  return String(value)
}

const plainName = (name: string): string => name.replace(/Ms$/, '').replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
