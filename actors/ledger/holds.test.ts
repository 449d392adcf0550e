import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayOfDate, dayStartMs } from './businessTime.ts'
import { holdLifeMsMax, holdsPerWalletMax } from './holds.ts'
import { Hotel } from './hotel.fixture.ts'
import { parseCommandId } from './ids.ts'
import { fenMax } from './money.ts'
import { fenOf, yuanOf } from './paper.fixture.ts'
import { walletActions } from './records.ts'
import { expectSound, snapshot } from './replica.fixture.ts'
import { State } from './state.ts'

const hourMs = 3_600_000

describe.each(['ann', 'bo'])('%s holds money for the hotel', (payer) => {
  test('and cannot spend it any more', () => {
    const h = new Hotel()
    const { refusal, id } = h.hold(payer, '60.00')
    expect(refusal).toBe('accepted')
    expect(h.view(payer)).toMatchObject({ balance: 4_000, held: 6_000, pendingIn: 0 })
    expect(h.pay(payer, 'hotel', '40.01').refusal).toBe('funds-insufficient')
    expect(h.hold(payer, '40.01').refusal).toBe('funds-insufficient')
    expect(h.pay(payer, 'hotel', '40.00').refusal).toBe('accepted')
    expect(h.holdView(payer, id)).toMatchObject({ state: 'held', amount: 6_000, captured: 0 })
    expectSound(h)
  })

  test('of which the hotel takes a part, another, and the rest', () => {
    const h = new Hotel()
    const { id } = h.hold(payer, '60.00')
    for (const part of ['10.00', '0.01']) expect(h.capture(payer, id, part).refusal).toBe('accepted')
    h.settle()
    expect(h.holdView(payer, id)).toMatchObject({ state: 'held', captured: 1_001, captures: 2 })
    expect(h.capture(payer, id, '50.00').refusal).toBe('hold-exceeded')
    expect(h.capture(payer, id, '49.99').refusal).toBe('accepted')
    h.settle()
    expect(h.holdView(payer, id)).toMatchObject({ state: 'captured', captured: 6_000 })
    expect(h.capture(payer, id, '0.01').refusal).toBe('hold-ended')
    expect([h.balance(payer), h.balance('hotel'), h.view(payer).held]).toEqual([4_000, 6_000, 0])
    expectSound(h)
  })

  test('which is given back when the hotel wants no more of it, and stays given back', () => {
    const h = new Hotel()
    const { id } = h.hold(payer, '60.00')
    h.capture(payer, id, '10.00')
    expect(h.void(payer, id).refusal).toBe('accepted')
    expect(h.void(payer, id).refusal).toBe('accepted')
    expect(h.capture(payer, id, '1.00').refusal).toBe('hold-ended')
    h.settle()
    expect([h.balance(payer), h.balance('hotel')]).toEqual([9_000, 1_000])
    expectSound(h)
  })

  test('which is free again at its expiry, to the millisecond of log time', () => {
    const h = new Hotel()
    const { id } = h.hold(payer, '60.00', { expiresMs: h.nowMs + 5_000 })
    h.wait(4_999)
    expect(h.capture(payer, id, '10.00').refusal).toBe('accepted')
    expect(h.pay(payer, 'hotel', '50.00').refusal).toBe('funds-insufficient')
    h.wait(1)
    expect(h.capture(payer, id, '10.00').refusal).toBe('hold-expired')
    expect(h.void(payer, id).refusal).toBe('hold-expired')
    expect(h.pay(payer, 'hotel', '90.00').refusal).toBe('accepted')
    expect(h.holdView(payer, id)).toMatchObject({ state: 'expired', captured: 1_000, changedMs: h.nowMs })
    h.settle()
    expect([h.balance(payer), h.balance('hotel')]).toEqual([0, 10_000])
    expectSound(h)
  })

  test('and a capture under one id is made once, also when it comes back', () => {
    const h = new Hotel()
    const { id } = h.hold(payer, '60.00')
    const capture = h.id()
    const first = h.capture(payer, id, '10.00', { id: capture })
    expect(h.capture(payer, id, '10.00', { id: capture })).toMatchObject({ refusal: first.refusal, repeated: true })
    expect(h.holdView(payer, id)!.captured).toBe(1_000)
    const wallet = h.wallet('hotel').number
    h.settle()
    h.command(0, 'walletStatus', { ...h.byInstitution(), wallet, action: walletActions.freeze })
    const late = h.id()
    h.capture(payer, id, '5.00', { id: late })
    h.settle()
    expect(h.capture(payer, id, '5.00', { id: late }).refusal).toBe('payee-frozen')
    // What could not be credited is the payer's again, or never left.
    expect(h.balance(payer) + h.view(payer).held).toBe(9_000)
    expectSound(h)
  })

  test('which counts against the limits of the day like a payment, and no more once it is free', () => {
    const h = new Hotel()
    const { id } = h.hold(payer, '60.00')
    expect(h.view(payer)).toMatchObject({ dayOut: 6_000, yearOut: 6_000 })
    h.capture(payer, id, '10.00')
    expect(h.view(payer).dayOut).toBe(6_000)
    h.void(payer, id)
    expect(h.view(payer)).toMatchObject({ dayOut: 1_000, yearOut: 1_000 })
  })

  test('and may pay as often as before, in however many parts the hotel takes what is held', () => {
    const h = new Hotel()
    const rule = { level: 0, percent: 100, effectiveMs: 0, rechargesPerDayMax: 9, paymentsPerDayMax: 3 }
    for (const shard of [0, 1]) h.command(shard, 'riskRulePut', { ...h.byOperator(), ...rule, textLength: 0 })
    const { id } = h.hold(payer, '60.00')
    for (let n = 0; n < 3; n++) expect(h.capture(payer, id, '0.01').refusal).toBe('accepted')
    expect(h.pay(payer, 'hotel', '1.00').refusal).toBe('accepted')
    expect(h.pay(payer, 'hotel', '1.00').refusal).toBe('accepted')
    expect(h.pay(payer, 'hotel', '1.00').refusal).toBe('risk-control')
    expectSound(h)
  })

  test('for which room stays under the balance limit', () => {
    const h = new Hotel()
    h.open('dee', { shard: h.wallet(payer).shard, class: 4, kyc: 4, yuan: '1000.00' })
    const { id } = h.hold('dee', '900.00')
    expect(h.recharge('dee', '9000.01').answer.refusal).toBe('balance-limit-exceeded')
    expect(h.recharge('dee', '9000.00').answer.refusal).toBe('accepted')
    h.void('dee', id)
    expect(h.view('dee')).toMatchObject({ balance: 100_000, held: 0, pendingIn: 900_000 })
  })
})

