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

type FarSums = { reserve: bigint; issued: bigint }

/** What both far sides' journals say, and what the central bank says that it holds, as of one entry of its journal. */
export type FarReading = {
  readonly movements: ReadonlyMap<string, FarMovement>
  readonly sums: FarSums
  /** What the journal comes to at the entry that `sums` counts up to. */
  readonly stated: FarSums
}

type StatementEntry = { seq: number; tx_id: string; kind: string; legs: { account: string; amount: string }[] }

const part: Readonly<Record<string, keyof FarMovement>> = {
  'own:unclaimed': 'customer',
  'own:suspense': 'suspense',
  'money:reserve': 'reserve',
  'issuance:issued': 'issued',
}

/**
 * Reads every entry of both far sides' journals, signed, and adds them up by id. Opening entries are nobody's. The
 * central bank's balances are asked for first: its journal holds by then all that they count, whatever moves on.
 */
export async function readFarStatements(facts: RegionFacts): Promise<FarReading> {
  const movements = new Map<string, FarMovement>()
  const stated: FarSums = { reserve: 0n, issued: 0n }
  const { sums, lastSeq } = await readFarSums(facts)
  await readStatement(facts.bankUrl, facts.bankSecret, (entry) => addEntry(movements, entry))
  await readStatement(facts.centralBankUrl, facts.centralBankSecret, (entry) => {
    const { reserve, issued } = addEntry(movements, entry)
    if (entry.seq > lastSeq) return
    stated.reserve += reserve
    stated.issued += issued
  })
  return { movements, sums, stated }
}

async function readStatement(baseUrl: string, secret: string, onEntry: (entry: StatementEntry) => void): Promise<void> {
  const caller = { baseUrl, key: Buffer.from(secret, 'hex'), signer: 'connector' }
  let after = 0
  for (let page = 0; page < pagesMax; page++) {
    const path = `/statement?after=${after}&limit=${pageEntries}`
    const body = await signedCall(caller, 'GET', path, undefined, AbortSignal.timeout(pageTimeoutMs))
    for (const entry of body.entries as StatementEntry[]) onEntry(entry)
    const next = Number(body.next)
    if (next <= after || next >= Number(body.last_seq)) return
    after = next
  }
  throw new Error(`the statement at ${baseUrl} does not end`)
}

const nothing: FarMovement = { customer: 0n, suspense: 0n, reserve: 0n, issued: 0n }

/** @returns what this entry alone moved */
function addEntry(movements: Map<string, FarMovement>, { kind, tx_id, legs }: StatementEntry): FarMovement {
  if (kind === 'opening' || kind === 'deposit') return nothing
  const moved = { ...nothing }
  for (const { account, amount } of legs) {
    const name = account.startsWith('customer:') ? 'customer' : (part[account] ?? part[account.replace(/:[^:]*$/, '')])
    if (name !== undefined) moved[name] += fenOf(amount)
  }
  const before = movements.get(tx_id) ?? nothing
  movements.set(tx_id, {
    customer: before.customer + moved.customer,
    suspense: before.suspense + moved.suspense,
    reserve: before.reserve + moved.reserve,
    issued: before.issued + moved.issued,
  })
  return moved
}

/** Sums that the central bank itself says it holds, and up to which entry of its journal. */
async function readFarSums({ centralBankUrl }: RegionFacts): Promise<{ sums: FarSums; lastSeq: number }> {
  const response = await fetch(`${centralBankUrl}/balances`, { signal: AbortSignal.timeout(pageTimeoutMs) })
  const { reserve, issued, last_seq } = (await response.json()) as { reserve: string; issued: string; last_seq: number }
  if (!Number.isSafeInteger(last_seq)) {
    throw new Error('the central bank does not say up to which entry its balances count')
  }
  return { sums: { reserve: fenOf(reserve), issued: fenOf(issued) }, lastSeq: last_seq }
}

function fenOf(text: string): bigint {
  const fen = parseYuan(text.replace(/^-/, ''))
  if (fen === undefined) throw new Error('a statement holds an amount that is none')
  return text.startsWith('-') ? -BigInt(fen) : BigInt(fen)
}
