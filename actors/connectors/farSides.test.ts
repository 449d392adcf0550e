import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type BankPort, createBankClient } from './bank.ts'
import { type CentralBankPort, createCentralBankClient } from './centralBank.ts'
import type { FarOutcome } from './farSide.ts'
import { sandboxBankCode as bank } from './sandbox/parties.ts'
import { type SandboxProcesses, startSandboxProcesses } from './sandbox/sandboxProcesses.fixture.ts'
import {
  booksOf,
  clearFaults,
  type Fault,
  openAccount,
  setFault,
  type TestAccount,
} from './sandbox/sandboxRequests.fixture.ts'

const institution = 1
const openingFen = 100_000n
const delayMs = 500

let sandbox: SandboxProcesses
let bankPort: BankPort
let centralBank: CentralBankPort

beforeAll(async () => {
  sandbox = await startSandboxProcesses()
  // Faults that delay do so by more than this, so that the client gives the first try up.
  const patience = { timeoutMs: delayMs - 100, retryDelayMs: 5, retryDelayMsMax: 20, breakerFailures: 1_000 }
  bankPort = createBankClient({ baseUrl: sandbox.bank.url, secret: sandbox.bankSecret, ...patience })
  centralBank = createCentralBankClient({
    baseUrl: sandbox.centralBank.url,
    secret: sandbox.centralBankSecret,
    ...patience,
  })
  await centralBank.introduce(institution)
})

afterEach(async () => {
  await clearFaults(sandbox)
})

afterAll(async () => {
  await sandbox.close()
})

/** Asks until the far side's word is certain, as the driver does; never longer than the test's own time. */
async function untilCertain(attempt: () => Promise<FarOutcome>): Promise<Exclude<FarOutcome, { kind: 'unknown' }>> {
  for (;;) {
    const outcome = await attempt()
    if (outcome.kind !== 'unknown') return outcome
  }
}

type Debit = { txId: string; amountFen: bigint; accountNo: string; authToken: string; institution: number }

function debitOf(account: TestAccount, amountFen: bigint): Debit {
  return { txId: randomUUID(), amountFen, institution, accountNo: account.accountNo, authToken: account.authToken }
}

/** A finished recharge: debited, reserved and issued, for tests that begin with money in circulation. */
async function recharged(amountFen: bigint): Promise<{ account: TestAccount; debit: Debit }> {
  const account = await openAccount(sandbox, openingFen)
  const debit = debitOf(account, amountFen)
  expect(await bankPort.debit(debit)).toEqual({ kind: 'done' })
  expect(await centralBank.issue(debit)).toEqual({ kind: 'done' })
  return { account, debit }
}

/** Every way to misbehave that still lets the truth be found; the first strikes wear off, so that retries get through. */
const passing: Omit<Fault, 'operation'>[] = [
  { mode: 'slow', delay_ms: delayMs, count: 1 },
  { mode: 'late', delay_ms: delayMs, count: 1 },
  { mode: 'duplicate-answer', count: 2 },
  { mode: 'execute-twice', count: 2 },
  { mode: 'error-after-execution', count: 4 },
  { mode: 'error-body', count: 4 },
  { mode: 'wrong-signature', count: 4 },
  { mode: 'wrong-amount', count: 4 },
  { mode: 'drop', count: 4 },
  { mode: 'drop', count: 1, delay_ms: delayMs },
  { mode: 'drop-after-execution', count: 4 },
]

const named = (fault: Omit<Fault, 'operation'>): string => `${fault.mode} ${fault.delay_ms ?? 0} ms`

