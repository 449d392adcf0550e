import { describe, expect, test } from 'vitest'
import { datedIdsPerDayMax, earlyMs, idMemoryMs, idWindowMs } from './admission.ts'
import { dayMs } from './businessTime.ts'
import { encodeCommand, encodePayments } from './frameBuilder.ts'
import { parseCommandId } from './ids.ts'
import { expectBalances, headOf, uuidAt } from './paper.fixture.ts'
import { frameKinds, walletActions } from './records.ts'
import type { Answer } from './shard.fixture.ts'
import { mondayMorningMs, Town, type TownOptions } from './town.fixture.ts'

const minute = 60_000

function town(options: TownOptions = {}): Town {
  const t = new Town({ shards: 2, ...options })
  t.open('alice', { shard: 0, yuan: '100.00' })
  t.open('bob', { shard: 0 })
  t.open('carol', { shard: 1 })
  return t
}

const place = ({ refusal, destination, value, seq, index, time }: Answer): unknown[] => [
  refusal,
  destination,
  value,
  seq,
  index,
  time,
]

describe('the same id', () => {
  test.each(['bob', 'carol'])(
    'with the same body is answered as the first time, and moves nothing (to %s)',
    (payee) => {
      const t = town()
      const id = t.id()
      const first = t.pay('alice', payee, '60.00', { id })
      t.settle()
      t.wait(minute)
      const again = t.pay('alice', payee, '60.00', { id, token: 99 })
      expect(again.repeated).toBe(true)
      expect(place(again)).toEqual(place(first))
      t.settle()
      expectBalances(t, 'alice 40.00')
    },
  )

  test('with another body is refused, and leaves the first as it was', () => {
    const t = town()
    const id = t.id()
    const first = t.pay('alice', 'bob', '60.00', { id, digest: 1 })
    expect(t.pay('alice', 'bob', '6.00', { id, digest: 2 })).toMatchObject({
      refusal: 'id-reused',
      seq: t.shards[0]!.log.at(-1)!.seq,
    })
    expect(place(t.pay('alice', 'bob', '60.00', { id, digest: 1 }))).toEqual(place(first))
    expectBalances(t, 'alice 40.00\n bob 60.00')
  })

  test('of another payer is another payment', () => {
    const t = town()
    const id = t.id()
    t.pay('alice', 'bob', '60.00', { id })
    expect(t.pay('bob', 'alice', '10.00', { id })).toMatchObject({ refusal: 'accepted', repeated: false })
    expectBalances(t, 'alice 50.00\n bob 50.00')
  })

  test('that was refused for good stays refused when the reason has gone', () => {
    const t = town()
    const id = t.id()
    expect(t.pay('bob', 'alice', '1.00', { id }).refusal).toBe('funds-insufficient')
    t.pay('alice', 'bob', '50.00')
    expect(t.pay('bob', 'alice', '1.00', { id })).toMatchObject({ refusal: 'funds-insufficient', repeated: true })
    expectBalances(t, 'alice 50.00\n bob 50.00')
  })

  test('that was refused for a passing reason runs when that has gone', () => {
    const t = town()
    const id = t.id()
    expect(t.pay('alice', 'bob', '1.00', { id, keyVersion: 9 }).refusal).toBe('key-not-current')
    expect(t.pay('alice', 'bob', '1.00', { id })).toMatchObject({ refusal: 'accepted', repeated: false })
  })

  test('twice in one frame is executed once', () => {
    const t = town()
    const id = t.id()
    const one = t.payment('alice', 'bob', '60.00', { id })
    expect(t.batch(0, [one, one]).map((a) => [a.refusal, a.repeated, a.index])).toEqual([
      ['accepted', false, 0],
      ['accepted', true, 0],
    ])
    expectBalances(t, 'alice 40.00\n bob 60.00')
  })

  test('asked again while the money is on its way does not send it twice', () => {
    const t = town()
    const id = t.id()
    const first = t.pay('alice', 'carol', '60.00', { id })
    expect(place(t.pay('alice', 'carol', '60.00', { id }))).toEqual(place(first))
    t.settle()
    expectBalances(t, 'alice 40.00\n carol 60.00')
  })
})