describe('no hold', () => {
  test.each([
    ['for longer than holds may stand', { expiresMs: holdLifeMsMax + 1 }, 'expiry-invalid'],
    ['that is over', { expiresMs: 0 }, 'expiry-invalid'],
  ])('%s', (_, { expiresMs }, refusal) => {
    const h = new Hotel()
    expect(h.hold('ann', '1.00', { expiresMs: h.nowMs + expiresMs }).refusal).toBe(refusal)
  })

  test('of more money than there is, of none, for oneself, or of a frozen wallet', () => {
    const h = new Hotel()
    expect(h.hold('ann', '100.01').refusal).toBe('funds-insufficient')
    expect(h.hold('ann', '0.00').refusal).toBe('amount-invalid')
    expect(h.hold('ann', '1.00', { payee: 'ann' }).refusal).toBe('payer-is-payee')
    const { id } = h.hold('ann', '1.00')
    const wallet = h.wallet('ann').number
    h.command(0, 'walletStatus', { ...h.byInstitution(), wallet, action: walletActions.freeze })
    expect(h.hold('ann', '1.00').refusal).toBe('wallet-frozen')
    expect(h.capture('ann', id, '1.00').refusal).toBe('wallet-frozen')
  })

  test('is taken by anybody but its payee and the payee’s institution', () => {
    const h = new Hotel()
    const { id } = h.hold('bo', '10.00')
    const { number: wallet } = h.wallet('bo')
    const of = { wallet, amount: 100, hold: id, payee: h.wallet('hotel').number }
    expect(h.capture('bo', id, '1.00', { payee: 'ann' }).refusal).toBe('signer-not-allowed')
    expect(h.command(1, 'holdCapture', { ...h.byWallet('bo'), ...of }).refusal).toBe('signer-not-allowed')
    expect(h.command(1, 'holdCapture', { ...h.byInstitution(2), actor: wallet, ...of }).refusal).toBe(
      'signer-not-allowed',
    )
    expect(h.command(1, 'holdCapture', { ...h.byInstitution(), ...of }).refusal).toBe('signer-not-allowed')
    expect(h.command(1, 'holdCapture', { ...h.byInstitution(), actor: wallet, ...of }).refusal).toBe('accepted')
    expect(h.command(1, 'holdCapture', { ...h.byPayee('bo'), ...of, hold: h.id() }).refusal).toBe('hold-unknown')
    expect(h.command(1, 'holdVoid', { ...h.byOperator(), ...of }).refusal).toBe('accepted')
  })

  test(`beyond ${holdsPerWalletMax} of one wallet`, () => {
    const h = new Hotel()
    for (let n = 0; n < holdsPerWalletMax; n++) expect(h.hold('ann', '0.01').refusal).toBe('accepted')
    expect(h.hold('ann', '0.01').refusal).toBe('holds-full')
    h.wait(hourMs)
    expect(h.hold('ann', '0.01').refusal).toBe('accepted')
    expectSound(h)
  })

  test('takes the room of all others, those that ended and are remembered among them', () => {
    const h = new Hotel(64)
    h.open('dee', { shard: 0, yuan: '1.00' })
    const expiresMs = h.nowMs + 20 * 24 * hourMs
    const holdAndVoid = (): string => {
      h.wait(2 * 60_000)
      const { refusal, id } = h.hold('ann', '0.01', { expiresMs })
      if (refusal === 'accepted') expect(h.void('ann', id).refusal).toBe('accepted')
      return refusal
    }
    for (let n = 0; n < 56; n++) expect([n, holdAndVoid()]).toEqual([n, 'accepted'])
    expect(holdAndVoid()).toBe('holds-full')
    const { state } = h.shards[0]!.ledger
    const row = state.walletRows.row(h.wallet('ann').number)
    expect(State.load(snapshot(state)).holds.hasRoomFor(row)).toBe(false)
    expect(h.hold('dee', '0.01').refusal).toBe('accepted')
    expectSound(h)
  })

  test('keeps a wallet open that is closed: it is not empty while something is held', () => {
    const h = new Hotel()
    const { id } = h.hold('ann', '100.00')
    const close = { wallet: h.wallet('ann').number, action: walletActions.close }
    expect(h.command(0, 'walletStatus', { ...h.byInstitution(), ...close }).refusal).toBe('wallet-not-empty')
    h.capture('ann', id, '100.00')
    expect(h.command(0, 'walletStatus', { ...h.byInstitution(), ...close }).refusal).toBe('accepted')
  })
})

