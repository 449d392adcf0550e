import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeBatch } from '../ledger/frameBuilder.ts'
import { frameKinds } from '../ledger/records.ts'
import { decodeAnswer } from '../log/answers.ts'
import type { Effect } from '../log/effects.ts'
import { decodeJson, encodeJson } from '../log/jsonBytes.ts'
import type { Mark } from '../log/marks.ts'
import type { Query, QueryAnswer } from '../log/queries.ts'
import { HostTown, type Resident, region } from './hostTown.fixture.ts'
import type { Leader } from './leader.ts'

let folder: string
let town: HostTown
let alice: Resident
let bob: Resident
let tokens = 0

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jiaozi-gate-'))
  town = new HostTown({ folder })
  await town.begin()
  alice = await town.open(0)
  bob = await town.open(1)
  await town.fund(alice, 10_000)
})
afterEach(async () => {
  await town.end()
  rmSync(folder, { recursive: true, force: true })
})

/** A leader whose log another region must vouch for; the test is that region. */
async function leadGated(shard: number): Promise<Leader> {
  const { leader } = await town.lead(shard, `gated ${shard}`, { gated: true })
  leader!.commit(leader!.replica.seq)
  return leader!
}
const applied = (leader: Leader, seq: number): Promise<void> =>
  town.until(`shard ${leader.shard} has applied ${seq}`, () => leader.replica.seq >= seq)
const pay = (fen: number): Promise<number> => town.pay(0, [town.payment(alice, bob, fen, ++tokens)])
/** Time in which everything would leave that may. */
async function waitAWhile(): Promise<void> {
  for (let round = 0; round < 100; round++) {
    town.timers.advance(50)
    await new Promise((resolve) => setTimeout(resolve))
  }
}
const answers = () => town.said.flatMap(({ subject, message }) => (subject === 'res.1' ? [decodeAnswer(message)] : []))
const kinds = (): string[] => answers().map(({ kind }) => kind)
const marksOf = (shard: number): Mark[] =>
  town.said.flatMap(({ subject, message }) =>
    subject === `mark.${region}.${shard}` ? [decodeJson(message) as Mark] : [],
  )
const effects = (): Effect[] =>
  town.said.flatMap(({ subject, message }) => (subject === `fx.${region}.0` ? [decodeJson(message) as Effect] : []))
const ask = (leader: Leader, query: Query): Promise<QueryAnswer> => Promise.resolve(leader.onQuery(encodeJson(query)))
const askBalance = async (leader: Leader): Promise<number> => {
  const answer = await ask(leader, { type: 'wallet', number: alice.number })
  return answer.ok ? (answer.result as { balance: number }).balance : Number.NaN
}