describe('a UUIDv7 id runs only near its own time', () => {
  const payMadeAt = (t: Town, ms: number): string => t.pay('alice', 'bob', '0.01', { id: uuidAt(ms, 1) }).refusal

  test('fifteen minutes after it was made, and not a millisecond later', () => {
    expect(payMadeAt(town(), town().nowMs - idWindowMs)).toBe('accepted')
    expect(payMadeAt(town(), town().nowMs - idWindowMs - 1)).toBe('id-expired')
  })

  test('five minutes before its time, for clocks differ, and not earlier', () => {
    expect(payMadeAt(town(), town().nowMs + earlyMs)).toBe('accepted')
    expect(payMadeAt(town(), town().nowMs + earlyMs + 1)).toBe('id-early')
  })

  test('an id is forgotten only when it cannot run any more', () => {
    const t = town()
    const id = uuidAt(t.nowMs + earlyMs, 1)
    t.pay('alice', 'bob', '60.00', { id })
    for (let minutes = 1; minutes <= 30; minutes++) {
      t.wait(minute)
      for (let i = 0; i < 5; i++) t.pay('bob', 'alice', '0.01')
      const { refusal, repeated } = t.pay('alice', 'bob', '60.00', { id })
      expect([minutes, refusal, repeated]).toEqual(
        minutes <= 20 ? [minutes, 'accepted', true] : [minutes, 'id-expired', false],
      )
    }
  })

  test('memory shrinks again as log time passes', () => {
    const t = town()
    const { ids } = t.shards[0]!.ledger.state
    for (let i = 0; i < 200; i++) t.pay('alice', 'bob', '0.01')
    expect(ids.size).toBeGreaterThan(200)
    t.wait(idMemoryMs + 1)
    for (let i = 0; i < 250; i++) t.pay('bob', 'alice', '0.01')
    expect(ids.size).toBeLessThanOrEqual(250)
  })
})

describe('a dated id', () => {
  const id = parseCommandId('P20260302001')!

  test.each([
    [-1, 'id-early'],
    [0, 'accepted'],
    [1, 'accepted'],
    [2, 'accepted'],
    [3, 'id-expired'],
  ])('runs on its day and the two business days after it: %i days after, %s', (days, refusal) => {
    const t = town({ startMs: mondayMorningMs + days * dayMs })
    expect(t.pay('alice', 'bob', '1.00', { id }).refusal).toBe(refusal)
  })

  test('of tomorrow runs from five minutes before midnight on', () => {
    const t = town()
    const tomorrow = parseCommandId('P20260303001')!
    expect(t.pay('alice', 'bob', '1.00', { id: tomorrow }).refusal).toBe('id-early')
    t.wait(15 * 60 * minute - earlyMs)
    expect(t.pay('alice', 'bob', '1.00', { id: tomorrow }).refusal).toBe('accepted')
  })

  test('is answered exactly for twenty minutes, then only as seen, then as expired: never executed again', () => {
    const t = town()
    const first = t.pay('alice', 'bob', '60.00', { id })
    t.wait(10 * minute)
    expect(place(t.pay('alice', 'bob', '60.00', { id }))).toEqual(place(first))
    t.wait(11 * minute)
    for (let i = 0; i < 10; i++) t.pay('bob', 'alice', '0.01')
    for (let hours = 0; hours < 24 * 5; hours += 6) {
      const { refusal } = t.pay('alice', 'bob', '60.00', { id })
      expect([hours, refusal]).toEqual([hours, hours < 63 ? 'id-seen' : 'id-expired'])
      const other = parseCommandId(
        `X${new Date(t.nowMs + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '')}${hours}`,
      )!
      expect(t.pay('bob', 'alice', '0.01', { id: other }).refusal).toBe('accepted')
      t.wait(6 * 60 * minute)
    }
    expectBalances(t, 'alice 40.30\n bob 59.70')
  })

  test('a wallet has a quota of them a day', () => {
    const t = town()
    const payments = Array.from({ length: datedIdsPerDayMax + 1 }, (_, n) =>
      t.payment('alice', 'bob', '0.01', { id: parseCommandId(`P20260302${n}`)! }),
    )
    const answers = t.batch(0, payments)
    expect(answers.map(({ refusal }) => refusal).lastIndexOf('accepted')).toBe(datedIdsPerDayMax - 1)
    expect(answers.at(-1)!.refusal).toBe('id-quota-exceeded')
    expect(t.pay('alice', 'bob', '0.01').refusal).toBe('accepted')
    expect(t.pay('bob', 'alice', '0.01', { id }).refusal).toBe('accepted')
    t.wait(dayMs)
    expect(t.pay('alice', 'bob', '0.01', { id: parseCommandId('P20260302005001')! }).refusal).toBe('accepted')
  })
})