describe('the id that a payee chooses', () => {
  const dated = (serial: number): Uint8Array => parseCommandId(`P20260302${serial}`)!

  test('for a capture is none that the payer may think of too, nor does it use up the payer’s quota', () => {
    const h = new Hotel()
    const { id } = h.hold('ann', '10.00')
    for (let n = 0; n < 5; n++) expect(h.capture('ann', id, '20.00', { id: dated(n) }).refusal).toBe('id-malformed')
    const { datedIds, wallets, walletRows } = h.shards[0]!.ledger.state
    expect([datedIds.head, wallets.at.dayDatedIds[walletRows.row(h.wallet('ann').number)]]).toEqual([0, 0])
    expect(h.pay('ann', 'hotel', '1.00', { id: dated(1) }).refusal).toBe('accepted')
    expectSound(h)
  })

  test('in a shard where it has no wallet is never a dated one, which no quota would count', () => {
    const h = new Hotel(64)
    const { id } = h.hold('bo', '10.00')
    for (let n = 0; n < 80; n++) expect(h.void('bo', id, { id: dated(n) }).refusal).toBe('id-quota-exceeded')
    expect(h.shards[1]!.ledger.state.datedIds.head).toBe(0)
    expect(h.pay('bo', 'hotel', '1.00', { id: dated(1) }).refusal).toBe('accepted')
    expect(h.void('bo', id).refusal).toBe('accepted')
    expectSound(h)
  })

  test('where it has one counts against its own quota', () => {
    const h = new Hotel()
    const { id } = h.hold('ann', '10.00')
    expect(h.void('ann', id, { id: dated(1) }).refusal).toBe('accepted')
    const { wallets, walletRows } = h.shards[0]!.ledger.state
    expect(wallets.at.dayDatedIds[walletRows.row(h.wallet('hotel').number)]).toBe(1)
  })
})

