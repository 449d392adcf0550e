import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCommandId } from './ids.ts'
import type { FieldTable, Layout, RecordValue } from './layout.ts'
import { writeRecord } from './layout.ts'
import { uuidAt, type Wallet } from './paper.fixture.ts'
import {
  batchHeader,
  batchRecord,
  commandOps,
  commandRecords,
  frameKinds,
  orderTransitRecord,
  paymentRecord,
  senders,
  transitGroup,
  transitHeader,
  transitRecord,
} from './records.ts'
import { expectSound } from './replica.fixture.ts'
import { institution, operator, Town } from './town.fixture.ts'

type FuzzFrame = { kind: number; sender: number; count: number; body: Uint8Array }

const nasty = [
  Number.NaN,
  0,
  -0,
  -1,
  0.5,
  1e-300,
  2 ** 53,
  2 ** 53 - 1,
  -(2 ** 53),
  2 ** 63,
  1e308,
  Number.POSITIVE_INFINITY,
]
const startMs = new Town({ shards: 2 }).nowMs

function town(): Town {
  const t = new Town({ shards: 2, idsMax: 512 })
  t.open('alice', { shard: 0, yuan: '100.00' })
  t.open('bob', { shard: 0, class: 4, kyc: 4, kind: 2, yuan: '50.00' })
  t.open('carol', { shard: 1 })
  t.redeem('alice', '1.00')
  t.recharge('alice', '1.00')
  return t
}

const { alice, bob, carol, strangers } = ((): Record<'alice' | 'bob' | 'carol', Wallet> & { strangers: number[] } => {
  const t = town()
  const strangers = [t.strangerIn(0), t.strangerIn(1)]
  return { alice: t.wallet('alice'), bob: t.wallet('bob'), carol: t.wallet('carol'), strangers }
})()
const numbers = [alice, bob, carol].flatMap(({ number, user }) => [number, user])

const freshId = fc.oneof(
  fc.nat(100_000).map((serial) => uuidAt(startMs, serial + 1_000)),
  fc.nat(9).map((serial) => uuidAt(startMs, serial)),
  fc.nat(99).map((serial) => parseCommandId(`P20260302${serial}`)!),
)

/** A list of doubles as records hold it. */
const doubles = (...values: number[]): Uint8Array => new Uint8Array(Float64Array.from(values).buffer)
/** What proposals may hold: a risk rule, and limits. */
const changes = [
  [1, 1, 0, 2, 0, 5_000, 0, 0],
  [4, 2, 0, 0, 3, 100, 0, 0],
].map(([kind = 0, action = 0, window = 0, ...numbers]) => {
  const bytes = new Uint8Array(64)
  bytes.set([kind, action, window])
  for (const [i, value] of numbers.entries()) new DataView(bytes.buffer).setFloat64(8 + i * 8, value, true)
  return bytes
})

