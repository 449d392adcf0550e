import { beforeEach, describe, expect, test } from 'vitest'
import type { AnswerOutcome, Payment } from '../traffic/payment.ts'
import type { Entry, RegionView } from './regionView.ts'
import { compareAnswers, differingLines, unexplainedBalances } from './setAlgebra.ts'

const [alice, bob] = [0, 1]
const openingFen = [1_000, 1_000]
let payments: Payment[]
let a: { region: string; balancesFen: number[]; entries: Entry[][] }
let b: typeof a

const line = (id: string, kind: string, fen: number): Entry => ({ id, kind, fen, line: `${id} ${kind} ${fen}` })

function payment(id: string, fen: number, ...outcomes: AnswerOutcome[]): Payment {
  const answers = outcomes.map((outcome, n) => ({ atMs: n, edge: 'a', status: 0, outcome, text: `${id} ${outcome}` }))
  const shards = { payerShard: 0, payeeShard: 1 }
  return { id, payer: alice, payee: bob, fen, ...shards, probe: false, sentAtMs: 0, answers }
}

const regionOf = (region: string): typeof a => ({
  region,
  balancesFen: [700, 1_300],
  entries: [
    [line('p1', 'payment_out', -300), line('r-alice', 'recharge', 1_000)],
    [line('p1', 'payment_in', 300), line('r-bob', 'recharge', 1_000)],
  ],
})

const compare = (views: RegionView[] = [a, b]) => compareAnswers(payments, openingFen, views)

beforeEach(() => {
  payments = [payment('p1', 300, 'silent', 'completed')]
  a = regionOf('a')
  b = regionOf('b')
})

test('what was answered and is in both regions once is neither lost nor doubled', () => {
  payments.push(payment('p2', 50, 'refused'))
  expect(compare()).toEqual({
    answered: 2,
    acknowledged: 1,
    refused: 1,
    unanswered: [],
    lost: [],
    doubled: [],
    contradicted: [],
    unexplained: [],
  })
  expect(unexplainedBalances(payments, openingFen, [a, b])).toEqual([])
  expect(differingLines([a, b])).toEqual([])
})

describe('it finds', () => {
  test('a payment that was acknowledged and that one region has not', () => {
    b.entries = [[line('r-alice', 'recharge', 1_000)], [line('r-bob', 'recharge', 1_000)]]
    b.balancesFen = [1_000, 1_000]
    expect(compare().lost).toEqual([{ id: 'p1', fen: 300, detail: 'b: 0 out, 0 in, 0 returned' }])
    expect(unexplainedBalances(payments, openingFen, [a, b])).toHaveLength(2)
    expect(differingLines([a, b])).toEqual(['only in a: p1 payment_out -300', 'only in a: p1 payment_in 300'])
  })

  test('a payment of which the debit came through and the credit did not', () => {
    a.entries[bob] = [line('r-bob', 'recharge', 1_000)]
    expect(compare().lost.map(({ detail }) => detail)).toEqual(['a: 1 out, 0 in, 0 returned'])
  })

  test('an acknowledged payment whose money was returned', () => {
    a.entries[alice]!.push(line('p1', 'payment_returned', 300))
    expect(compare().lost).toHaveLength(1)
  })

  test('an acknowledged payment that moved another amount', () => {
    a.entries[bob] = [line('p1', 'payment_in', 299), line('r-bob', 'recharge', 1_000)]
    const found = compare()
    expect(found.lost).toHaveLength(1)
    expect(found.unexplained).toHaveLength(1)
  })

  test.each([
    ['debit', alice, line('p1', 'payment_out', -300)],
    ['credit', bob, line('p1', 'payment_in', 300)],
  ] as const)('a %s that was made twice, in whichever region', (_, wallet, entry) => {
    b.entries[wallet]!.push(entry)
    expect(compare().doubled.map(({ id }) => id)).toEqual(['p1'])
    expect(compare([b]).lost).toEqual([])
  })

  test('an id that was answered in two ways', () => {
    payments = [payment('p1', 300, 'completed', 'refused')]
    expect(compare().contradicted.map(({ id }) => id)).toEqual(['p1'])
  })

  test('a refused payment that was done all the same', () => {
    payments = [payment('p1', 300, 'refused')]
    expect(compare().contradicted.map(({ id }) => id)).toEqual(['p1'])
  })

  test('a refused payment whose debit stayed', () => {
    payments = [payment('p1', 300, 'refused')]
    a.entries[bob] = [line('r-bob', 'recharge', 1_000)]
    expect(compare([a]).contradicted).toHaveLength(1)
  })

  test('a payment without any answer, and the half that was done of it', () => {
    payments = [payment('p1', 300, 'silent', 'pending', 'busy')]
    expect(compare()).toMatchObject({ answered: 0, unanswered: ['p1'], unexplained: [] })
    a.entries[bob] = [line('r-bob', 'recharge', 1_000)]
    expect(compare().unexplained.map(({ detail }) => detail)).toEqual(['a: 1 out, 0 in, 0 returned'])
  })

  test('money that came without anybody having asked, be it a second recharge', () => {
    a.entries[alice]!.push(line('p9', 'payment_in', 5), line('r-alice', 'recharge', 1_000))
    expect(compare().unexplained.map(({ id }) => id)).toEqual(['p9', 'r-alice'])
  })

  test('a wallet that holds other than the answers make it, though its list is whole', () => {
    b.balancesFen = [700, 1_301]
    expect(unexplainedBalances(payments, openingFen, [a, b])).toEqual([
      'b: wallet 1 holds 1301 fen, the answers make it 1300',
    ])
  })
})
