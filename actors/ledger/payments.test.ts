import { describe, expect, test } from 'vitest'
import { expectBalances, fenOf } from './paper.fixture.ts'
import { walletActions } from './records.ts'
import { institution, Town } from './town.fixture.ts'

/** Alice and Bob bank in shard 0, Carol in shard 1. */
function town(): Town {
  const t = new Town({ shards: 2 })
  t.open('alice', { shard: 0, yuan: '100.00' })
  t.open('bob', { shard: 0 })
  t.open('carol', { shard: 1, class: 4, kyc: 4 })
  return t
}

function setStatus(t: Town, name: string, action: number): void {
  const { shard, number } = t.wallet(name)
  const answer = t.command(shard, 'walletStatus', { ...t.byInstitution(institution), wallet: number, action })
  expect(answer.refusal).toBe('accepted')
}

describe('a payment inside one shard', () => {
  test('moves the amount at once, and only the amount', () => {
    const t = town()
    expect(t.pay('alice', 'bob', '60.00')).toMatchObject({ refusal: 'accepted', destination: 0, repeated: false })
    expectBalances(t, 'alice 40.00\n bob 60.00\n carol 0.00')
  })

  test('the last fen can be paid, one more cannot', () => {
    const t = town()
    expect(t.pay('alice', 'bob', '100.01').refusal).toBe('funds-insufficient')
    expect(t.pay('alice', 'bob', '100.00').refusal).toBe('accepted')
    expect(t.pay('alice', 'bob', '0.01').refusal).toBe('funds-insufficient')
    expectBalances(t, 'alice 0.00\n bob 100.00')
  })

  test('payments of one frame are judged in its order: what came in may go out again', () => {
    const t = town()
    const frame = [
      t.payment('alice', 'bob', '100.00'),
      t.payment('alice', 'bob', '0.01'),
      t.payment('bob', 'alice', '30.00'),
    ]
    expect(t.batch(0, frame).map(({ refusal }) => refusal)).toEqual(['accepted', 'funds-insufficient', 'accepted'])
    expectBalances(t, 'alice 30.00\n bob 70.00')
  })

  test('answers say where in the log a payment stands', () => {
    const t = town()
    const answers = t.batch(0, [t.payment('alice', 'bob', '1.00'), t.payment('alice', 'bob', '2.00')])
    const { seq } = t.shards[0]!.log.at(-1)!
    expect(answers.map((a) => [a.seq, a.index, a.time])).toEqual([
      [seq, 0, t.nowMs],
      [seq, 1, t.nowMs],
    ])
  })

  test('the watch sees both legs', () => {
    const t = town()
    t.shards[0]!.postings.length = 0
    t.pay('alice', 'bob', '5.00')
    const [alice, bob] = [t.wallet('alice').number, t.wallet('bob').number]
    expect(t.shards[0]!.postings).toEqual([
      { wallet: alice, kind: 1, delta: -500, counterparty: bob, record: 0 },
      { wallet: bob, kind: 2, delta: 500, counterparty: alice, record: 0 },
    ])
  })
})

describe('a payment to another shard', () => {
  test('leaves the payer with the debit and reaches the payee with the transit record', () => {
    const t = town()
    expect(t.pay('alice', 'carol', '60.00')).toMatchObject({ refusal: 'accepted', destination: 2, value: 0 })
    expectBalances(t, 'alice 40.00\n carol 0.00')
    expect(t.inTransit()).toBe(1)
    t.carry(0, 1)
    expectBalances(t, 'alice 40.00\n carol 60.00')
    expect(t.inTransit()).toBe(0)
  })

  test("the payee's shard tells the edge that asked", () => {
    const t = town()
    t.pay('alice', 'carol', '1.00', { token: 4_711 }, { senderNumber: 3 })
    expect(t.settle()).toEqual([{ edge: 3, token: 4_711, refusal: 'accepted' }])
  })

  test('transit numbers count up per destination', () => {
    const t = new Town({ shards: 3 })
    t.open('alice', { shard: 0, yuan: '100.00' })
    t.open('bob', { shard: 1 })
    t.open('carol', { shard: 2 })
    const payees = ['bob', 'carol', 'bob', 'bob', 'carol']
    const answers = payees.map((payee) => t.pay('alice', payee, '1.00'))
    expect(answers.map(({ destination, value }) => [destination - 1, value])).toEqual([
      [1, 0],
      [2, 0],
      [1, 1],
      [1, 2],
      [2, 1],
    ])
    t.settle()
    expectBalances(t, 'alice 95.00\n bob 3.00\n carol 2.00')
  })
})

