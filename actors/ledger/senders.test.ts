import { describe, expect, test } from 'vitest'
import { encodeCommand, encodePayments, encodeTransit } from './frameBuilder.ts'
import { bodyViews, recordsPerFrameMax } from './frameInput.ts'
import { Ledger } from './ledger.ts'
import { Outcomes } from './outcomes.ts'
import { expectBalances, headOf } from './paper.fixture.ts'
import {
  commandOps,
  frameKinds,
  paymentRecord,
  principalRoles,
  senders,
  transitGroup,
  transitHeader,
  transitOps,
  transitRecord,
} from './records.ts'
import { Town } from './town.fixture.ts'

function town(): Town {
  const t = new Town({ shards: 3 })
  t.open('alice', { shard: 0, yuan: '100.00' })
  t.open('bob', { shard: 0 })
  t.open('carol', { shard: 1 })
  return t
}

const digests = (t: Town): string[] => t.shards.map(({ ledger }) => ledger.state.digest.text())

const recordAt = transitHeader.size + transitGroup.size

/** The frame that carries Alice's one payment to Carol. */
function carriedCredit(t: Town, source = 0, first = 0): Uint8Array {
  const body = encodeTransit(source, 0, t.shards[0]!.ledger.state.lanes[1]!, 0, 1)
  new DataView(body.buffer).setFloat64(transitHeader.at.first, first, true)
  return body
}

/** A transit frame that gives Carol 1,000.00 of nobody's money. */
function forgedCredit(t: Town, source = 0): Uint8Array {
  const body = carriedCredit(t, source)
  new DataView(body.buffer).setFloat64(recordAt + transitRecord.at.amount, 100_000, true)
  return body
}

describe('a frame does only what its sender may', () => {
  test('nobody but a shard sends credits', () => {
    const t = town()
    t.pay('alice', 'carol', '10.00')
    const body = forgedCredit(t)
    const before = digests(t)
    for (const sender of [senders.edge, senders.connector, senders.operator, senders.host]) {
      expect(t.submit(1, body, frameKinds.transit, 1, { sender, senderNumber: 0 }).skipped).toBe('sender-not-allowed')
    }
    expect(digests(t)).toEqual(before)
  })

  test('a shard cannot pose as another, as one that does not exist, or as the shard itself', () => {
    const t = town()
    t.pay('alice', 'carol', '10.00')
    const before = digests(t)
    for (const [source, senderNumber] of [
      [0, 2],
      [2, 0],
      [1, 1],
      [3, 3],
      [63, 63],
      [4_294_967_295, 4_294_967_295],
    ] as const) {
      const from = { sender: senders.shard, senderNumber }
      expect(t.submit(1, forgedCredit(t, source), frameKinds.transit, 1, from).skipped).toBe('sender-not-allowed')
    }
    expect(digests(t)).toEqual(before)
  })

  test('nobody but an edge pays', () => {
    const t = town()
    const body = encodePayments([t.payment('alice', 'bob', '10.00')])
    for (const sender of [senders.connector, senders.shard, senders.operator, senders.host, 0, 99]) {
      expect(t.submit(0, body, frameKinds.payments, 1, { sender }).skipped).toBe('sender-not-allowed')
    }
    expectBalances(t, 'alice 100.00')
  })

  test('connectors, shards and hosts give no commands of people', () => {
    const t = town()
    const { number, user } = t.wallet('alice')
    const bodies = [
      encodeCommand('walletStatus', { ...t.byInstitution(), wallet: number, action: 1 }),
      encodeCommand('userUpdate', { ...t.byInstitution(), user, kyc: 0, risk: 3 }),
      encodeCommand('redemptionRequest', { ...t.byWallet('alice'), wallet: number, amount: 1, link: 1 }),
    ]
    for (const sender of [senders.connector, senders.shard, senders.host]) {
      for (const body of bodies) {
        const { answers } = t.submit(0, body, frameKinds.commands, 1, { sender })
        expect(answers[0]!.refusal).toBe('sender-not-allowed')
      }
    }
    expect(t.view('alice')).toMatchObject({ state: 'open', risk: 0, balance: 10_000 })
  })

  test('a second genesis is no command', () => {
    const t = town()
    const hashKey = new Uint8Array(16)
    const body = encodeCommand('genesis', { ...headOf(), shard: 0, shardCount: 1, walletsMax: 9, idsMax: 16, hashKey })
    expect(t.submit(0, body, frameKinds.commands, 1, { sender: senders.operator }).answers[0]!.refusal).toBe(
      'command-unknown',
    )
  })
})

