import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BankPort, createBankClient } from '../bank.ts'
import { type CentralBankPort, createCentralBankClient } from '../centralBank.ts'
import type { FarOutcome } from '../farSide.ts'
import { type FarSideProcess, type SandboxProcesses, startSandboxProcesses } from './sandboxProcesses.fixture.ts'
import { booksOf, openAccount, setFault } from './sandboxRequests.fixture.ts'

const institution = 1
const customers = 8
const debitsEach = 25
const amountFen = 101n

let sandbox: SandboxProcesses
let bank: BankPort
let centralBank: CentralBankPort

beforeEach(async () => {
  sandbox = await startSandboxProcesses()
  const patience = { timeoutMs: 2_000, triesMax: 1, breakerFailures: 1_000 }
  bank = createBankClient({ baseUrl: sandbox.bank.url, secret: sandbox.bankSecret, ...patience })
  centralBank = createCentralBankClient({
    baseUrl: sandbox.centralBank.url,
    secret: sandbox.centralBankSecret,
    ...patience,
  })
  expect(await centralBank.introduce(institution)).toBe(true)
})

afterEach(async () => {
  await sandbox.close()
})

async function untilDone(attempt: () => Promise<FarOutcome>): Promise<void> {
  for (;;) {
    const outcome = await attempt()
    if (outcome.kind === 'done') return
    if (outcome.kind === 'refused') throw new Error(`refused: ${outcome.reason}`)
    await sleep(20)
  }
}

async function killAndRestart(side: FarSideProcess): Promise<void> {
  await side.kill()
  await side.start()
}

test('kill -9 of either far side in the middle of its work loses nothing and doubles nothing', async () => {
  const accounts = await Promise.all(Array.from({ length: customers }, () => openAccount(sandbox, 1_000_000n)))
  const before = await booksOf(sandbox)
  let finished = 0
  const work = accounts.map(async ({ accountNo, authToken }) => {
    for (let n = 0; n < debitsEach; n++) {
      const debit = { txId: randomUUID(), amountFen, institution, accountNo, authToken }
      await untilDone(() => bank.debit(debit))
      await untilDone(() => centralBank.issue(debit))
      finished += 1
    }
  })
  const all = Promise.all(work)
  // Not awaited until the kills are over: a failure must not go unheard meanwhile.
  all.catch(() => undefined)
  const total = customers * debitsEach
  for (const [part, side] of [sandbox.bank, sandbox.centralBank, sandbox.bank].entries()) {
    while (finished < (total * (part + 1)) / 5) await sleep(2)
    await killAndRestart(side)
  }
  await all
  const after = await booksOf(sandbox)
  const moved = amountFen * BigInt(total)
  expect(before.customers - after.customers).toBe(moved)
  expect(after.reserve - before.reserve).toBe(moved)
  expect(after.issued - before.issued).toBe(moved)
  expect(after.suspense).toBe(0n)
  expect(after.bankSettlement).toBe(after.settlement)
})

test('a debit that was waiting for the central bank when the bank died is finished by the next start alone', async () => {
  const { accountNo, authToken } = await openAccount(sandbox, 5_000n)
  const debit = { txId: randomUUID(), amountFen: 5_000n, institution, accountNo, authToken }
  await sandbox.centralBank.kill()
  expect(await bank.debit(debit)).toEqual({ kind: 'unknown', doubt: 'processing' })
  await sandbox.bank.kill()
  await Promise.all([sandbox.bank.start(), sandbox.centralBank.start()])
  await untilDone(() => bank.inquire('debit', debit))
  const books = await booksOf(sandbox)
  expect([books.customers, books.suspense, books.reserve]).toEqual([0n, 0n, 5_000n])
})

test('what was answered before kill -9 is there after it', async () => {
  const { accountNo, authToken } = await openAccount(sandbox, 5_000n)
  const debit = { txId: randomUUID(), amountFen: 1_000n, institution, accountNo, authToken }
  expect(await bank.debit(debit)).toEqual({ kind: 'done' })
  await Promise.all([killAndRestart(sandbox.bank), killAndRestart(sandbox.centralBank)])
  expect(await bank.inquire('debit', debit)).toEqual({ kind: 'done' })
  expect((await booksOf(sandbox)).reserve).toBe(1_000n)
})

test('SIGTERM lets requests under way be answered and ends with code 0', async () => {
  const { accountNo, authToken } = await openAccount(sandbox, 5_000n)
  await setFault(sandbox.bank, { operation: 'debits', mode: 'late', delay_ms: 300, count: 1 })
  const debit = bank.debit({ txId: randomUUID(), amountFen: 1_000n, institution, accountNo, authToken })
  await sleep(100)
  // The bank goes first: what it still has to answer needs the central bank.
  const codes = [await sandbox.bank.stop(), await sandbox.centralBank.stop()]
  expect(await debit).toEqual({ kind: 'done' })
  expect(codes).toEqual([0, 0])
})