describe('a payment that the payee cannot take', () => {
  const cases: [string, (t: Town) => void][] = [
    ['payee-frozen', (t) => setStatus(t, 'carol', walletActions.freeze)],
    ['payee-closed', (t) => setStatus(t, 'carol', walletActions.close)],
    ['payee-balance-limit-exceeded', (t) => t.fund('carol', '9950.00')],
  ]
  test.each(cases)('comes back from another shard: %s', (refusal, spoil) => {
    const t = town()
    spoil(t)
    expect(t.pay('alice', 'carol', '60.00', { token: 5 }).refusal).toBe('accepted')
    expect(t.settle()).toEqual([{ edge: 1, token: 5, refusal }])
    expectBalances(t, 'alice 100.00')
  })

  test('comes back when nobody has the wallet', () => {
    const t = town()
    t.pay('alice', 'carol', '60.00', { payeeNumber: t.strangerIn(1) })
    expect(t.settle()).toMatchObject([{ refusal: 'payee-unknown' }])
    expectBalances(t, 'alice 100.00')
  })

  test.each(cases)('is refused at once inside one shard: %s', (refusal, spoil) => {
    const t = new Town({ shards: 1 })
    t.open('alice', { yuan: '100.00' })
    t.open('carol', { class: 4, kyc: 4 })
    spoil(t)
    expect(t.pay('alice', 'carol', '60.00').refusal).toBe(refusal)
    expectBalances(t, 'alice 100.00')
  })

  test('after a return the same id is answered with its reason and its first position', () => {
    const t = town()
    setStatus(t, 'carol', walletActions.freeze)
    const id = t.id()
    const first = t.pay('alice', 'carol', '60.00', { id })
    t.settle()
    t.wait(1_000)
    const again = t.pay('alice', 'carol', '60.00', { id })
    expect(again).toMatchObject({ refusal: 'payee-frozen', destination: 0, repeated: true })
    expect([again.seq, again.index, again.time]).toEqual([first.seq, first.index, first.time])
  })

  test('an id whose bytes look like a NaN comes home as it left', () => {
    const t = town()
    setStatus(t, 'carol', walletActions.freeze)
    for (const high of [0x7ff0, 0x7ff8, 0xfff0, 0xfff7, 0xfff8, 0xffff]) {
      const id = t.id()
      new DataView(id.buffer).setUint16(14, ((high & 0xff) << 8) | (high >> 8))
      t.pay('alice', 'carol', '60.00', { id })
      t.settle()
      expect(t.pay('alice', 'carol', '60.00', { id }).refusal).toBe('payee-frozen')
    }
  })

  test('money that comes home does not count against the limits of the day', () => {
    const t = new Town({ shards: 2 })
    t.open('dora', { shard: 0, class: 4, kyc: 4, yuan: '9000.00' })
    for (let i = 0; i < 4; i++) {
      expect(t.pay('dora', 'dora', '2000.00', { payeeNumber: t.strangerIn(1) }).refusal).toBe('accepted')
      t.settle()
    }
    expectBalances(t, 'dora 9000.00')
  })

  test('it comes home to a payer who was frozen meanwhile', () => {
    const t = town()
    t.pay('alice', 'carol', '60.00', { payeeNumber: t.strangerIn(1) })
    setStatus(t, 'alice', walletActions.freeze)
    t.settle()
    expectBalances(t, 'alice 100.00')
  })

  test('it comes home to a payer who was closed meanwhile, whose wallet reopens frozen so that the money can be fetched', () => {
    const t = town()
    t.pay('alice', 'carol', '100.00', { payeeNumber: t.strangerIn(1) })
    setStatus(t, 'alice', walletActions.close)
    t.settle()
    expectBalances(t, 'alice 100.00')
    expect(t.view('alice').state).toBe('frozen')
    setStatus(t, 'alice', walletActions.unfreeze)
    expect(t.pay('alice', 'bob', '100.00').refusal).toBe('accepted')
    setStatus(t, 'alice', walletActions.close)
  })

  test('a recharge under way keeps its room: an arrival that would take it comes back', () => {
    const t = town()
    t.recharge('carol', '9950.00')
    t.pay('alice', 'carol', '60.00')
    expect(t.settle()).toMatchObject([{ refusal: 'payee-balance-limit-exceeded' }])
    expectBalances(t, 'alice 100.00\n carol 0.00')
  })
})