describe('malformed frames are skipped without harm', () => {
  const cases: [string, (t: Town) => { body: Uint8Array; kind: number; count: number }][] = [
    ['a count that is too small', (t) => ({ body: twoPayments(t), kind: frameKinds.payments, count: 1 })],
    ['a count that is too large', (t) => ({ body: twoPayments(t), kind: frameKinds.payments, count: 3 })],
    ['a count of zero', () => ({ body: new Uint8Array(), kind: frameKinds.payments, count: 0 })],
    ['a count below zero', (t) => ({ body: twoPayments(t), kind: frameKinds.payments, count: -2 })],
    ['a fraction for a count', (t) => ({ body: twoPayments(t), kind: frameKinds.payments, count: 1.5 })],
    ['no number for a count', (t) => ({ body: twoPayments(t), kind: frameKinds.payments, count: Number.NaN })],
    ['more records than a frame holds', () => tooMany()],
    ['a kind that is none', (t) => ({ body: twoPayments(t), kind: 9, count: 2 })],
    ['a body cut short', (t) => ({ body: twoPayments(t).subarray(0, 143), kind: frameKinds.payments, count: 2 })],
    ['commands that are not there', () => ({ body: new Uint8Array(), kind: frameKinds.commands, count: 1 })],
    ['a command longer than the frame', () => ({ body: commandOf(4_096, 20), kind: frameKinds.commands, count: 1 })],
    ['a command shorter than its head', () => ({ body: commandOf(8, 20), kind: frameKinds.commands, count: 1 })],
    ['a command of no length', () => ({ body: commandOf(0, 20), kind: frameKinds.commands, count: 1 })],
    ['a command of an odd length', () => ({ body: commandOf(71, 20), kind: frameKinds.commands, count: 1 })],
    ['bytes after the last command', (t) => ({ body: padded(t), kind: frameKinds.commands, count: 1 })],
  ]

  function twoPayments(t: Town): Uint8Array {
    return encodePayments([t.payment('alice', 'bob', '1.00'), t.payment('alice', 'bob', '1.00')])
  }

  function tooMany(): { body: Uint8Array; kind: number; count: number } {
    const count = recordsPerFrameMax + 1
    return { body: new Uint8Array(count * paymentRecord.size), kind: frameKinds.payments, count }
  }

  function commandOf(length: number, op: number): Uint8Array {
    const body = new Uint8Array(72)
    new DataView(body.buffer).setUint16(0, length, true)
    body[2] = op
    return body
  }

  function padded(t: Town): Uint8Array {
    const command = encodeCommand('userOpen', { ...t.byInstitution(), bucket: 0, kyc: 1 })
    return new Uint8Array([...command, ...new Uint8Array(8)])
  }

  test.each(cases)('%s', (_, make) => {
    const t = town()
    const { body, kind, count } = make(t)
    const before = digests(t)
    const nothing = { answers: [], completions: [], sagas: [], runs: [], returns: [] }
    expect(t.submit(0, body, kind, count)).toEqual({ skipped: 'malformed', ...nothing })
    expect(digests(t)).toEqual(before)
    expect(t.pay('alice', 'bob', '1.00').refusal).toBe('accepted')
  })

  test('a command of a length that is not its own, or of no name, is refused alone', () => {
    const t = town()
    const good = encodeCommand('userOpen', { ...t.byInstitution(), bucket: 0, kyc: 1 })
    const wrongLength = new Uint8Array(good.length + 8)
    wrongLength.set(good)
    new DataView(wrongLength.buffer).setUint16(0, wrongLength.length, true)
    const wrongName = good.slice()
    wrongName[2] = 199
    const body = new Uint8Array([...wrongLength, ...wrongName, ...good])
    const { answers } = t.submit(0, body, frameKinds.commands, 3)
    expect(answers.map(({ refusal }) => refusal)).toEqual(['command-unknown', 'command-unknown', 'accepted'])
  })

  test.each([Number.NaN, -1, 0.5, Number.NEGATIVE_INFINITY, 2 ** 60])(
    'a transit frame whose first number is %d is skipped, and the lane goes on',
    (first) => {
      const t = town()
      t.pay('alice', 'carol', '10.00')
      const from = { sender: senders.shard, senderNumber: 0 }
      const { skipped } = t.submit(1, carriedCredit(t, 0, first), frameKinds.transit, 1, from)
      expect(skipped).toBe('malformed')
      t.carry(0, 1)
      expectBalances(t, 'carol 10.00')
    },
  )

  test.each([0, 2, 4_294_967_295])('a transit frame that announces %d groups and holds one is skipped', (groups) => {
    const t = town()
    t.pay('alice', 'carol', '10.00')
    const body = carriedCredit(t)
    new DataView(body.buffer).setUint32(transitHeader.at.groups, groups, true)
    const from = { sender: senders.shard, senderNumber: 0 }
    expect(t.submit(1, body, frameKinds.transit, 1, from).skipped).toBe('malformed')
    t.carry(0, 1)
    expectBalances(t, 'carol 10.00')
  })

  test('a transit frame shorter than its header is skipped', () => {
    const from = { sender: senders.shard, senderNumber: 0 }
    expect(town().submit(1, new Uint8Array(8), frameKinds.transit, 1, from).skipped).toBe('malformed')
  })

  test('a transit frame of an older incarnation is not taken', () => {
    const t = town()
    t.pay('alice', 'carol', '10.00')
    t.carry(0, 1)
    t.shards[1]!.ledger.state.receivedIncarnation[0] = 1
    t.pay('alice', 'carol', '10.00')
    expect(t.carry(0, 1).skipped).toBe('repeated')
  })

  test('a body that does not lie on a boundary of eight bytes is read all the same', () => {
    const t = town()
    const body = encodePayments([t.payment('alice', 'bob', '1.00')])
    const shifted = new Uint8Array(body.length + 3)
    shifted.set(body, 3)
    expect(bodyViews(shifted.subarray(3)).u8).toEqual(body)
    expect(t.submit(0, shifted.subarray(3), frameKinds.payments, 1).answers[0]!.refusal).toBe('accepted')
  })
})