describe('a recharge whose bank or central bank misbehaves moves its amount exactly once', () => {
  test.each(passing.map((fault) => [named(fault), fault] as const))('bank, debits: %s', async (_name, fault) => {
    const account = await openAccount(sandbox, openingFen)
    const before = await booksOf(sandbox)
    await setFault(sandbox.bank, { operation: 'debits', ...fault })
    const debit = debitOf(account, 12_345n)
    expect(await untilCertain(() => bankPort.debit(debit))).toEqual({ kind: 'done' })
    expect(await bankPort.debit(debit)).toEqual({ kind: 'done' })
    const after = await booksOf(sandbox)
    expect(after.customers - before.customers).toBe(-12_345n)
    expect(after.reserve - before.reserve).toBe(12_345n)
    expect(after.bankSettlement).toBe(after.settlement)
    expect(after.suspense).toBe(0n)
  })

  test.each(passing.map((fault) => [named(fault), fault] as const))(
    'central bank, issuances: %s',
    async (_name, fault) => {
      const account = await openAccount(sandbox, openingFen)
      const debit = debitOf(account, 777n)
      expect(await untilCertain(() => bankPort.debit(debit))).toEqual({ kind: 'done' })
      const before = await booksOf(sandbox)
      await setFault(sandbox.centralBank, { operation: 'issuances', ...fault })
      expect(await untilCertain(() => centralBank.issue(debit))).toEqual({ kind: 'done' })
      expect(await centralBank.issue(debit)).toEqual({ kind: 'done' })
      const after = await booksOf(sandbox)
      expect(after.issued - before.issued).toBe(777n)
      expect(after.reserve).toBe(before.reserve)
    },
  )

  test.each(passing.map((fault) => [named(fault), fault] as const))(
    'between bank and central bank, reserve transfers: %s',
    async (_name, fault) => {
      const account = await openAccount(sandbox, openingFen)
      const before = await booksOf(sandbox)
      await setFault(sandbox.centralBank, { operation: 'reserve-transfers', ...fault })
      const debit = debitOf(account, 999n)
      expect(await untilCertain(() => bankPort.debit(debit))).toEqual({ kind: 'done' })
      const after = await booksOf(sandbox)
      expect(after.customers - before.customers).toBe(-999n)
      expect(after.reserve - before.reserve).toBe(999n)
      expect(after.bankSettlement).toBe(after.settlement)
    },
  )
})

describe('a redemption whose bank or central bank misbehaves moves its amount exactly once', () => {
  test.each(passing.map((fault) => [named(fault), fault] as const))('burns and payouts: %s', async (_name, fault) => {
    const { account } = await recharged(50_000n)
    const before = await booksOf(sandbox)
    await setFault(sandbox.centralBank, { operation: 'burns', ...fault })
    await setFault(sandbox.bank, { operation: 'credits', ...fault })
    const payout = { txId: randomUUID(), amountFen: 20_000n, institution, accountNo: account.accountNo, bank }
    expect(await untilCertain(() => centralBank.burn(payout))).toEqual({ kind: 'done' })
    expect(await untilCertain(() => bankPort.credit(payout))).toEqual({ kind: 'done' })
    const after = await booksOf(sandbox)
    expect(after.issued - before.issued).toBe(-20_000n)
    expect(after.reserve - before.reserve).toBe(-20_000n)
    expect(after.customers - before.customers).toBe(20_000n)
    expect(after.bankSettlement).toBe(after.settlement)
  })
})