describe('transit frames', () => {
  test('a frame that comes twice is taken once', () => {
    const t = town()
    t.pay('alice', 'carol', '60.00')
    t.carry(0, 1, 0, 1)
    expect(t.carry(0, 1, 0, 1).skipped).toBe('repeated')
    expectBalances(t, 'carol 60.00')
  })

  test('an overlap is taken from where it is new', () => {
    const t = town()
    for (const yuan of ['1.00', '2.00', '4.00', '8.00']) t.pay('alice', 'carol', yuan)
    t.carry(0, 1, 0, 2)
    expectBalances(t, 'carol 3.00')
    expect(t.carry(0, 1, 1, 3)).toMatchObject({ skipped: '', completions: [{}, {}] })
    expectBalances(t, 'carol 15.00')
  })

  test('a gap is not taken: it is sent again from where it should be', () => {
    const t = town()
    for (const yuan of ['1.00', '2.00', '4.00']) t.pay('alice', 'carol', yuan)
    expect(t.carry(0, 1, 1, 2).skipped).toBe('gap')
    expectBalances(t, 'carol 0.00')
    t.carry(0, 1, 0, 3)
    expectBalances(t, 'carol 7.00')
  })

  test('the source counts the returns it has applied, the destination those it issued', () => {
    const t = town()
    for (let i = 0; i < 3; i++) t.pay('alice', 'carol', '1.00', { payeeNumber: t.strangerIn(1) })
    t.pay('alice', 'carol', '1.00')
    t.carry(0, 1)
    expect(t.shards[1]!.ledger.state.returnsIssued[0]).toBe(3)
    expect(t.shards[0]!.ledger.state.returnsApplied[1]).toBe(0)
    t.settle()
    expect(t.shards[0]!.ledger.state.returnsApplied[1]).toBe(3)
  })

  test('a turnover beyond every exact number does not stop the shards: only what is on its way is bounded', () => {
    const t = new Town({ shards: 2 })
    t.open('north', { shard: 0, yuan: '40000000000000.00' })
    t.open('south', { shard: 1 })
    const fen = fenOf('40000000000000.00')
    for (let n = 0; n < 2; n++) {
      // A fresh wallet each time, since one wallet pays at most 90 trillion yuan a year.
      const [from, to] = [`north${n}`, `south${n}`]
      t.open(from, { shard: 0 })
      t.open(to, { shard: 1 })
      t.pay(n === 0 ? 'north' : `north${n - 1}`, from, '40000000000000.00')
      expect(t.pay(from, to, '40000000000000.00').refusal).toBe('accepted')
      t.settle()
      t.pay(to, 'north', '40000000000000.00', { payeeNumber: t.wallet(from).number })
      t.settle()
      expect(t.balance(from)).toBe(fen)
    }
    t.open('east', { shard: 0 })
    t.open('west', { shard: 1 })
    t.pay('north1', 'east', '40000000000000.00')
    expect(t.pay('east', 'west', '40000000000000.00').refusal).toBe('accepted')
    t.settle()
    expect(t.balance('west')).toBe(fen)
  })
})