describe('nothing leaves before its position is committed', () => {
  test('no answer', async () => {
    const leader = await leadGated(0)
    const first = await pay(100)
    const second = await pay(100)
    await applied(leader, second)
    await waitAWhile()
    expect(kinds()).toEqual([])
    leader.commit(first)
    expect(answers()).toMatchObject([{ kind: 'frame', seq: first }])
    leader.commit(second)
    expect(answers()).toMatchObject([{ seq: first }, { seq: second }])
  })

  test('no record for another shard', async () => {
    const leader = await leadGated(0)
    await town.lead(1, 'other')
    const first = await pay(100)
    const second = await pay(50)
    await applied(leader, second)
    await waitAWhile()
    expect(town.inTransit()).toBe(2)
    leader.commit(first)
    await town.until('the first has arrived', () => town.inTransit() === 1)
    await waitAWhile()
    expect([town.inTransit(), town.balance(bob)]).toEqual([1, 100])
    leader.commit(second)
    await town.until('the second has arrived', () => town.inTransit() === 0)
    expect(town.balance(bob)).toBe(150)
  })

  test('no record for another shard, nor word of what came from it, once it was committed alone and may be given up', async () => {
    let maySayAgain = true
    const { leader } = await town.lead(0, 'alone', { gated: true, maySayAgain: () => maySayAgain })
    leader!.commit(leader!.replica.seq)
    await town.lead(1, 'other')
    const first = await pay(100)
    await applied(leader!, first)
    leader!.commit(first)
    await town.until('the first has arrived', () => town.inTransit() === 0)
    const second = await pay(50)
    await applied(leader!, second)
    maySayAgain = false
    leader!.commit(second)
    await waitAWhile()
    const marks = marksOf(0).length
    await waitAWhile()
    expect([town.inTransit(), town.balance(bob), marksOf(0).length]).toEqual([1, 100, marks])
    maySayAgain = true
    await town.until('the second has arrived', () => town.inTransit() === 0)
    expect([town.balance(bob), marksOf(0).length > marks]).toEqual([150, true])
  })

  test('no completion, and no mark that speaks of the credit: the payer’s shard takes it for open', async () => {
    const payee = await leadGated(1)
    const { leader: payer } = await town.lead(0, 'payer')
    const before = payee.replica.seq
    const id = town.id()
    const seq = await town.pay(0, [town.payment(alice, bob, 100, ++tokens, id)])
    await town.until('it is credited', () => town.quiet({ 0: seq }) && payee.replica.seq > before)
    await waitAWhile()
    expect(kinds()).toEqual(['frame'])
    expect(marksOf(1).every((mark) => mark.received[0]!.number === 0 && mark.seq === before)).toBe(true)
    const isComplete = async (): Promise<unknown> => {
      const answer = await ask(payer!, { type: 'command', actor: alice.number, id })
      return answer.ok && (answer.result as { complete: boolean }).complete
    }
    expect(await isComplete()).toBe(false)
    payee.commit(payee.replica.seq)
    await town.until('the payer’s shard hears of it', () => marksOf(1).at(-1)!.received[0]!.number === 1)
    await waitAWhile()
    expect([kinds(), await isComplete()]).toEqual([['frame', 'completions'], true])
  })

  test('no return, and a mark never tells of fewer returns than its watermark covers', async () => {
    const payee = await leadGated(1)
    await town.lead(0, 'payer')
    const seq = await town.pay(0, [town.payment(alice, town.stranger(1), 100, ++tokens)])
    await town.until('the credit was refused', () => town.observers[1]!.ledger.state.returnsIssued[0] === 1)
    await applied(payee, town.observers[1]!.seq)
    await waitAWhile()
    expect(town.balance(alice)).toBe(9_900)
    expect(marksOf(1).at(-1)!.received[0]).toMatchObject({ number: 0, returns: 0 })
    payee.commit(payee.replica.seq)
    await town.until('the money is home', () => town.quiet({ 0: seq }) && town.balance(alice) === 10_000)
    for (const { received } of marksOf(1)) expect(received[0]!.returns).toBe(received[0]!.number)
  })

  test('no progress of a batch, at either end', async () => {
    const payer = await leadGated(0)
    const payee = await leadGated(1)
    const header = { id: town.id(), digestHigh: 1, digestLow: 2, institution: 1, flags: 0 }
    const record = { payer: alice.number, payee: bob.number, amount: 100, authorisation: 9, index: 0 }
    const body = encodeBatch({ ...header, requestedMs: town.timers.nowMs, token: ++tokens }, [record])
    const seq = await town.append(0, { kind: 'edge', id: '1' }, frameKinds.batch, [body])
    await applied(payer, seq)
    await waitAWhile()
    expect([kinds(), town.inTransit()]).toEqual([[], 1])
    payer.commit(seq)
    await town.until('it is credited', () => town.inTransit() === 0)
    await applied(payee, town.observers[1]!.seq)
    await waitAWhile()
    expect(kinds()).toEqual(['batch'])
    payee.commit(payee.replica.seq)
    expect(kinds()).toEqual(['batch', 'batchProgress'])
  })

  test('no effect, not by repeating either; and it leaves as it was at its position', async () => {
    const leader = await leadGated(0)
    await town.recharge(alice, 500)
    const { seq } = town.observers[0]!
    await applied(leader, seq)
    const id = await town.recharge(alice, 700)
    await town.settle(alice, id)
    await applied(leader, town.observers[0]!.seq)
    await waitAWhile()
    expect(effects()).toEqual([])
    leader.commit(seq)
    expect(effects().map(({ amountFen }) => amountFen)).toEqual(['500'])
    leader.commit(leader.replica.seq)
    expect(
      effects()
        .slice(0, 2)
        .map(({ amountFen }) => amountFen),
    ).toEqual(['500', '700'])
    await town.until('the open one is told again', () => effects().length > 3)
    expect(effects().at(-1)!.amountFen).toBe('500')
  })

  test('no read: it says what it saw, once that is committed, whatever came later', async () => {
    const leader = await leadGated(0)
    expect(await askBalance(leader)).toBe(10_000)
    const seq = await pay(100)
    await applied(leader, seq)
    let told: number | undefined
    const asked = askBalance(leader).then((balance) => {
      told = balance
    })
    await applied(leader, await pay(1_000))
    expect(told).toBeUndefined()
    leader.commit(seq)
    await asked
    expect(told).toBe(9_900)
  })

  test('a read that waits too long, or whose leader stops, is told so', async () => {
    const leader = await leadGated(0)
    await applied(leader, await pay(100))
    const query: Query = { type: 'wallet', number: alice.number }
    const late = ask(leader, query)
    town.timers.advance(1_000)
    expect(await late).toEqual({ ok: false, error: 'not-committed' })
    const cut = ask(leader, query)
    leader.stop()
    leader.commit(leader.replica.seq)
    expect(await cut).toEqual({ ok: false, error: 'not-leading' })
  })

  test('no snapshot: it is of the position at which it was taken, and stored once that is committed', async () => {
    const runner = await town.lead(0, 'gated', { gated: true })
    const leader = runner.leader!
    const seq = await pay(100)
    await applied(leader, seq)
    const saving = runner.snapshot()
    const taken = await pay(100)
    await applied(leader, taken)
    leader.commit(seq)
    await new Promise((resolve) => setTimeout(resolve))
    await applied(leader, await pay(100))
    expect(await town.snapshots.list(0)).toEqual([])
    leader.commit(taken)
    await saving
    expect(await town.snapshots.list(0)).toMatchObject([{ seq: taken, epoch: 0 }])
    const never = runner.snapshot()
    await new Promise((resolve) => setTimeout(resolve))
    town.timers.advance(2_000)
    await never
    expect(await town.snapshots.list(0)).toHaveLength(1)
  })

  test('no snapshot of a runner that stops, which does not wait for the commit either', async () => {
    const runner = await town.lead(0, 'gated', { gated: true })
    await applied(runner.leader!, await pay(100))
    void runner.snapshot()
    await new Promise((resolve) => setTimeout(resolve))
    await runner.stop()
    expect(await town.snapshots.list(0)).toEqual([])
  })
})

