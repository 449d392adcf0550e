import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { newId } from '../../edge/client/node.ts'
import { seededRandom } from '../demo/transfers.ts'
import { payInTurn } from './ladder/postgresRung.ts'
import {
  batchOf,
  openPostgresBank,
  outcomes,
  type PeerConnection,
  type PeerPayment,
  type PostgresBank,
} from './postgresBank.ts'
import { regionBytesWritten } from './writtenBytes.ts'

const accounts = 12
const balanceFen = 1_000
const pageBytes = 8_192
const dayLimitFen = 2_500
let bank: PostgresBank
let connections: PeerConnection[]

beforeAll(async () => {
  bank = await openPostgresBank({ accounts, balanceFen, dayLimitFen, connectionsMax: 4 })
  connections = await Promise.all(Array.from({ length: 4 }, () => bank.connect()))
})
afterAll(async () => {
  for (const connection of connections ?? []) connection.release()
  await bank?.stop()
})
beforeEach(async () => {
  await bank.sql`truncate payments, entries`
  await bank.sql`update accounts set balance = ${balanceFen}, day_out = 0`
})

const pay = (payer: number, payee: number, amount: number, id = newId()): PeerPayment => ({ id, payer, payee, amount })

async function books(): Promise<{ id: number; balance: number; day_out: number }[]> {
  const rows = await bank.sql`select id::int, balance::int, day_out::int from accounts order by id`
  return rows as unknown as { id: number; balance: number; day_out: number }[]
}

/** What is in the accounts is what the journal says, nothing is below zero and nothing was made or lost. */
async function expectSound(): Promise<void> {
  const rows = await books()
  const [wrong] = await bank.sql`
    select count(*)::int as count from accounts left join (
      select account, sum(amount) as change from entries group by account
    ) moved on account = id where balance <> ${balanceFen} + coalesce(change, 0)`
  expect(wrong!.count).toBe(0)
  expect(Math.min(...rows.map(({ balance }) => balance))).toBeGreaterThanOrEqual(0)
  expect(rows.reduce((sum, { balance }) => sum + balance, 0)).toBe(accounts * balanceFen)
}

test('durability is on', async () => {
  const rows = await bank.sql`select name, setting from pg_settings
    where name in ('fsync', 'synchronous_commit', 'full_page_writes')`
  expect(rows.map(({ setting }) => setting)).toEqual(['on', 'on', 'on'])
})

test('a payment moves money once, and its id answers for ever', async () => {
  const [connection] = connections as [PeerConnection]
  const payment = pay(1, 2, 400)
  expect(await connection.pay(payment)).toBe(outcomes.accepted)
  expect(await connection.pay(payment)).toBe(outcomes.accepted)
  expect(await connection.pay({ ...payment, amount: 401 })).toBe(outcomes.idReused)
  expect(await connection.pay(pay(1, 2, 601))).toBe(outcomes.insufficient)
  expect(await connection.pay(pay(1, 1, 5))).toBe(outcomes.notAPayment)
  expect(await connection.pay(pay(1, 99, 5))).toBe(outcomes.unknown)
  expect(await connection.pay(pay(99, 1, 5))).toBe(outcomes.unknown)
  const rows = await books()
  expect(rows[1]!.balance).toBe(600)
  expect(rows[2]!.balance).toBe(1_400)
  await expectSound()
})

test('the limit of a day counts what was paid, whatever came in', async () => {
  const [connection] = connections as [PeerConnection]
  for (const from of [2, 3, 4]) expect(await connection.pay(pay(from, 1, 1_000))).toBe(outcomes.accepted)
  expect(await connection.pay(pay(1, 2, 2_500))).toBe(outcomes.accepted)
  expect(await connection.pay(pay(1, 2, 1))).toBe(outcomes.limit)
  await expectSound()
})

test('sixty-four payments both ways between two accounts end without a deadlock', async () => {
  const all = connections.flatMap((connection, i) =>
    Array.from({ length: 16 }, async () => connection.pay(i % 2 === 0 ? pay(1, 2, 3) : pay(2, 1, 3))),
  )
  expect(new Set(await Promise.all(all))).toEqual(new Set([outcomes.accepted]))
  await expectSound()
})

test('one id sent on every connection at once is one payment', async () => {
  const payment = pay(3, 4, 700)
  expect(await Promise.all(connections.map((connection) => connection.pay(payment)))).toEqual([0, 0, 0, 0])
  expect((await books())[3]!.balance).toBe(300)
  await expectSound()
})

test('a batch gives what its payments give one after the other', async () => {
  const [connection] = connections as [PeerConnection]
  for (let seed = 1; seed <= 12; seed++) {
    const random = seededRandom(seed)
    const below = (n: number): number => Math.floor(random() * n)
    const payments: PeerPayment[] = []
    for (let i = 0; i < 120; i++) {
      // A few accounts that are not there, amounts of nothing, and ids that come again.
      const made = pay(
        below(accounts + 1),
        below(accounts + 1),
        below(12) === 0 ? 0 : 1 + below(below(3) === 0 ? 900 : 90),
      )
      payments.push(i > 0 && below(20) === 0 ? { ...payments[below(i)]! } : made)
    }
    await bank.sql`truncate payments, entries`
    await bank.sql`update accounts set balance = ${balanceFen}, day_out = 0`
    const single: number[] = []
    for (const payment of payments) single.push(await connection.pay(payment))
    const after = await books()
    await bank.sql`truncate payments, entries`
    await bank.sql`update accounts set balance = ${balanceFen}, day_out = 0`
    expect(await connection.payBatch(batchOf(payments))).toEqual(single)
    expect(await books()).toEqual(after)
    await expectSound()
  }
})

