import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { farTxId } from '../connectors/farTxId.ts'
import { startSignedServer } from '../connectors/sandbox/signedServer.ts'
import { stopServer } from '../connectors/sandbox/stopServer.ts'
import { yuanText } from '../connectors/yuan.ts'
import type { Resident } from '../host/hostTown.fixture.ts'
import { commandIdText } from '../ledger/ids.ts'
import { createBlobs } from '../log/blobs.ts'
import { createLogger } from '../log/process.ts'
import type { Findings, Verdict } from '../log/report.ts'
import { createOpener } from '../log/sealing.ts'
import { eachTestFollowed, type FollowedTown } from './followedTown.fixture.ts'
import { needsReview, reconcile } from './reconcile.ts'
import type { RegionFacts } from './regionFacts.ts'

const secret = '11'.repeat(32)

/** What a bank or central bank says of itself, true or not. */
class FarSide {
  readonly entries: { tx_id: string; kind: string; legs: { account: string; amount: string }[] }[] = []
  /** Added to what its entries come to. */
  misstatedFen = 0n
  /** What happens between a question for balances and the next. */
  meanwhile = (): void => undefined
  #server: Awaited<ReturnType<typeof startSignedServer>> | undefined

  add(txId: string, legs: Record<string, bigint>): void {
    const named = Object.entries(legs).map(([account, fen]) => ({ account, amount: yuanText(fen) }))
    this.entries.push({ tx_id: txId, kind: 'movement', legs: named })
  }

  #sum(account: string): string {
    const legs = this.entries.flatMap((entry) => entry.legs).filter((leg) => leg.account.startsWith(account))
    const fen = legs.reduce((sum, { amount }) => sum + BigInt(amount.replace('.', '')), 0n)
    return yuanText(fen + (account === 'issuance:issued' ? this.misstatedFen : 0n))
  }

  async open(): Promise<string> {
    const balances = (): Record<string, unknown> => {
      const [reserve, issued] = [this.#sum('money:reserve'), this.#sum('issuance:issued')]
      return { reserve, issued, last_seq: this.entries.length }
    }
    const statement = (after: number): Record<string, unknown> => {
      const entries = this.entries.map((entry, n) => ({ seq: n + 1, ...entry })).slice(after)
      return { entries, next: this.entries.length, last_seq: this.entries.length }
    }
    const route = { method: 'GET', operation: 'read' } as const
    this.#server = await startSignedServer({
      host: '127.0.0.1',
      port: 0,
      keys: { connector: Buffer.from(secret, 'hex') },
      log: createLogger('test', 'silent'),
      ready: () => true,
      routes: [
        {
          ...route,
          path: '/balances',
          signers: 'open',
          run: () => {
            const body = balances()
            this.meanwhile()
            return { status: 200, body }
          },
        },
        {
          ...route,
          path: '/statement',
          signers: ['connector'],
          run: ({ query }) => ({ status: 200, body: statement(Number(query.get('after'))) }),
        },
      ],
    })
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close = (): Promise<void> => stopServer(this.#server!)
}

let followed: FollowedTown
let alice: Resident
let bank: FarSide
let centralBank: FarSide
let facts: RegionFacts
const idOf = (id: Uint8Array): string => farTxId(alice.number, commandIdText(id))

function recharged(id: Uint8Array, fen: bigint): void {
  bank.add(idOf(id), { 'customer:1': -fen })
  centralBank.add(idOf(id), { 'money:reserve:1': fen, 'issuance:issued:1': fen })
}

eachTestFollowed(
  async (one) => {
    followed = one
    ;[bank, centralBank] = [new FarSide(), new FarSide()]
    const [bankUrl, centralBankUrl] = [await bank.open(), await centralBank.open()]
    facts = { bankUrl, centralBankUrl, bankSecret: secret, centralBankSecret: secret } as RegionFacts
    await followed.project()
    alice = await followed.town.open(0)
    await followed.town.open(1)
    const id = await followed.town.recharge(alice, 10_000)
    await followed.town.settle(alice, id)
    recharged(id, 10_000n)
  },
  async () => undefined,
)
afterEach(async () => {
  await Promise.all([bank.close(), centralBank.close()])
})

async function reconciled(): Promise<Findings> {
  await followed.caughtUp()
  const { town, sql } = followed
  const openers = town.logs.map((_, shard) => createOpener(town.ring, { shard }))
  const snapshots = town.logs.map(() => [])
  return reconcile({ facts, sql, blobs: createBlobs(town.ring), logs: town.logs, openers, snapshots })
}

describe('what the central bank says that it holds is compared with its statement', () => {
  test('when nothing is under way', async () => {
    expect(await reconciled()).toMatchObject({
      verdict: 'pass',
      figures: { 'sagas.under_way': 0, 'difference.fen': 0 },
    })
    centralBank.misstatedFen = 7n
    expect(await reconciled()).toMatchObject({ verdict: 'fail', figures: { 'difference.fen': 7 } })
  })

  test('and while something is', async () => {
    await followed.town.recharge(alice, 300)
    expect(await reconciled()).toMatchObject({
      verdict: 'pass',
      figures: { 'sagas.under_way': 1, 'difference.fen': 0 },
    })
    centralBank.misstatedFen = -7n
    expect(await reconciled()).toMatchObject({
      verdict: 'fail',
      figures: { 'sagas.under_way': 1, 'difference.fen': 7 },
      notes: ["the central bank's balances differ from its own statement by 7 fen"],
    })
  })

  test('entry by entry, so that what moves on meanwhile makes no difference', async () => {
    const id = await followed.town.recharge(alice, 300)
    centralBank.meanwhile = () => recharged(id, 300n)
    expect(await reconciled()).toMatchObject({
      verdict: 'pass',
      figures: { 'sagas.under_way': 1, 'difference.fen': 0 },
    })
  })
})

describe('a wallet that differs', () => {
  test('is counted in fen, by the larger of what its row and its journal are wrong by', async () => {
    await followed.caughtUp()
    await followed.sql`update entries set delta_fen = delta_fen - 40`
    const { verdict, figures, notes } = await reconciled()
    expect({ verdict, notes }).toEqual({
      verdict: 'fail',
      notes: [`wallet ${alice.number}: journal sums to 9960 fen, the log has 10000`],
    })
    expect(figures).toMatchObject({ 'difference.fen': 0, 'wallets.differing': 1, 'wallets.differing.fen': 40 })
    await followed.sql`delete from wallets where number = ${alice.number}`
    expect((await reconciled()).figures).toMatchObject({ 'wallets.differing': 1, 'wallets.differing.fen': 10_000 })
  })
})

test('people are asked about all that differs but money up to the threshold alone', () => {
  const asked = (verdict: Verdict, fen: number, wallets: number, thresholdFen: bigint): boolean =>
    needsReview({ verdict, figures: { 'difference.fen': fen, 'wallets.differing': wallets } }, thresholdFen)
  expect(asked('pass', 0, 0, 0n)).toBe(false)
  expect([asked('fail', 5, 0, 5n), asked('fail', 6, 0, 5n), asked('fail', 5, 0, 0n)]).toEqual([false, true, true])
  expect([asked('fail', 0, 1, 0n), asked('fail', 0, 1, 5n), asked('fail', 5, 1, 5n)]).toEqual([true, true, true])
  expect(asked('unknown', 0, 0, 5n)).toBe(true)
})