/** Makes a credit the return of a payment that Carol made. */
function returnTo(record: DataView, reason: number): void {
  record.setUint8(transitRecord.at.op, 2)
  record.setUint8(transitRecord.at.reason, reason)
  record.setFloat64(transitRecord.at.payer, record.getFloat64(transitRecord.at.payee, true), true)
}

describe('what only a broken shard can send stops the machine', () => {
  test.each([
    [
      'an op that is none',
      (v: DataView) => v.setUint8(transitRecord.at.op, Math.max(...Object.values(transitOps)) + 1),
    ],
    ['an amount of zero', (v: DataView) => v.setFloat64(transitRecord.at.amount, 0, true)],
    ['an amount below zero', (v: DataView) => v.setFloat64(transitRecord.at.amount, -5, true)],
    ['an amount that is no number', (v: DataView) => v.setFloat64(transitRecord.at.amount, Number.NaN, true)],
    ['a return to nobody', (v: DataView) => v.setUint8(transitRecord.at.op, 2)],
    ['a return for no reason', (v: DataView) => returnTo(v, 0)],
    ['a return for a reason that is none', (v: DataView) => returnTo(v, 200)],
  ])('%s', (_, spoil) => {
    const t = town()
    t.pay('alice', 'carol', '10.00')
    const body = carriedCredit(t)
    spoil(new DataView(body.buffer, recordAt))
    const from = { sender: senders.shard, senderNumber: 0 }
    expect(() => t.submit(1, body, frameKinds.transit, 1, from)).toThrow('law broken')
  })

  test('a frame that is not the next', () => {
    const t = town()
    const frame = t.frame(1, encodePayments([t.payment('alice', 'bob', '1.00')]), frameKinds.payments, 1)
    expect(() => t.shards[0]!.apply(frame)).toThrow('law broken')
  })
})

describe('a log begins with its genesis', () => {
  const good = { shard: 0, shardCount: 2, walletsMax: 16, idsMax: 64 }
  const genesisOf = (fields: object): Uint8Array =>
    encodeCommand('genesis', { ...headOf(), ...good, hashKey: new Uint8Array(16), ...fields })
  const principal = (number: number, role: number): Uint8Array =>
    encodeCommand('principalPut', { ...headOf(), number, role, active: 1, publicKey: new Uint8Array(32) })
  const begin = (bodies: Uint8Array[], from: object = {}): Ledger => {
    const body = new Uint8Array(bodies.flatMap((bytes) => [...bytes]))
    const t = town()
    const operator = { sender: senders.operator, ...from }
    return Ledger.fromGenesis(t.frame(1, body, frameKinds.commands, bodies.length, operator), new Outcomes())
  }

  test('that names who may act', () => {
    const { state } = begin([
      genesisOf({}),
      principal(3, principalRoles.institution),
      principal(3, principalRoles.operator),
    ])
    expect(state.activePrincipal(3, principalRoles.institution)).toBe(0)
    expect(state.activePrincipal(3, principalRoles.operator)).toBe(1)
    expect(state.logTimeMs).toBe(town().nowMs)
    expect(state.rules.single[4 * 4]).toBe(200_000)
  })

  test.each<[string, Uint8Array[], object]>([
    ["an edge's", [genesisOf({})], { sender: senders.edge }],
    ['payments', [genesisOf({})], { kind: frameKinds.payments }],
    ['principals before it', [principal(3, 1), genesisOf({})], {}],
    ['two of them', [genesisOf({}), genesisOf({})], {}],
    ['a role of its own', [genesisOf({}), principal(3, 7)], {}],
    ['number 0', [genesisOf({}), principal(0, 1)], {}],
    ['number 256', [genesisOf({}), principal(256, 1)], {}],
    ['one principal twice', [genesisOf({}), principal(3, 1), principal(3, 1)], {}],
    ['no shards', [genesisOf({ shardCount: 0 })], {}],
    ['65 shards', [genesisOf({ shardCount: 65 })], {}],
    ['a shard beyond the last', [genesisOf({ shard: 2 })], {}],
    ['no room', [genesisOf({ walletsMax: 0 })], {}],
    ['ids that are no power of two', [genesisOf({ idsMax: 100 })], {}],
    ['no ids', [genesisOf({ idsMax: 0 })], {}],
    ['less than its length', [genesisOf({}).subarray(0, 80)], {}],
  ])('not with %s', (_, bodies, from) => {
    expect(() => begin(bodies, from)).toThrow('law broken')
  })

  test('every operation has a number of its own', () => {
    const numbers = Object.values(commandOps)
    expect(new Set(numbers).size).toBe(numbers.length)
    expect(transitHeader.size % 8).toBe(0)
  })
})