/** What each field holds when nothing is wrong with it. */
const sane: Readonly<Record<string, fc.Arbitrary<RecordValue>>> = {
  actor: fc.constantFrom(alice.number, bob.number),
  wallet: fc.constantFrom(alice.number, bob.number),
  payer: fc.constantFrom(alice.number, bob.number),
  payee: fc.constantFrom(alice.number, bob.number, carol.number, ...strangers),
  user: fc.constantFrom(alice.user, bob.user),
  amount: fc.integer({ min: 1, max: 5_000 }),
  limit: fc.oneof(fc.integer({ min: 1, max: 500_000 }), fc.constant(0)),
  id: freshId,
  keyVersion: fc.integer({ min: 1, max: 2 }),
  requestedMs: fc.constant(startMs),
  effectiveMs: fc.constantFrom(0, startMs, startMs + 500),
  signer: fc.constantFrom(1, 1, 2, 2, 3, 3, 7),
  principal: fc.constantFrom(institution, institution, operator),
  class: fc.integer({ min: 0, max: 4 }),
  kind: fc.constantFrom(1, 2),
  kyc: fc.integer({ min: 1, max: 4 }),
  risk: fc.constantFrom(0, 0, 1, 2, 3, 255),
  action: fc.constantFrom(1, 2, 2, 3),
  institution: fc.constantFrom(institution, institution, institution + 1),
  flags: fc.nat(1),
  authorisation: fc.constantFrom(1, 2, 3, 0),
  cause: fc.constantFrom(1, 3),
  algorithm: fc.constantFrom(1, 2),
  active: fc.constantFrom(0, 1, 1),
  type: fc.constantFrom(1, 2),
  link: fc.integer({ min: 1, max: 4 }),
  step: fc.integer({ min: 2, max: 6 }),
  reason: fc.oneof(fc.nat(95), fc.nat(6)),
  bucket: fc.constantFrom(0, 2, 4_094),
  number: fc.constantFrom(1, 2, 9, 20),
  role: fc.constantFrom(1, 2),
  level: fc.nat(3),
  percent: fc.nat(100),
  days: fc.nat(40),
  minutes: fc.constantFrom(0, 1, 1_440),
  minute: fc.nat(1_439),
  floor: fc.nat(10_000),
  reserve: fc.nat(10_000),
  consent: fc.nat(1),
  payment: freshId,
  paidMs: fc.constant(startMs),
  payerInstitution: fc.constant(institution),
  key: fc.constant(Uint8Array.from({ length: 33 }, () => 2)),
  tokenLength: fc.nat(192),
  sealedLength: fc.nat(120),
  maskedLength: fc.nat(32),
  expiresMs: fc.constantFrom(startMs + 1, startMs + 60_000, startMs + 86_400_000),
  orderNo: fc
    .constantFrom('A1', 'A2', 'A3')
    .map((text) => Uint8Array.from({ length: 32 }, (_, i) => text.charCodeAt(i))),
  order: fc.nat(3),
  hold: freshId,
  mandate: freshId,
  firstMs: fc.constantFrom(startMs, startMs + 1, startMs + 30_000),
  endsMs: fc.constantFrom(0, startMs + 60_000),
  periodAmount: fc.constantFrom(0, 10_000, 10_000),
  countMax: fc.nat(3),
  period: fc.integer({ min: 0, max: 3 }),
  scheduled: fc.constantFrom(0, 1),
  count: fc.integer({ min: 1, max: 2 }),
  payees: fc.constant(doubles(alice.number, carol.number)),
  amounts: fc.constantFrom(doubles(100, 200), doubles(100, 0), doubles(5_000, 1)),
  weights: fc.constantFrom(new Uint8Array(32), Uint8Array.of(0, 0, 16, 1), Uint8Array.of(16, 39, 16, 39)),
  proposal: freshId,
  agreed: fc.constantFrom(1, 1, 0),
  changeOp: fc.constantFrom(2, 3, 4, 5, 110, 111, 112),
  change: fc.oneof(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.constantFrom(...changes)),
  standing: fc.nat(2),
  required: fc.nat(1),
  device: fc.nat(5),
  window: fc.nat(2),
  paymentsMax: fc.nat(6),
  factor: fc.integer({ min: 1, max: 4 }),
  fen: fc.nat(4_000),
  ageMs: fc.constantFrom(0, 1_000),
  payeeInstitution: fc.constant(institution),
  textLength: fc.constant(0),
  ...Object.fromEntries(['balance', 'single', 'day', 'year'].map((name) => [name, fc.nat(10_000_000)])),
}

function wildValue(type: string): fc.Arbitrary<RecordValue> {
  if (type === 'f64') return fc.oneof(fc.constantFrom(...numbers), fc.constantFrom(...nasty), fc.double())
  if (type === 'bytes16') return fc.uint8Array({ minLength: 16, maxLength: 16 })
  if (type.startsWith('bytes')) return fc.uint8Array({ maxLength: Number(type.slice(5)) })
  return fc.nat(type === 'u8' ? 255 : type === 'u16' ? 65_535 : 4_294_967_295)
}