describe('full tables', () => {
  test('a full memory refuses new ids, answers old ones and takes new ones again when time has passed', () => {
    const t = town({ idsMax: 64 })
    const id = t.id()
    const first = t.pay('alice', 'bob', '1.00', { id })
    let refused = 0
    for (let i = 0; i < 70; i++) refused += t.pay('alice', 'bob', '0.01').refusal === 'ids-exhausted' ? 1 : 0
    expect(refused).toBeGreaterThan(0)
    expect(place(t.pay('alice', 'bob', '1.00', { id }))).toEqual(place(first))
    expect(t.command(0, 'userOpen', { ...t.byInstitution(), bucket: 0, kyc: 1 }).refusal).toBe('ids-exhausted')
    t.wait(idMemoryMs + 1)
    t.pay('bob', 'alice', '0.01')
    expect(t.pay('bob', 'alice', '0.01').refusal).toBe('accepted')
  })

  test('a full table of dated ids refuses them alone, and takes them again when their days have passed', () => {
    const t = town({ idsMax: 64 })
    const payDated = (serial: number, date = '20260302'): string =>
      t.pay('alice', 'bob', '0.01', { id: parseCommandId(`P${date}${serial}`)! }).refusal
    for (let n = 0; n < 64; n++) {
      // The exact memory is as small: let it forget.
      if (n % 16 === 0) t.wait(idMemoryMs + 1)
      if (n % 16 === 0) for (let i = 0; i < 40; i++) t.pay('bob', 'alice', '5000.00')
      if (n % 16 === 0) t.wait(idMemoryMs + 1)
      expect([n, payDated(n)]).toEqual([n, 'accepted'])
    }
    t.wait(idMemoryMs + 1)
    expect(payDated(64)).toBe('ids-exhausted')
    expect(t.pay('alice', 'bob', '0.01').refusal).toBe('accepted')
    t.wait(3 * dayMs)
    expect(payDated(1, '20260305')).toBe('accepted')
  })
})

test('an institution fills no more than half of the table of dated ids: the rest is the wallets’', () => {
  const t = town({ idsMax: 64 })
  const open = (serial: number, date = '20260302'): string => {
    const fields = { ...t.byInstitution(), id: parseCommandId(`P${date}${serial}`)!, bucket: 0, kyc: 1 }
    return t.command(0, 'userOpen', fields).refusal
  }
  const forgetExactIds = (): void => {
    t.wait(idMemoryMs + 1)
    for (let i = 0; i < 40; i++) t.pay('bob', 'alice', '5000.00')
    t.wait(idMemoryMs + 1)
  }
  for (let n = 0; n < 32; n++) {
    if (n % 16 === 0) forgetExactIds()
    expect([n, open(n)]).toEqual([n, 'accepted'])
  }
  forgetExactIds()
  expect(open(32)).toBe('id-quota-exceeded')
  expect(t.command(0, 'userOpen', { ...t.byInstitution(), bucket: 0, kyc: 1 }).refusal).toBe('accepted')
  expect(t.pay('alice', 'bob', '0.01', { id: parseCommandId('P202603021')! }).refusal).toBe('accepted')
  t.wait(3 * dayMs)
  expect(open(1, '20260305')).toBe('accepted')
})

