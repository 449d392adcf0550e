import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FrameInput } from './frameInput.ts'
import { Ledger } from './ledger.ts'
import { Outcomes } from './outcomes.ts'
import { keyCauses } from './records.ts'
import { digestFromScratch, replay, snapshot } from './replica.fixture.ts'
import { type FrameResult, resultOf } from './shard.fixture.ts'
import { State } from './state.ts'
import { institution, Town } from './town.fixture.ts'

const names = ['ann', 'bert', 'cora', 'dirk', 'elsa', 'fritz'] as const
const someName = fc.constantFrom(...names)
const nat = fc.nat(1_000_000)
const someFen = fc.oneof(fc.integer({ min: 1, max: 150_000 }), fc.integer({ min: 1, max: 500 }))

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('pay' as const),
      payer: someName,
      payee: someName,
      fen: fc.integer({ min: 1, max: 300_000 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('batch' as const),
      shard: fc.nat(2),
      atomic: fc.boolean(),
      // Some are longer than what is looked up ahead.
      times: fc.constantFrom(1, 1, 1, 30),
      lines: fc.array(fc.record({ payer: someName, payee: someName, fen: someFen }), {
        minLength: 1,
        maxLength: 12,
      }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('recharge' as const),
      name: someName,
      fen: fc.integer({ min: 1, max: 300_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('redeem' as const),
      name: someName,
      fen: fc.integer({ min: 1, max: 100_000 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('step' as const), pick: nat, step: fc.integer({ min: 2, max: 6 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('carry' as const),
      from: fc.nat(2),
      to: fc.nat(2),
      overlap: fc.nat(3),
      most: fc.oneof(fc.nat(5), fc.constant(500)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('status' as const),
      name: someName,
      action: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('key' as const), name: someName }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('link' as const), name: someName, pick: nat }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('risk' as const), name: someName, risk: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 1_000, 600_000, 7_200_000, 86_400_000),
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
const programs = fc.array(step, { maxLength: 80, size: 'max' })

/** Plays random steps in a town of three shards. */
class Life {
  readonly town = new Town({ shards: 3, walletsMax: 64, idsMax: 256 })
  readonly results: FrameResult[] = []
  readonly #sagas: { name: string; id: Uint8Array; kind: 'recharge' | 'redemption' }[] = []

  constructor() {
    for (const [n, name] of names.entries())
      this.town.open(name, { shard: n % 3, class: n < 3 ? 1 : 4, yuan: '1000.00' })
  }

  play(program: readonly Step[]): this {
    for (const one of program) this.#play(one)
    return this
  }

  #play(one: Step): void {
    const t = this.town
    if (one.do === 'pay') t.pay(one.payer, one.payee, '0.01', { fen: one.fen })
    else if (one.do === 'batch')
      t.payBatch(one.shard, Array.from({ length: one.times }, () => one.lines).flat(), { atomic: one.atomic })
    else if (one.do === 'recharge' || one.do === 'redeem') this.#saga(one.do, one.name, one.fen)
    else if (one.do === 'step') this.#step(one.pick, one.step)
    else if (one.do === 'carry') this.#carry(one)
    else if (one.do === 'wait') t.wait(one.ms)
    else this.#change(one)
  }

  #saga(kind: 'recharge' | 'redeem', name: string, fen: number): void {
    const yuan = `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`
    const { id } = kind === 'recharge' ? this.town.recharge(name, yuan) : this.town.redeem(name, yuan)
    this.#sagas.push({ name, id, kind: kind === 'recharge' ? 'recharge' : 'redemption' })
  }

  #step(pick: number, to: number): void {
    const saga = this.#sagas[pick % Math.max(1, this.#sagas.length)]
    if (saga?.kind === 'recharge') this.town.rechargeStep(saga.name, saga.id, to)
    else if (saga) this.town.redemptionStep(saga.name, saga.id, to)
  }

  #carry({ from, to, overlap, most }: Extract<Step, { do: 'carry' }>): void {
    const received = this.town.shards[to]!.ledger.state.received[from]!
    const first = Math.max(0, received - overlap)
    const count = Math.min(most, this.town.shards[from]!.ledger.state.lanes[to]!.next - first)
    if (from !== to && count > 0) this.town.carry(from, to, first, count)
  }

  #change(one: Extract<Step, { do: 'status' | 'key' | 'link' | 'risk' }>): void {
    const t = this.town
    const { number, shard, user, link } = t.wallet(one.name)
    const by = t.byInstitution()
    if (one.do === 'status') t.command(shard, 'walletStatus', { ...by, wallet: number, action: one.action })
    else if (one.do === 'risk') t.command(shard, 'userUpdate', { ...by, user, kyc: 0, risk: one.risk })
    else if (one.do === 'link') {
      t.command(shard, 'linkStatus', { ...t.byWallet(one.name), wallet: number, link, active: one.pick % 2 })
    } else {
      const key = Uint8Array.from({ length: 33 }, () => 3)
      const change = { wallet: number, cause: keyCauses.rotate, algorithm: 1, key }
      const { refusal, value } = t.command(shard, 'walletKey', { ...t.byWallet(one.name), ...change })
      if (refusal === 'accepted') t.wallet(one.name).keyVersion = value
    }
  }

  digests(): string[] {
    return this.town.shards.map(({ ledger }) => ledger.state.digestText())
  }

  balances(): number[] {
    return names.map((name) => this.town.balance(name))
  }
}

function apply(ledger: Ledger, frames: readonly FrameInput[]): FrameResult[] {
  const out = new Outcomes()
  return frames.map((frame) => {
    ledger.apply(frame, out)
    return resultOf(out)
  })
}

describe('whatever happens', () => {
  test('no fen is made or lost, nothing falls below zero, and the digest is that of the rows', () => {
    fc.assert(
      fc.property(programs, (program) => {
        // The town counts all of its money after every frame.
        const life = new Life().play(program)
        life.town.settle()
        const { shards } = life.town
        const held = life.balances().reduce((sum, fen) => sum + fen, 0)
        const books = shards.map(({ ledger }) => ledger.state.books)
        const redeeming = books.reduce((sum, { redeeming: r }) => sum + r[institution]!, 0)
        const issued = books.reduce((sum, { issuance }) => sum - issuance[institution]!, 0)
        expect(held + redeeming).toBe(issued)
        for (const { ledger } of shards) expect(digestFromScratch(ledger.state)).toBe(ledger.state.digest.text())
      }),
      { numRuns: 60 },
    )
  })

  test('two replicas of one log hold the same', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const life = new Life().play(program)
        expect(life.town.shards.map(({ log }) => replay(log).state.digestText())).toEqual(life.digests())
      }),
      { numRuns: 40 },
    )
  })

  test('a replica that goes on from a snapshot, wherever it was taken, answers and ends as one that saw all', () => {
    fc.assert(
      fc.property(programs, fc.double({ min: 0, max: 1, noNaN: true }), (program, share) => {
        const life = new Life().play(program)
        for (const { log, ledger } of life.town.shards) {
          const at = 1 + Math.floor(share * (log.length - 1))
          const before = replay(log.slice(0, at))
          const after = Ledger.fromState(State.load(snapshot(before.state)))
          expect(after.state.digestText()).toBe(before.state.digestText())
          expect(apply(after, log.slice(at))).toEqual(apply(before, log.slice(at)))
          expect(after.state.digestText()).toBe(ledger.state.digestText())
          const lanes = [before, after].map((one) => one.state.lanes.map((lane) => lane.views()))
          expect(lanes[1]).toEqual(lanes[0])
        }
      }),
      { numRuns: 40 },
    )
  })

  test('a replica whose lanes were trimmed holds the same', () => {
    fc.assert(
      fc.property(programs, (program) => {
        const { town } = new Life().play(program)
        for (const { ledger } of town.shards) {
          const before = ledger.state.digestText()
          for (const lane of ledger.state.lanes) lane.trim(lane.next)
          expect(ledger.state.digestText()).toBe(before)
          expect(State.load(snapshot(ledger.state)).digestText()).toBe(before)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('frames that are stored again, at once or later, move nothing', () => {
    const copies = fc.array(fc.record({ of: nat, later: fc.nat(20) }), { maxLength: 30 })
    fc.assert(
      fc.property(programs, copies, (program, again) => {
        const life = new Life().play(program)
        for (const { log, ledger } of life.town.shards) {
          const genesis = log[0]!
          const frames = log.slice(1)
          for (const { of, later } of again) {
            const at = of % frames.length
            frames.splice(Math.min(frames.length, at + 1 + later), 0, frames[at]!)
          }
          const numbered = frames.map((frame, i) => ({ ...frame, seq: i + 2 }))
          const { state } = replay([genesis, ...numbered])
          const balances = (s: State): number[] =>
            Array.from({ length: s.wallets.count }, (_, row) => s.accounts.balance(row))
          expect(balances(state)).toEqual(balances(ledger.state))
          expect([...state.received]).toEqual([...ledger.state.received])
          expect([...state.books.issuance]).toEqual([...ledger.state.books.issuance])
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('however transit records are carried', () => {
  const deliveries = fc.array(
    fc.record({ from: fc.nat(1), overlap: fc.nat(4), gap: fc.nat(2), most: fc.integer({ min: 1, max: 6 }) }),
    { maxLength: 60 },
  )
  const payments = fc.array(
    fc.record({
      payer: fc.constantFrom('ann', 'bert'),
      payee: fc.constantFrom('poor0', 'poor1', 'nobody'),
      fen: fc.integer({ min: 1, max: 40_000 }),
    }),
    { maxLength: 60 },
  )

  /** Ann and Bert pay across; the poor are near their balance limit, so that some payments come back. */
  function townAfter(sent: readonly { payer: string; payee: string; fen: number }[]): Town {
    const t = new Town({ shards: 2 })
    t.open('ann', { shard: 0, yuan: '100000.00' })
    t.open('bert', { shard: 1, yuan: '100000.00' })
    for (const shard of [0, 1]) t.open(`poor${shard}`, { shard, class: 4, kyc: 4, yuan: '9500.00' })
    for (const { payer, payee, fen } of sent) {
      const payeeNumber = payee === 'nobody' ? t.strangerIn(1 - t.wallet(payer).shard) : t.wallet(payee).number
      t.pay(payer, payer, '0.01', { fen, payeeNumber })
    }
    return t
  }

  test('dropped, doubled, overlapping or too early, everything ends as if carried once and in order', () => {
    fc.assert(
      fc.property(payments, deliveries, (sent, chaos) => {
        const calm = townAfter(sent)
        calm.settle()
        const wild = townAfter(sent)
        for (const { from, overlap, gap, most } of chaos) {
          const received = wild.shards[1 - from]!.ledger.state.received[from]!
          const first = Math.max(0, received - overlap + gap)
          const count = Math.min(most, wild.shards[from]!.ledger.state.lanes[1 - from]!.next - first)
          if (count > 0) wild.carry(from, 1 - from, first, count)
        }
        wild.settle()
        for (const name of wild.wallets.keys()) expect([name, wild.balance(name)]).toEqual([name, calm.balance(name)])
        for (const [n, { ledger }] of wild.shards.entries()) {
          const other = calm.shards[n]!.ledger.state
          expect([...ledger.state.received]).toEqual([...other.received])
          expect([...ledger.state.returnsApplied]).toEqual([...other.returnsApplied])
          expect([...ledger.state.books.transitOut]).toEqual([...other.books.transitOut])
        }
      }),
      { numRuns: 80 },
    )
  })
})

test('a snapshot that lacks a section, or is of another version, is refused by name', () => {
  const { state } = new Town({ shards: 1 }).shards[0]!.ledger
  const sections = snapshot(state)
  expect(() => State.load(sections.filter(({ name }) => name !== 'wallets.key'))).toThrow('wallets.key')
  expect(() => State.load(sections.filter(({ name }) => name !== 'books'))).toThrow('books')
  const counters = sections.find(({ name }) => name === 'counters')!
  new Float64Array(counters.bytes.buffer)[0] = 99
  expect(() => State.load(sections)).toThrow('state version 99')
})

test('a snapshot whose balances were changed breaks the law of its books', () => {
  const t = new Town({ shards: 2 })
  t.open('ann', { yuan: '10.00' })
  const sections = snapshot(t.shards[0]!.ledger.state)
  new Float64Array(sections.find(({ name }) => name === 'accounts')!.bytes.buffer)[0] = 1_001
  expect(() => State.load(sections)).toThrow('law broken')
  const books = snapshot(t.shards[0]!.ledger.state)
  const saved = new Float64Array(books.find(({ name }) => name === 'books')!.bytes.buffer)
  saved[1 + 2 * 256 + 1] = 5
  expect(() => State.load(books)).toThrow('transit')
})
