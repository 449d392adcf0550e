import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { rechargeSteps, redemptionSteps } from '../ledger/records.ts'
import { type RunningDriver, runDriver } from './runningDriver.fixture.ts'
import { faultModes } from './sandbox/faults.ts'
import { type SandboxProcesses, startSandboxProcesses } from './sandbox/sandboxProcesses.fixture.ts'
import {
  type Books,
  booksOf,
  clearFaults,
  openAccount,
  setFault,
  type TestAccount,
} from './sandbox/sandboxRequests.fixture.ts'
import { type BegunSaga, WalletShard } from './walletShard.fixture.ts'

let sandbox: SandboxProcesses
let shard: WalletShard
let before: Books
const running: RunningDriver[] = []

beforeAll(async () => {
  sandbox = await startSandboxProcesses()
})

beforeEach(async () => {
  shard = new WalletShard()
  await shard.begin()
  before = await booksOf(sandbox)
})

afterEach(async () => {
  for (const driver of running.splice(0)) await driver.stop()
  await clearFaults(sandbox)
})

afterAll(async () => {
  await sandbox.close()
})

/** A driver of this test, which ends with it. */
function startDriver(connectorId = '1', doubtsMax = 1_000, nowMs?: () => number): RunningDriver {
  const driver = runDriver(sandbox, shard, connectorId, doubtsMax, nowMs)
  running.push(driver)
  return driver
}

/** Shows open sagas again and again, as hosts do, until none is open. */
async function untilAllEnded(): Promise<void> {
  while (shard.showOpen() > 0) await sleep(25)
}

async function walletWith(balanceFen: bigint): Promise<{ account: TestAccount; wallet: number; link: number }> {
  const account = await openAccount(sandbox, balanceFen)
  before.customers += balanceFen
  return { account, ...(await shard.openWallet(account)) }
}

/** The shard is new in each test, so that its wallets hold exactly what was issued since the test began. */
async function expectBooksToAddUp(): Promise<void> {
  const after = await booksOf(sandbox)
  expect(after.issued - before.issued).toBe(shard.walletsFen())
  expect(after.reserve - before.reserve).toBe(shard.walletsFen())
  expect(after.customers + after.unclaimed + shard.walletsFen()).toBe(before.customers + before.unclaimed)
  expect(after.suspense).toBe(0n)
  // Not zero once a saga of an earlier test was left waiting for a human.
  expect(after.settlement - after.bankSettlement).toBe(before.settlement - before.bankSettlement)
}

function endOf(saga: BegunSaga): [number, string] {
  const { step, reason } = shard.saga(saga)
  return [step, reason]
}