test('payers that can pay are judged as a set beside one that cannot', async () => {
  const [connection] = connections as [PeerConnection]
  const payments = [pay(1, 2, 10), pay(5, 6, 900), pay(5, 7, 900), pay(8, 5, 800), pay(5, 7, 899), pay(3, 4, 10)]
  expect(await connection.payBatch(batchOf(payments))).toEqual([0, 0, outcomes.insufficient, 0, 0, 0])
  expect((await books())[5]!.balance).toBe(1)
  await expectSound()
})

test('the first of two payments with one id is the one that counts, whichever of them can be paid', async () => {
  const [connection] = connections as [PeerConnection]
  const id = newId()
  const payments = [pay(1, 2, 5_000, id), pay(3, 4, 10, id)]
  expect(await connection.payBatch(batchOf(payments))).toEqual([outcomes.insufficient, outcomes.idReused])
  await expectSound()
})

test('the same batch again executes nothing and answers the same', async () => {
  const [connection] = connections as [PeerConnection]
  const payments = Array.from({ length: 60 }, (_, i) => pay(i % 3, 3 + (i % 9), 300))
  const first = await connection.payBatch(batchOf(payments))
  expect(new Set(first)).toEqual(new Set([outcomes.accepted, outcomes.insufficient]))
  const before = await books()
  const [count] = await bank.sql`select count(*)::int as entries from entries`
  expect(await connection.payBatch(batchOf(payments))).toEqual(first)
  expect(await books()).toEqual(before)
  expect(await bank.sql`select count(*)::int as entries from entries`).toEqual([count])
  await expectSound()
})

test('batches over the same accounts on several connections end, and once each', async () => {
  const lists = connections.map((_, i) =>
    Array.from({ length: 40 }, (_, n) => pay((n * 7 + i) % accounts, (n * 5 + i + 1) % accounts, 2)),
  )
  const shared = lists[0]!
  const both = [...lists, shared]
  const answers = await Promise.all(both.map((list, i) => connections[i % 4]!.payBatch(batchOf(list))))
  expect(answers[4]).toEqual(answers[0])
  await expectSound()
})

test('a batch of nothing, or of more than 8,000, is refused', async () => {
  const [connection] = connections as [PeerConnection]
  await expect(connection.payBatch(batchOf([]))).rejects.toThrow(/1 to 8000/)
})

test('all that it writes is counted: more than its log grows by', async () => {
  const [connection] = connections as [PeerConnection]
  const logBytes = async () => Number((await bank.sql`select pg_current_wal_lsn() - '0/0'::pg_lsn as bytes`)[0]!.bytes)
  const [logged, written] = [await logBytes(), await bank.bytesWritten()]
  for (let n = 0; n < 40; n++) await connection.payBatch(batchOf(Array.from({ length: 500 }, () => pay(1, 2, 1))))
  const grownBy = (await logBytes()) - logged
  // A session tells what it wrote at the end of a transaction, at most once a second.
  const writtenSince = async () => {
    await connection.payBatch(batchOf([pay(1, 2, 1)]))
    return (await bank.bytesWritten()) - written
  }
  await expect.poll(writtenSince, { timeout: 10_000 }).toBeGreaterThan(grownBy)
})

test('a region whose database writes little by little is not said to have written many times as much', async () => {
  const [connection] = connections as [PeerConnection]
  const written = () => regionBytesWritten({ postgres: bank.pid }, bank.sql)
  const payments = 200
  const writtenByPayments = async (): Promise<number> => {
    const before = await written()
    for (let n = 0; n < payments; n++) await connection.pay(pay(1, 2, 1))
    // A session tells what it wrote at the end of a transaction, at most once a second.
    const writtenSince = async () => {
      await connection.pay(pay(1, 2, 1))
      return (await written()) - before
    }
    await expect.poll(writtenSince, { timeout: 10_000 }).toBeGreaterThan((payments / 2) * pageBytes)
    return writtenSince()
  }
  // A commit writes the page of the log in which it ends, seldom two. What other sessions and a checkpoint tell of
  // meanwhile comes on top now and then, but not each time.
  await expect.poll(writtenByPayments, { timeout: 25_000 }).toBeLessThan(payments * 3 * pageBytes)
})

/** Another process, which waits for payments to be there: this one can be held up meanwhile. */
const waitsForPayments = `
const { default: postgres } = await import('postgres')
const { count, host, port, password } = JSON.parse(process.argv[1])
const sql = postgres({ host, port, password, username: 'jiaozi', database: 'peer' })
const endsMs = performance.now() + 10_000
let found = 0
while (found < count && performance.now() < endsMs) found = (await sql\`select count(*)::int as n from payments\`)[0].n
process.stdout.write(String(found))
process.exit()
`

test('the server has a batch while the next is made', async () => {
  const [connection] = connections as [PeerConnection]
  // The first call of a statement needs an answer before it can be sent as a whole.
  await connection.payBatch(batchOf([pay(1, 2, 1)]))
  const batch = batchOf(Array.from({ length: 49 }, () => pay(1, 2, 1)))
  const { host, port, pass } = bank.sql.options
  const asked = JSON.stringify({ count: 50, host: host[0], port: port[0], password: pass })
  const args = ['--input-type=module', '--eval', waitsForPayments, asked]
  let [made, found] = [0, '']
  const call = {
    prepare() {
      made += 1
      if (made === 2) found = execFileSync(process.execPath, args, { encoding: 'utf8' })
      return () => connection.payBatch(batch)
    },
  }
  await payInTurn(call, performance.now() + 1, () => undefined)
  expect(found).toBe('50')
})
