import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What the demo plays: accounts with what they begin with, and transfers in their order. Amounts in fen. */
export type Play = {
  source: string
  accounts: { name: string; initialFen: number }[]
  /** Indexes into `accounts`. */
  transfers: { payer: number; payee: number; fen: number }[]
}

const yuanPattern = /^(\d{1,13})(?:\.(\d{1,2}))?$/

/** "184.44" as fen, by its digits: no float ever holds an amount. @throws Error that names the text. */
export function fenOf(text: string): number {
  const match = yuanPattern.exec(text.trim())
  if (match === null) throw new Error(`not an amount in yuan: ${text}`)
  return Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'))
}

/** 18444 as "184.44". */
export function yuanOf(fen: number | bigint): string {
  const digits = String(fen < 0 ? -fen : fen).padStart(3, '0')
  return `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/**
 * Reads an AMLSim sample: `transactions.csv` (sourceNodeId,targetNodeId,value,time) and `nodes.csv` beside it
 * (nodeid,isFraud,init_balance,fraudStep).
 * @throws Error that names file and line.
 */
export function readAmlSim(transactionsFile: string, limit: number): Play {
  const nodes = readCsv(join(dirname(transactionsFile), 'nodes.csv'), ['nodeid', 'init_balance'])
  const initial = new Map(nodes.map(([id, balance]) => [id!, fenOf(balance!)]))
  const rows = readCsv(transactionsFile, ['sourceNodeId', 'targetNodeId', 'value'])
  const index = new Map<string, number>()
  const accounts: Play['accounts'] = []
  const account = (id: string): number => {
    const known = index.get(id)
    if (known !== undefined) return known
    const initialFen = initial.get(id)
    if (initialFen === undefined) throw new Error(`${transactionsFile}: account ${id} is not in nodes.csv`)
    index.set(id, accounts.length)
    accounts.push({ name: id, initialFen })
    return accounts.length - 1
  }
  const transfers = rows.slice(0, limit).map(([source, target, value]) => ({
    payer: account(source!),
    payee: account(target!),
    fen: fenOf(value!),
  }))
  return { source: transactionsFile, accounts, transfers }
}

function readCsv(file: string, columns: readonly string[]): string[][] {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/)
  const names = head.split(',')
  const at = columns.map((column) => names.indexOf(column))
  const missing = columns.filter((_, i) => at[i] === -1)
  if (missing.length > 0) throw new Error(`${file}: no column ${missing.join(', ')}`)
  return lines.map((line) => {
    const cells = line.split(',')
    return at.map((column) => cells[column] ?? '')
  })
}

/** Mulberry32: small, even enough for a demo, the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Makes accounts and transfers from a seed, when there is no input: most small, some too large for their payer. */
export function generatePlay(seed: number, accountCount: number, transferCount: number): Play {
  const random = seededRandom(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const accounts = Array.from({ length: accountCount }, (_, i) => ({
    name: `account ${i}`,
    initialFen: 5_000 + below(50_000),
  }))
  const transfers = Array.from({ length: transferCount }, () => {
    const payer = below(accountCount)
    return { payer, payee: below(accountCount), fen: 1 + below(below(10) === 0 ? 60_000 : 4_000) }
  })
  return { source: `seed ${seed}`, accounts, transfers }
}