describe('a recharge', () => {
  test('moves its amount from the linked account into the wallet, reserved and issued', async () => {
    startDriver()
    const { account, wallet, link } = await walletWith(10_000n)
    const saga = await shard.recharge(wallet, link, 7_500, account.authToken)
    await untilAllEnded()
    expect(endOf(saga)).toEqual([rechargeSteps.settled, 'accepted'])
    expect(shard.balance(wallet)).toBe(7_500)
    await expectBooksToAddUp()
  })

  test.each([
    ['linked-account-funds-insufficient', 10_001, (account: TestAccount) => account.authToken],
    ['linked-account-refused', 100, () => 'a forged token'],
  ] as const)(
    'that the bank refuses ends as %s and leaves room and money as they were',
    async (reason, amount, tokenOf) => {
      startDriver()
      const { account, wallet, link } = await walletWith(10_000n)
      const saga = await shard.recharge(wallet, link, amount, tokenOf(account))
      await untilAllEnded()
      expect(endOf(saga)).toEqual([rechargeSteps.refused, reason])
      expect([shard.balance(wallet), shard.pendingIn(wallet)]).toEqual([0, 0])
      await expectBooksToAddUp()
    },
  )

  test('from a closed account ends as linked-account-inactive', async () => {
    startDriver()
    const { account, wallet, link } = await walletWith(10_000n)
    await account.close()
    const saga = await shard.recharge(wallet, link, 100, account.authToken)
    await untilAllEnded()
    expect(endOf(saga)).toEqual([rechargeSteps.refused, 'linked-account-inactive'])
    await expectBooksToAddUp()
  })

  test('whose issuance is refused for good is refunded', async () => {
    startDriver()
    const { account, wallet, link } = await walletWith(10_000n)
    await setFault(sandbox.centralBank, { operation: 'issuances', mode: 'refuse', count: 1 })
    const saga = await shard.recharge(wallet, link, 5_000, account.authToken)
    await untilAllEnded()
    expect(endOf(saga)).toEqual([rechargeSteps.refunded, 'issuance-refused'])
    expect(shard.balance(wallet)).toBe(0)
    await expectBooksToAddUp()
  })

  test('whose issuance is never answered is called off and refunded, and a late issuance is refused', async () => {
    startDriver('1', 2)
    const { account, wallet, link } = await walletWith(10_000n)
    await setFault(sandbox.centralBank, { operation: 'issuances', mode: 'drop' })
    const saga = await shard.recharge(wallet, link, 5_000, account.authToken)
    await untilAllEnded()
    expect(endOf(saga)).toEqual([rechargeSteps.refunded, 'issuance-refused'])
    await expectBooksToAddUp()
  })

  test('whose debit was executed but never answered is found by inquiry', async () => {
    startDriver('1', 2)
    const { account, wallet, link } = await walletWith(10_000n)
    await setFault(sandbox.bank, { operation: 'debits', mode: 'drop-after-execution' })
    const saga = await shard.recharge(wallet, link, 5_000, account.authToken)
    await untilAllEnded()
    expect(endOf(saga)).toEqual([rechargeSteps.settled, 'accepted'])
    await expectBooksToAddUp()
  })

  test('of one wallet is not taken for that of another with the same id', async () => {
    startDriver()
    const { account, wallet, link } = await walletWith(10_000n)
    const other = await shard.openWallet(account)
    const id = shard.newId()
    await shard.recharge(wallet, link, 1_000, account.authToken, id)
    await shard.recharge(other.wallet, other.link, 1_000, account.authToken, id)
    await untilAllEnded()
    expect(shard.walletsFen()).toBe(2_000n)
    await expectBooksToAddUp()
  })
})

describe('a redemption', () => {
  async function funded(amount: number): Promise<{ account: TestAccount; wallet: number; link: number }> {
    const opened = await walletWith(BigInt(amount))
    await shard.recharge(opened.wallet, opened.link, amount, opened.account.authToken)
    await untilAllEnded()
    return opened
  }

  test('burns and pays out what left the wallet', async () => {
    startDriver()
    const { wallet, link } = await funded(9_000)
    const saga = await shard.redeem(wallet, link, 4_000)
    await untilAllEnded()
    expect(endOf(saga)).toEqual([redemptionSteps.paid, 'accepted'])
    expect(shard.balance(wallet)).toBe(5_000)
    await expectBooksToAddUp()
  })

  test('to an account that was closed comes back to the wallet, issued again', async () => {
    startDriver()
    const { account, wallet, link } = await funded(9_000)
    await account.close()
    const saga = await shard.redeem(wallet, link, 4_000)
    await untilAllEnded()
    expect(endOf(saga)).toEqual([redemptionSteps.returned, 'payout-refused'])
    expect(shard.balance(wallet)).toBe(9_000)
    await expectBooksToAddUp()
  })

  test('that the central bank refuses to burn comes back to the wallet', async () => {
    startDriver()
    const { wallet, link } = await funded(9_000)
    await setFault(sandbox.centralBank, { operation: 'burns', mode: 'refuse', count: 1 })
    const saga = await shard.redeem(wallet, link, 4_000)
    await untilAllEnded()
    expect(endOf(saga)).toEqual([redemptionSteps.refused, 'payout-refused'])
    expect(shard.balance(wallet)).toBe(9_000)
    await expectBooksToAddUp()
  })

  test('whose reissue is answered by a stranger is asked for again until the central bank itself has spoken', async () => {
    startDriver()
    const { account, wallet, link } = await funded(9_000)
    await account.close()
    await setFault(sandbox.centralBank, { operation: 'burn-reversals', mode: 'wrong-signature', count: 12 })
    const saga = await shard.redeem(wallet, link, 4_000)
    await untilAllEnded()
    expect(endOf(saga)).toEqual([redemptionSteps.returned, 'payout-refused'])
    await expectBooksToAddUp()
  })

  test('whose reissue is refused for good stays open, guesses nothing, and calls a human once', async () => {
    const { events } = startDriver()
    const { account, wallet, link } = await funded(9_000)
    await account.close()
    await setFault(sandbox.centralBank, { operation: 'burn-reversals', mode: 'refuse', count: 1, reason: 'HELD' })
    const saga = await shard.redeem(wallet, link, 4_000)
    while (!events.some(({ kind }) => kind === 'stuck')) {
      shard.showOpen()
      await sleep(10)
    }
    for (let n = 0; n < 5; n++) {
      shard.showOpen()
      await sleep(20)
    }
    expect(events.filter(({ kind }) => kind === 'stuck')).toHaveLength(1)
    expect(shard.saga(saga).step).toBe(redemptionSteps.reissuing)
    expect(shard.balance(wallet)).toBe(5_000)
  })
})