describe('refused for good', () => {
  test('every reason a bank has is told apart, final under its id, and costs the customer nothing', async () => {
    const account = await openAccount(sandbox, openingFen, { debit_limit: '500.00' })
    const reasonOf = async (change: Partial<Debit>): Promise<string> => {
      const debit = { ...debitOf(account, 1_000n), ...change }
      const outcome = await bankPort.debit(debit)
      expect(await bankPort.debit(debit)).toEqual(outcome)
      return outcome.kind === 'refused' ? outcome.reason : outcome.kind
    }
    const before = await booksOf(sandbox)
    expect(await reasonOf({ amountFen: 100_001n, accountNo: (await openAccount(sandbox, 10n)).accountNo })).toBe(
      'AUTH_REFUSED',
    )
    expect(await reasonOf({ authToken: 'not the token' })).toBe('AUTH_REFUSED')
    expect(await reasonOf({ accountNo: '6225880000000000' })).toBe('ACCOUNT_UNKNOWN')
    expect(await reasonOf({ amountFen: 50_001n })).toBe('LIMIT')
    const poor = await openAccount(sandbox, 999n)
    expect(await reasonOf({ accountNo: poor.accountNo, authToken: poor.authToken })).toBe('INSUFFICIENT_BALANCE')
    const closed = await openAccount(sandbox, 0n)
    await closed.close()
    expect(await reasonOf({ accountNo: closed.accountNo, authToken: closed.authToken })).toBe('ACCOUNT_CLOSED')
    expect(await reasonOf({ institution: 999 })).toBe('RESERVE_REFUSED')
    const after = await booksOf(sandbox)
    expect(after.customers - before.customers).toBe(1_009n)
    expect(after.reserve).toBe(before.reserve)
  })

  test('issuance refused after the debit: the refund gives everything back, and nothing can be issued any more', async () => {
    const account = await openAccount(sandbox, openingFen)
    const before = await booksOf(sandbox)
    await setFault(sandbox.centralBank, { operation: 'issuances', mode: 'refuse', count: 1, reason: 'POLICY' })
    const debit = debitOf(account, 30_000n)
    expect(await bankPort.debit(debit)).toEqual({ kind: 'done' })
    expect(await centralBank.issue(debit)).toEqual({ kind: 'refused', reason: 'POLICY' })
    expect(await bankPort.refund(debit)).toEqual({ kind: 'done' })
    expect(await bankPort.refund(debit)).toEqual({ kind: 'done' })
    expect(await centralBank.issue(debit)).toEqual({ kind: 'refused', reason: 'POLICY' })
    const after = await booksOf(sandbox)
    expect(after).toEqual(before)
  })

  test('a refund of what was issued is refused: the money cannot be had twice', async () => {
    const { debit } = await recharged(1_000n)
    const before = await booksOf(sandbox)
    expect(await bankPort.refund(debit)).toEqual({ kind: 'refused', reason: 'RESERVE_REFUSED' })
    expect(await booksOf(sandbox)).toEqual(before)
  })

  test('a refund to an account that closed meanwhile waits for the customer at the counter', async () => {
    const account = await openAccount(sandbox, 5_000n)
    const before = await booksOf(sandbox)
    const debit = debitOf(account, 5_000n)
    expect(await bankPort.debit(debit)).toEqual({ kind: 'done' })
    await account.close()
    expect(await bankPort.refund(debit)).toEqual({ kind: 'done' })
    const after = await booksOf(sandbox)
    expect(after.unclaimed - before.unclaimed).toBe(5_000n)
    expect(after.reserve).toBe(before.reserve)
  })

  test('a payout to a closed account is refused, and the burn is undone in full', async () => {
    const { account } = await recharged(10_000n)
    await account.close()
    const before = await booksOf(sandbox)
    const payout = { txId: randomUUID(), amountFen: 10_000n, institution, accountNo: account.accountNo, bank }
    expect(await centralBank.burn(payout)).toEqual({ kind: 'done' })
    expect(await bankPort.credit(payout)).toEqual({ kind: 'refused', reason: 'ACCOUNT_CLOSED' })
    expect(await centralBank.reverseBurn(payout)).toEqual({ kind: 'done' })
    expect(await centralBank.reverseBurn(payout)).toEqual({ kind: 'done' })
    expect(await booksOf(sandbox)).toEqual(before)
  })

  test('nothing is issued beyond the reserve, burnt beyond the issuance, or paid out without a burn', async () => {
    const { account } = await recharged(100n)
    const before = await booksOf(sandbox)
    const much = { txId: randomUUID(), amountFen: 1_000_000_000n, institution, accountNo: account.accountNo, bank }
    expect(await centralBank.issue(much)).toEqual({ kind: 'refused', reason: 'RESERVE_INSUFFICIENT' })
    expect(await centralBank.burn(much)).toEqual({ kind: 'refused', reason: 'ISSUED_INSUFFICIENT' })
    expect(await bankPort.credit(much)).toEqual({ kind: 'refused', reason: 'BURN_REFUSED' })
    expect(await booksOf(sandbox)).toEqual(before)
  })
})