/** A record that is right but for some of its fields, which are anything. */
function recordOf(record: Layout, op: number): fc.Arbitrary<Uint8Array> {
  const fields = Object.entries(record.fields as FieldTable).map(([field, [type]]) => {
    if (field === 'length') return [field, fc.constant(record.size)] as const
    if (field === 'op') return [field, fc.constant(op)] as const
    const [right, wild] = [sane[field] ?? wildValue(type), wildValue(type)]
    return [field, fc.oneof({ weight: 30, arbitrary: right }, { weight: 1, arbitrary: wild })] as const
  })
  return fc.record(Object.fromEntries(fields)).map((values) => {
    const body = new Uint8Array(record.size)
    writeRecord(record as never, new DataView(body.buffer), 0, values as never)
    return body
  })
}

const join = (bodies: readonly Uint8Array[]): Uint8Array => new Uint8Array(bodies.flatMap((body) => [...body]))

const commandFrames = (sender: fc.Arbitrary<number>): fc.Arbitrary<FuzzFrame> => {
  const commands = Object.entries(commandRecords).map(([name, record]) =>
    recordOf(record as unknown as Layout, commandOps[name as keyof typeof commandOps]),
  )
  return fc
    .tuple(sender, fc.array(fc.oneof(...commands), { minLength: 1, maxLength: 4 }))
    .map(([from, bodies]) => ({ kind: frameKinds.commands, sender: from, count: bodies.length, body: join(bodies) }))
}

const paymentFrames: fc.Arbitrary<FuzzFrame> = fc
  .array(recordOf(paymentRecord as unknown as Layout, 0), { minLength: 1, maxLength: 4 })
  .map((bodies) => ({ kind: frameKinds.payments, sender: senders.edge, count: bodies.length, body: join(bodies) }))

const batchFrames: fc.Arbitrary<FuzzFrame> = fc
  .tuple(
    recordOf(batchHeader as unknown as Layout, 0),
    fc.array(recordOf(batchRecord as unknown as Layout, 0), { minLength: 1, maxLength: 4 }),
    fc.boolean(),
  )
  .map(([header, records, ordered]) => {
    const body = join([header, ...records])
    const view = new DataView(body.buffer)
    for (let i = 0; ordered && i < records.length; i++) {
      view.setUint32(batchHeader.size + i * batchRecord.size + batchRecord.at.index, i * 3, true)
    }
    return { kind: frameKinds.batch, sender: senders.edge, count: records.length, body }
  })

const rawFrames = (sender: fc.Arbitrary<number>): fc.Arbitrary<FuzzFrame> =>
  fc.record({
    kind: fc.integer({ min: 0, max: 5 }),
    sender,
    count: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom(...nasty)),
    body: fc.uint8Array({ maxLength: 400 }),
  })

const damagedFrames = (frames: fc.Arbitrary<FuzzFrame>): fc.Arbitrary<FuzzFrame> =>
  fc.tuple(frames, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([frame, at, byte]) => {
    const body = frame.body.slice()
    body[at % body.length] = byte
    return { ...frame, body }
  })

/** Σ of what people hold, redeem and have on its way: only recharges that settle may raise it. */
function moneyOf(t: Town): number {
  return t.shards.reduce((sum, { ledger }) => sum - ledger.state.books.issuance[institution]!, 0)
}