describe('a storm of sagas', () => {
  /** Every fault at every operation, each striking some of the requests, all from one seed. */
  async function setAllFaults(seed: number): Promise<void> {
    const modes = faultModes.filter((mode) => mode !== 'refuse')
    for (const side of [sandbox.bank, sandbox.centralBank]) {
      for (const [n, mode] of modes.entries()) {
        const delay_ms = mode === 'slow' || mode === 'late' ? 600 : 0
        const probability = delay_ms > 0 ? 0.01 : 0.04
        await setFault(side, { operation: '*', mode, delay_ms, probability, seed: seed * 100 + n })
      }
    }
    await setFault(sandbox.centralBank, { operation: 'issuances', mode: 'refuse', probability: 0.1, seed })
    await setFault(sandbox.bank, { operation: 'credits', mode: 'refuse', probability: 0.1, seed })
  }

  test('ends with every saga settled or undone, and every book adding up, whatever fails on the way', async () => {
    startDriver('1')
    const wallets: Awaited<ReturnType<typeof walletWith>>[] = []
    for (let i = 0; i < 12; i++) wallets.push(await walletWith(100_000n))
    for (const { account, wallet, link } of wallets) await shard.recharge(wallet, link, 20_000, account.authToken)
    await untilAllEnded()
    expect(shard.walletsFen()).toBe(240_000n)
    await setAllFaults(11)
    let n = 0
    const fates = ['store', 'lose', 'lose-ack', 'refuse', 'store', 'store'] as const
    shard.fateOfAppend = () => fates[n++ % fates.length]!
    startDriver('2')
    for (let round = 0; round < 3; round++) {
      for (const { account, wallet, link } of wallets) {
        await shard.recharge(wallet, link, 1_000 + round, account.authToken)
        await shard.redeem(wallet, link, 500 + round)
      }
      await sleep(100)
      const side = round === 1 ? sandbox.centralBank : sandbox.bank
      await side.kill()
      running[round]?.abandon()
      startDriver(String(3 + round))
      await sleep(50)
      await side.start()
      if (side === sandbox.bank) await setAllFaults(12 + round)
    }
    await sleep(300)
    await clearFaults(sandbox)
    await untilAllEnded()
    for (const driver of running.splice(0)) await driver.stop()
    await expectBooksToAddUp()
  })
})

test('a step whose answer never reached the log is answered again, though the clock was set back meanwhile', async () => {
  let nowMs = Date.now()
  const losing = startDriver('1', 1_000, () => nowMs)
  // What it answers is lost; what it is shown it still works on.
  losing.abandon()
  const unsubscribe = shard.subscribe((effect) => losing.driver.onEffect(effect))
  const answers = (): number => losing.events.filter(({ kind }) => kind === 'reached').length
  const { account, wallet, link } = await walletWith(10_000n)
  const saga = await shard.recharge(wallet, link, 5_000, account.authToken)
  for (const times of [1, 2]) {
    while (answers() < times) {
      shard.showOpen()
      await sleep(25)
    }
    nowMs -= 3_600_000
  }
  unsubscribe()
  startDriver()
  await untilAllEnded()
  expect(endOf(saga)).toEqual([rechargeSteps.settled, 'accepted'])
  await expectBooksToAddUp()
})