describe('called off', () => {
  test('what never arrived is refused for ever, even when it arrives later', async () => {
    const account = await openAccount(sandbox, openingFen)
    const before = await booksOf(sandbox)
    const debit = debitOf(account, 1_000n)
    expect(await bankPort.inquire('debit', debit)).toEqual({ kind: 'unknown', doubt: 'never-seen' })
    expect(await bankPort.cancel('debit', debit)).toEqual({ kind: 'refused', reason: 'CANCELLED' })
    expect(await bankPort.debit(debit)).toEqual({ kind: 'refused', reason: 'CANCELLED' })
    expect(await centralBank.cancel('issuance', debit)).toEqual({ kind: 'refused', reason: 'CANCELLED' })
    expect(await centralBank.issue(debit)).toEqual({ kind: 'refused', reason: 'CANCELLED' })
    expect(await booksOf(sandbox)).toEqual(before)
  })

  test('what was executed stays executed', async () => {
    const { debit } = await recharged(1_000n)
    expect(await bankPort.cancel('debit', debit)).toEqual({ kind: 'done' })
    expect(await centralBank.cancel('issuance', debit)).toEqual({ kind: 'done' })
  })

  test('a debit that the network delays beyond its cancellation takes nothing', async () => {
    const account = await openAccount(sandbox, openingFen)
    const before = await booksOf(sandbox)
    const debit = debitOf(account, 1_000n)
    await setFault(sandbox.bank, { operation: 'debits', mode: 'slow', delay_ms: 2 * delayMs, count: 3 })
    const late = bankPort.debit(debit)
    expect(await bankPort.cancel('debit', debit)).toEqual({ kind: 'refused', reason: 'CANCELLED' })
    expect(await late).toEqual({ kind: 'unknown', doubt: 'timeout' })
    expect(await untilCertain(() => bankPort.debit(debit))).toEqual({ kind: 'refused', reason: 'CANCELLED' })
    expect(await booksOf(sandbox)).toEqual(before)
  })
})

test('the same id with another body is never executed, and never believed', async () => {
  const { account, debit } = await recharged(1_000n)
  const before = await booksOf(sandbox)
  expect(await bankPort.debit({ ...debit, amountFen: 2_000n })).toEqual({ kind: 'unknown', doubt: 'rejected' })
  expect(await bankPort.debit({ ...debit, authToken: 'another' })).toEqual({ kind: 'unknown', doubt: 'rejected' })
  expect(await bankPort.inquire('debit', { ...debit, amountFen: 2_000n })).toEqual({
    kind: 'unknown',
    doubt: 'mismatch',
  })
  expect(account.accountNo).toBe(debit.accountNo)
  expect(await booksOf(sandbox)).toEqual(before)
})

test('a caller without the secret moves nothing and learns nothing', async () => {
  const stranger = createBankClient({ baseUrl: sandbox.bank.url, secret: '00'.repeat(32), triesMax: 1 })
  const account = await openAccount(sandbox, openingFen)
  const before = await booksOf(sandbox)
  expect(await stranger.debit(debitOf(account, 100n))).toEqual({ kind: 'unknown', doubt: 'signature' })
  expect(await booksOf(sandbox)).toEqual(before)
})

test('a far side that is down is left alone after some failures, and taken up again when it is back', async () => {
  const client = createBankClient({
    baseUrl: sandbox.bank.url,
    secret: sandbox.bankSecret,
    triesMax: 1,
    breakerFailures: 3,
    breakerOpenMs: 50,
  })
  const debit = debitOf(await openAccount(sandbox, openingFen), 100n)
  await setFault(sandbox.bank, { operation: 'transactions', mode: 'drop' })
  const doubts: string[] = []
  for (let i = 0; i < 5; i++) {
    const outcome = await client.inquire('debit', debit)
    doubts.push(outcome.kind === 'unknown' ? outcome.doubt : outcome.kind)
  }
  expect(doubts).toEqual(['unreachable', 'unreachable', 'unreachable', 'not-asked', 'not-asked'])
  expect(client.available).toBe(false)
  await clearFaults(sandbox)
  expect(await untilCertain(() => client.debit(debit))).toEqual({ kind: 'done' })
  expect(client.available).toBe(true)
})