describe('no edge stops a shard or makes money', () => {
  const fromEdge = fc.constant(senders.edge)
  const frames = fc.oneof(
    rawFrames(fromEdge),
    paymentFrames,
    batchFrames,
    commandFrames(fromEdge),
    damagedFrames(paymentFrames),
    damagedFrames(batchFrames),
    damagedFrames(commandFrames(fromEdge)),
  )

  test('whatever bytes its frames hold', () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 60, size: 'max' }), (sent) => {
        const t = town()
        const money = moneyOf(t)
        // `submit` recounts every balance after every frame, and would throw what the ledger throws.
        for (const { kind, sender, count, body } of sent) t.submit(0, body, kind, count, { sender })
        t.settle()
        expect(moneyOf(t)).toBe(money)
        expectSound(t)
      }),
      { numRuns: 200 },
    )
  })

  test('whatever its clock and counters say', () => {
    const clock = fc.oneof(fc.constantFrom(...nasty), fc.maxSafeNat())
    const counters = fc.record({ senderClockMs: clock, incarnation: fc.maxSafeNat(), counter: fc.maxSafeNat() })
    fc.assert(
      fc.property(fc.array(counters, { maxLength: 20 }), (sent) => {
        const t = town()
        const from = t.shards[0]!.ledger.state.logTimeMs
        for (const header of sent) {
          t.wait(1_000)
          t.pay('alice', 'bob', '0.01', {}, header)
          expect(t.shards[0]!.ledger.state.logTimeMs).toBeLessThanOrEqual(t.nowMs)
          expect(t.shards[0]!.ledger.state.logTimeMs).toBeGreaterThanOrEqual(from)
        }
        expectSound(t)
      }),
      { numRuns: 100 },
    )
  })
})

describe('no connector or operator stops a shard', () => {
  const anybody = fc.constantFrom(senders.connector, senders.operator, senders.host, 0, 9)
  const frames = fc.oneof(rawFrames(anybody), commandFrames(anybody), damagedFrames(commandFrames(anybody)))

  test('whatever bytes their frames hold', () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 60, size: 'max' }), (sent) => {
        const t = town()
        for (const { kind, sender, count, body } of sent) t.submit(0, body, kind, count, { sender })
        expectSound(t)
      }),
      { numRuns: 100 },
    )
  })
})

describe('a shard that sends nonsense', () => {
  const records = fc.array(
    fc.oneof(
      fc.uint8Array({ minLength: transitRecord.size, maxLength: transitRecord.size }),
      ...[1, 2, 3, 4].map((op) => recordOf(transitRecord as unknown as Layout, op)),
      ...[5, 6, 7, 8, 9, 10, 11, 12, 13, 14].map((op) => recordOf(orderTransitRecord as unknown as Layout, op)),
    ),
    { minLength: 1, maxLength: 3 },
  )
  const groups = fc.array(
    fc.oneof(
      fc.uint8Array({ minLength: transitGroup.size, maxLength: transitGroup.size }),
      recordOf(transitGroup as unknown as Layout, 0),
    ),
    { maxLength: 3 },
  )
  const first = fc.oneof(fc.constant(0), fc.constantFrom(...nasty))
  const headerOf = (fields: { incarnation: number; first: number; groups: number; records: number }): Uint8Array => {
    const out = new Uint8Array(transitHeader.size)
    writeRecord(transitHeader, new DataView(out.buffer), 0, { source: 0, ...fields })
    return out
  }

  test('is skipped or breaks a law, and never anything else', () => {
    fc.assert(
      fc.property(records, groups, first, fc.nat(2), (sent, shared, from, incarnation) => {
        const t = town()
        const header = headerOf({ incarnation, first: from, groups: shared.length, records: sent.length })
        const body = join([header, ...shared, ...sent])
        const sender = { sender: senders.shard, senderNumber: 0 }
        const frame = t.frame(t.shards[1]!.log.at(-1)!.seq + 1, body, frameKinds.transit, sent.length, sender)
        let broken: unknown
        try {
          t.shards[1]!.apply(frame)
        } catch (error) {
          broken = error
        }
        if (broken !== undefined) expect(String(broken)).toMatch(/^LawBroken: law broken: /)
        else t.shards[1]!.ledger.state.audit()
      }),
      { numRuns: 500 },
    )
  })
})
