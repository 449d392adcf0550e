import { beforeEach, describe, expect, test } from 'vitest'
import { checkHistory } from './checkHistory.ts'
import { type Ending, History, type Movement, type Read } from './history.ts'

const [alice, bob] = [0, 1]
let nowMs: number
let history: History
let ending: Ending

beforeEach(() => {
  nowMs = 0
  history = new History(() => nowMs)
  recharge('r1', alice, 1_000)
  const paid = pay('p1', 300, 5)
  expect(paid.outcome).toBe('ok')
  ending = {
    balancesFen: [700, 300],
    entries: [
      [
        { id: 'p1', fen: -300 },
        { id: 'r1', fen: 1_000 },
      ],
      [{ id: 'p1', fen: 300 }],
    ],
    repeats: [
      { id: 'r1', answer: 'r1 done' },
      { id: 'p1', answer: 'p1 done' },
    ],
  }
})

function recharge(id: string, wallet: number, fen: number): void {
  nowMs += 10
  const movement = history.begin<Movement>({ kind: 'recharge', id, wallet, fen })
  nowMs += 10
  movement.answer = `${id} done`
  history.end(movement, 'ok')
}

function beginPay(id: string, fen: number): Movement & { kind: 'payment' } {
  nowMs += 10
  return history.begin<Movement & { kind: 'payment' }>({ kind: 'payment', id, payer: alice, payee: bob, fen })
}

/** A payment of Alice, whose shard is 0, to Bob, whose shard is 1. */
function pay(id: string, fen: number, seq: number): Movement {
  const movement = beginPay(id, fen)
  nowMs += 10
  movement.executed = { shard: 0, seq }
  movement.answer = `${id} done`
  history.end(movement, 'ok')
  return movement
}

function read(wallet: number, balanceFen: number, seq: number): void {
  nowMs += 10
  const begun = history.begin<Read>({ kind: 'read', wallet })
  nowMs += 10
  begun.seen = { balanceFen, at: { shard: wallet, seq } }
  history.end(begun, 'ok')
}

const laws = (): string[] => checkHistory(history, ending).map(({ law }) => law)

test('a history in which all is as it was answered passes', () => {
  read(alice, 700, 5)
  read(bob, 300, 2)
  expect(checkHistory(history, ending)).toEqual([])
})

describe('a payment whose outcome nobody knew', () => {
  test('fails the history while it is unknown, and not once it is known', () => {
    const movement = beginPay('p2', 50)
    history.end(movement, 'unknown')
    expect(laws()).toEqual(['outcome-known'])
    history.end(movement, 'refused')
    expect(laws()).toEqual([])
  })

  test('may or may not show in a read before it is known', () => {
    const movement = beginPay('p2', 50)
    history.end(movement, 'unknown')
    read(bob, 300, 2)
    read(bob, 350, 3)
    history.end(movement, 'ok')
    movement.executed = { shard: 0, seq: 6 }
    ending.balancesFen = [650, 350]
    ending.entries[alice]!.push({ id: 'p2', fen: -50 })
    ending.entries[bob]!.push({ id: 'p2', fen: 50 })
    expect(laws()).toEqual([])
    read(bob, 300, 4)
    expect(laws()).toEqual(['read-in-bounds'])
  })
})

test('a redemption that the bank refuses may show until its money is given back, and not after', () => {
  nowMs += 10
  const redemption = history.begin<Movement>({ kind: 'redemption', id: 'd1', wallet: alice, fen: 100 })
  read(alice, 600, 6)
  nowMs += 10
  history.end(redemption, 'refused')
  ending.entries[alice]!.push({ id: 'd1', fen: -100 }, { id: 'd1', fen: 100 })
  expect(laws()).toEqual([])
  read(alice, 600, 7)
  expect(laws()).toEqual(['read-in-bounds'])
})

describe('it finds', () => {
  test('an entry of which nobody knows', () => {
    ending.entries[bob]!.push({ id: 'p9', fen: 1 })
    expect(laws()).toEqual(['journal-complete'])
  })

  test('a payment that was acknowledged and lost', () => {
    ending.balancesFen = [1_000, 0]
    ending.entries = [[{ id: 'r1', fen: 1_000 }], []]
    expect(new Set(laws())).toEqual(new Set(['ending-explained', 'journal-complete']))
  })

  test('a credit that was made twice', () => {
    ending.balancesFen[bob] = 600
    ending.entries[bob]!.push({ id: 'p1', fen: 300 })
    expect(laws()).toEqual(['ending-explained', 'journal-complete'])
  })

  test('a refused payment that was done all the same', () => {
    history.end(beginPay('p2', 50), 'refused')
    ending.balancesFen = [650, 350]
    expect(laws()).toEqual(['ending-explained', 'ending-explained'])
  })

  test('an id that was answered differently the second time', () => {
    ending.repeats[1]!.answer = 'p1 refused'
    expect(laws()).toEqual(['same-answer'])
  })

  test('a read that does not show what was acknowledged before', () => {
    read(bob, 0, 2)
    expect(laws()).toEqual(['read-in-bounds'])
  })

  test('a read that shows what was asked for after it', () => {
    read(bob, 350, 2)
    const late = beginPay('p2', 50)
    history.end(late, 'ok')
    ending.balancesFen = [650, 350]
    ending.entries[alice]!.push({ id: 'p2', fen: -50 })
    ending.entries[bob]!.push({ id: 'p2', fen: 50 })
    expect(laws()).toEqual(['read-in-bounds'])
  })

  test('a read at a place in the log that shows a debit behind that place', () => {
    const movement = beginPay('p2', 50)
    read(alice, 650, 5)
    movement.executed = { shard: 0, seq: 6 }
    history.end(movement, 'ok')
    ending.balancesFen = [650, 350]
    ending.entries[alice]!.push({ id: 'p2', fen: -50 })
    ending.entries[bob]!.push({ id: 'p2', fen: 50 })
    expect(laws()).toEqual(['read-in-bounds'])
  })

  test('a read that is older than what was known before it', () => {
    read(alice, 1_000, 4)
    expect(laws()).toContain('real-time-order')
  })

  test('a payment that stands before one that had ended', () => {
    pay('p2', 50, 4)
    ending.balancesFen = [650, 350]
    ending.entries[alice]!.push({ id: 'p2', fen: -50 })
    ending.entries[bob]!.push({ id: 'p2', fen: 50 })
    expect(laws()).toEqual(['real-time-order'])
  })

  test('a balance below zero', () => {
    read(alice, -1, 5)
    expect(laws()).toEqual(['never-negative'])
  })
})