describe('no history makes a sum that is not exact', () => {
  test('a capture is not judged: what its payer has paid out today may be all that can be counted', () => {
    const h = new Hotel(1_024, dayStartMs(dayOfDate(2026, 12, 31)))
    const half = (fenMax + 1) / 2
    h.fund('ann', yuanOf(half - 9_000))
    const { id } = h.hold('ann', '10.00', { expiresMs: h.nowMs + 3 * 86_400_000 })
    h.wait(86_400_000)
    for (const fen of [half, half - 1]) {
      expect(h.pay('ann', 'hotel', '0.00', { fen }).refusal).toBe('accepted')
      expect(h.pay('hotel', 'ann', '0.00', { fen }).refusal).toBe('accepted')
    }
    expect(h.view('ann').dayOut).toBe(fenMax)
    expect(h.pay('ann', 'hotel', '0.01').refusal).toBe('day-limit-exceeded')
    expect(h.capture('ann', id, '10.00').refusal).toBe('accepted')
    expect(h.view('ann')).toMatchObject({ dayOut: fenMax, yearOut: fenMax })
    expectSound(h)
  })

  test('a hold finds no room where a recharge under way and what came home have taken it all', () => {
    const h = new Hotel()
    const { number } = h.wallet('bo')
    h.command(1, 'walletStatus', { ...h.byInstitution(), wallet: number, action: walletActions.freeze })
    h.pay('ann', 'bo', '1.00')
    h.link('ann', 'a large account', yuanOf(fenMax))
    const link = h.shards[0]!.ledger.state.links.count
    expect(h.recharge('ann', yuanOf(fenMax - 99_00), link).answer.refusal).toBe('accepted')
    h.settle()
    expect(h.balance('ann')).toBe(100_00)
    expect(h.hold('ann', '100.00').refusal).toBe('balance-limit-exceeded')
    expect(h.hold('ann', '99.00').refusal).toBe('accepted')
    expectSound(h)
  })
})

const yuan = fc.integer({ min: 1, max: 4_000 }).map(yuanOf)
const step = fc.oneof(
  fc.record({
    do: fc.constant('hold' as const),
    payer: fc.constantFrom('ann', 'bo'),
    yuan,
    lifeMs: fc.constantFrom(1, 500, 60_000),
  }),
  fc.record({ do: fc.constant('capture' as const), back: fc.nat(4), yuan }),
  fc.record({ do: fc.constant('void' as const), back: fc.nat(4) }),
  fc.record({ do: fc.constant('pay' as const), payer: fc.constantFrom('ann', 'bo'), yuan }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 499, 500, 86_400_000) }),
  fc.record({ do: fc.constant('arrive' as const) }),
)

test('whatever is held, taken and given up: never below zero, free at the expiry, parts that sum', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50, size: 'max' }), (steps) => {
      const h = new Hotel(128)
      const placed: {
        payer: string
        id: Uint8Array
        fen: number
        expiresMs: number
        takenFen: number
        open: boolean
      }[] = []
      for (const one of steps) {
        if (one.do === 'hold') {
          const expiresMs = h.nowMs + one.lifeMs
          const { refusal, id } = h.hold(one.payer, one.yuan, { expiresMs })
          const of = { payer: one.payer, id, fen: fenOf(one.yuan), expiresMs, takenFen: 0, open: true }
          if (refusal === 'accepted') placed.push(of)
        } else if (one.do === 'capture' || one.do === 'void') {
          const hold = placed.at(-1 - one.back)
          if (hold === undefined) continue
          const told = one.do === 'void' ? h.void(hold.payer, hold.id) : h.capture(hold.payer, hold.id, one.yuan)
          if (told.refusal !== 'accepted') continue
          // What was given up before may be given up again.
          if (hold.open) expect(h.nowMs).toBeLessThan(hold.expiresMs)
          if (one.do === 'void') hold.open = false
          else hold.takenFen += fenOf(one.yuan)
        } else if (one.do === 'pay') h.pay(one.payer, 'hotel', one.yuan)
        else if (one.do === 'wait') h.wait(one.ms)
        else h.settle()
        // Each command makes log time go on in its own shard; a tick does so in both.
        for (const shard of [0, 1]) h.tick(shard)
        for (const payer of ['ann', 'bo']) {
          const open = placed.filter((hold) => hold.payer === payer && hold.open && h.nowMs < hold.expiresMs)
          expect(h.view(payer).held).toBe(open.reduce((sum, { fen, takenFen }) => sum + fen - takenFen, 0))
        }
        for (const { fen, takenFen } of placed) expect(takenFen).toBeLessThanOrEqual(fen)
      }
      h.settle()
      const all = ['ann', 'bo', 'hotel'].reduce((sum, name) => sum + h.view(name).balance + h.view(name).held, 0)
      expect(all).toBe(20_000)
      expectSound(h)
    }),
    { numRuns: 40 },
  )
})