test('a leader that may have been followed by another region’s says how old its word is', async () => {
  let doubtfulMs: number | undefined
  const { leader } = await town.lead(0, 'gated', { gated: true, doubtfulMs: () => doubtfulMs })
  leader!.commit(leader!.replica.seq)
  const read = { type: 'wallet', number: alice.number } as const
  const { seq } = leader!.replica
  const place = { shard: 0, seq, timeMs: leader!.replica.ledger.state.logTimeMs }
  expect(await ask(leader!, read)).toMatchObject({ asOf: place, result: { balance: 10_000 } })
  expect(await ask(leader!, read)).not.toHaveProperty('asOf.ageMs')
  doubtfulMs = 4_000
  expect(await ask(leader!, read)).toMatchObject({ asOf: { ...place, ageMs: 4_000 }, result: { balance: 10_000 } })
})

describe('a leader that begins behind the gate', () => {
  test('sends what its shard owes from before, and the answers that perhaps nobody gave, once that is committed', async () => {
    await town.lead(1, 'other')
    const seq = await pay(100)
    const { leader } = await town.lead(0, 'gated', { gated: true })
    await waitAWhile()
    const frameAnswers = () => answers().filter(({ kind, shard }) => kind === 'frame' && shard === 0)
    expect([leader!.replica.seq, town.inTransit(), marksOf(0), frameAnswers()]).toEqual([seq, 1, [], []])
    leader!.commit(seq)
    await town.until('it has arrived', () => town.quiet({ 0: seq }))
    await town.until('it says where it stands', () => marksOf(0).at(-1)?.seq === seq)
    expect(frameAnswers()).toMatchObject([{ seq }])
  })

  test('that knows already what is committed does not wait', async () => {
    await town.lead(1, 'other')
    const seq = await pay(100)
    const { leader } = await town.lead(0, 'gated', { gated: true })
    leader!.stop()
    leader!.commit(seq)
    leader!.lead()
    await town.until('it has arrived', () => town.quiet({ 0: seq }))
  })

  test('that stood down leads again, and what it held then is not said', async () => {
    const leader = await leadGated(0)
    await town.lead(1, 'other')
    const held = await pay(100)
    await applied(leader, held)
    leader.stop()
    leader.commit(held)
    const apart = await pay(200)
    await applied(leader, apart)
    leader.lead()
    const next = await pay(300)
    await applied(leader, next)
    leader.commit(next)
    await town.until('all has arrived', () => town.quiet({ 0: next }))
    expect(answers().filter(({ kind, shard }) => kind === 'frame' && shard === 0)).toMatchObject([
      { seq: apart },
      { seq: next },
    ])
    expect(town.balance(bob)).toBe(600)
  })
})
