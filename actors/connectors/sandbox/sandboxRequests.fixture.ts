import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { parseYuan } from '../yuan.ts'
import type { FaultMode } from './faults.ts'
import type { FarSideProcess, SandboxProcesses } from './sandboxProcesses.fixture.ts'

const requestTimeoutMs = 10_000

export type Fault = {
  operation: string
  mode: FaultMode
  delay_ms?: number
  count?: number
  probability?: number
  seed?: number
  reason?: string
}

export type TestAccount = { accountNo: string; authToken: string; close(): Promise<void> }

/** Totals of both books, in fen: what must add up after whatever happened. */
export type Books = {
  customers: bigint
  suspense: bigint
  unclaimed: bigint
  /** The bank's money at the central bank, as the bank knows it and as the central bank does. */
  bankSettlement: bigint
  settlement: bigint
  reserve: bigint
  issued: bigint
}

export async function setFault(side: FarSideProcess, fault: Fault): Promise<void> {
  await json(`${side.url}/faults`, 'POST', fault)
}

export async function clearFaults(sandbox: SandboxProcesses): Promise<void> {
  await Promise.all([sandbox.bank, sandbox.centralBank].map((side) => json(`${side.url}/faults`, 'DELETE')))
}

export async function openAccount(
  sandbox: SandboxProcesses,
  balanceFen: bigint,
  more: Record<string, unknown> = {},
): Promise<TestAccount> {
  const balance = `${balanceFen / 100n}.${String(balanceFen % 100n).padStart(2, '0')}`
  const opened = await json(`${sandbox.bank.url}/accounts`, 'POST', { balance, ...more })
  const accountNo = String(opened.account_no)
  return {
    accountNo,
    authToken: String(opened.auth_token),
    close: async () => {
      await json(`${sandbox.bank.url}/accounts/${accountNo}/status`, 'POST', { status: 'closed' })
    },
  }
}

/** Reads both books. @throws Error when either does not sum to zero */
export async function booksOf(sandbox: SandboxProcesses): Promise<Books> {
  const bank = await json(`${sandbox.bank.url}/balances`, 'GET')
  const central = await json(`${sandbox.centralBank.url}/balances`, 'GET')
  if (bank.sum !== '0.00' || central.sum !== '0.00') throw new Error('a book does not sum to zero')
  const [{ settlement }] = central.banks as [{ settlement: string }]
  const books = {
    customers: fen(bank.customers),
    suspense: fen(bank.suspense),
    unclaimed: fen(bank.unclaimed),
    bankSettlement: -fen(bank.settlement),
    settlement: fen(settlement),
    reserve: fen(central.reserve),
    issued: fen(central.issued),
  }
  if (books.issued > books.reserve) throw new Error('issued exceeds the reserve')
  return books
}

function fen(text: unknown): bigint {
  const size = parseYuan(String(text).replace('-', ''))
  if (size === undefined) throw new Error('a balance is not an amount')
  return String(text).startsWith('-') ? -BigInt(size) : BigInt(size)
}

/**
 * One unsigned request on a connection of its own: a fault may leave a second answer on a shared one, and only signed
 * answers can be told from it.
 */
function json(url: string, method: string, body?: unknown): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent: false, timeout: requestTimeoutMs }, (response) => {
      text(response).then((answer) => {
        const { statusCode = 0 } = response
        if (statusCode < 300) resolve(JSON.parse(answer) as Record<string, unknown>)
        else reject(new Error(`${method} ${new URL(url).pathname} answered ${statusCode}: ${answer}`))
      }, reject)
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${requestTimeoutMs} ms`)))
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
