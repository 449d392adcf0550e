import { signedCall } from '../connectors/signedCall.ts'
import { parseYuan } from '../connectors/yuan.ts'
import type { RegionFacts } from './regionFacts.ts'

const pageTimeoutMs = 10_000
const pageEntries = 2_000
const pagesMax = 100_000

/** What bank and central bank together moved under one id, in fen. */
export type FarMovement = {
  /** Into (or with minus out of) the customer's account, a counter's unclaimed money included. */
  customer: bigint
  /** Taken from a customer and not yet passed on. */
  suspense: bigint
  reserve: bigint
  issued: bigint
}

export type FarSums = { reserve: bigint; issued: bigint }

type StatementEntry = { tx_id: string; kind: string; legs: { account: string; amount: string }[] }

const part: Readonly<Record<string, keyof FarMovement>> = {
  'own:unclaimed': 'customer',
  'own:suspense': 'suspense',
  'money:reserve': 'reserve',
  'issuance:issued': 'issued',
}

/** Reads every entry of both far sides' journals, signed, and adds them up by id. Opening entries are nobody's. */
export async function readFarStatements(facts: RegionFacts): Promise<Map<string, FarMovement>> {
  const movements = new Map<string, FarMovement>()
  await readStatement(facts.bankUrl, facts.bankSecret, movements)
  await readStatement(facts.centralBankUrl, facts.centralBankSecret, movements)
  return movements
}

async function readStatement(baseUrl: string, secret: string, movements: Map<string, FarMovement>): Promise<void> {
  const caller = { baseUrl, key: Buffer.from(secret, 'hex'), signer: 'connector' }
  let after = 0
  for (let page = 0; page < pagesMax; page++) {
    const path = `/statement?after=${after}&limit=${pageEntries}`
    const body = await signedCall(caller, 'GET', path, undefined, AbortSignal.timeout(pageTimeoutMs))
    for (const entry of body.entries as StatementEntry[]) addEntry(movements, entry)
    const next = Number(body.next)
    if (next <= after || next >= Number(body.last_seq)) return
    after = next
  }
  throw new Error(`the statement at ${baseUrl} does not end`)
}

function addEntry(movements: Map<string, FarMovement>, { kind, tx_id, legs }: StatementEntry): void {
  if (kind === 'opening' || kind === 'deposit') return
  const movement = movements.get(tx_id) ?? { customer: 0n, suspense: 0n, reserve: 0n, issued: 0n }
  movements.set(tx_id, movement)
  for (const { account, amount } of legs) {
    const name = account.startsWith('customer:') ? 'customer' : (part[account] ?? part[account.replace(/:[^:]*$/, '')])
    if (name !== undefined) movement[name] += fenOf(amount)
  }
}

/** Sums that the central bank itself says it holds. */
export async function readFarSums({ centralBankUrl }: RegionFacts): Promise<FarSums> {
  const response = await fetch(`${centralBankUrl}/balances`, { signal: AbortSignal.timeout(pageTimeoutMs) })
  const { reserve, issued } = (await response.json()) as { reserve: string; issued: string }
  return { reserve: fenOf(reserve), issued: fenOf(issued) }
}

function fenOf(text: string): bigint {
  const fen = parseYuan(text.replace(/^-/, ''))
  if (fen === undefined) throw new Error('a statement holds an amount that is none')
  return text.startsWith('-') ? -BigInt(fen) : BigInt(fen)
}