describe('a frame that is stored twice', () => {
  test('is answered as before and changes nothing, not even what left no trace', () => {
    const t = town()
    const frame = [
      t.payment('alice', 'bob', '60.00'),
      t.payment('alice', 'bob', '1.00', { keyVersion: 7 }),
      t.payment('bob', 'carol', '10.00'),
    ]
    const from = { incarnation: 55, counter: 9 }
    const first = t.batch(0, frame, from)
    t.wallet('alice').keyVersion = 7
    const again = t.batch(0, frame, from)
    expect(again.map(({ refusal }) => refusal)).toEqual(['accepted', 'frame-repeated', 'accepted'])
    expect(place(again[0]!)).toEqual(place(first[0]!))
    expect(place(again[2]!)).toEqual(place(first[2]!))
    t.settle()
    expectBalances(t, 'alice 40.00\n bob 50.00\n carol 10.00')
  })

  test('does not repeat a command', () => {
    const t = town()
    const body = encodeCommand('userOpen', { ...t.byInstitution(), bucket: 0, kyc: 1 })
    const from = { incarnation: 55, counter: 10 }
    const users = (): number => t.shards[0]!.ledger.state.users.count
    const [first] = t.submit(0, body, frameKinds.commands, 1, from).answers
    const count = users()
    const [again] = t.submit(0, body, frameKinds.commands, 1, from).answers
    expect([again!.refusal, again!.repeated, again!.value]).toEqual(['accepted', true, first!.value])
    expect(users()).toBe(count)
  })

  test('frames of one sender may arrive in another order, each once', () => {
    const t = town()
    const send = (counter: number): string => {
      const body = encodePayments([t.payment('alice', 'bob', '1.00')])
      return t.submit(0, body, frameKinds.payments, 1, { incarnation: 5, counter }).answers[0]!.refusal
    }
    expect([3, 1, 2, 3, 1, 60, 20, 20, 5].map(send)).toEqual([
      'accepted',
      'accepted',
      'accepted',
      'frame-repeated',
      'frame-repeated',
      'accepted',
      'accepted',
      'frame-repeated',
      'frame-repeated',
    ])
  })
})

describe('commands keep the same rules', () => {
  test('same id, same body: the same number; other body: refused', () => {
    const t = town()
    const by = t.byInstitution()
    const open = (digestHigh: number): Answer => t.command(0, 'userOpen', { ...by, digestHigh, bucket: 0, kyc: 1 })
    const first = open(1)
    t.wait(minute)
    expect(place(open(1))).toEqual(place(first))
    expect(open(2).refusal).toBe('id-reused')
  })

  test.each([Number.NaN, -1, 0.5, 2 ** 53, Number.POSITIVE_INFINITY])('an id of %d belongs to nobody', (actor) => {
    const t = town()
    const by = { ...t.byInstitution(), actor }
    expect(t.command(0, 'userOpen', { ...by, bucket: 0, kyc: 1 }).refusal).toBe('id-malformed')
  })

  test('an id that is refused for a passing reason may be used again', () => {
    const t = town()
    const by = t.byInstitution()
    expect(t.command(0, 'userOpen', { ...by, signer: 1, bucket: 0, kyc: 1 }).refusal).toBe('signer-not-allowed')
    expect(t.command(0, 'userOpen', { ...by, bucket: 0, kyc: 1 }).refusal).toBe('accepted')
  })

  test('commands before it in a frame are seen by the next', () => {
    const t = town()
    const { number } = t.wallet('bob')
    const freeze = { ...t.byInstitution(), wallet: number, action: walletActions.freeze }
    const close = { ...t.byWallet('bob'), wallet: number, action: walletActions.close }
    const bodies = [encodeCommand('walletStatus', freeze), encodeCommand('walletStatus', close)]
    const body = new Uint8Array([...bodies[0]!, ...bodies[1]!])
    const { answers } = t.submit(0, body, frameKinds.commands, 2)
    expect(answers.map(({ refusal }) => refusal)).toEqual(['accepted', 'wallet-frozen'])
  })

  test('an institution may give its commands dated ids in every shard', () => {
    const t = town()
    const id = parseCommandId('P20260302001')!
    for (const shard of [0, 1]) {
      const open = (): Answer => t.command(shard, 'userOpen', { ...t.byInstitution(), id, bucket: shard, kyc: 1 })
      expect(open().refusal).toBe('accepted')
      expect(open()).toMatchObject({ refusal: 'accepted', repeated: true })
    }
  })

  test('an empty id is no id', () => {
    const t = town()
    expect(t.command(0, 'userOpen', { ...headOf({ signer: 2, principal: 1 }), bucket: 0, kyc: 1 }).refusal).toBe(
      'id-malformed',
    )
  })
})
