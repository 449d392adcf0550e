import { describe, expect, test } from 'vitest'
import { idMemoryMs, idWindowMs } from './admission.ts'
import { encodeBatch } from './frameBuilder.ts'
import { expectBalances } from './paper.fixture.ts'
import { batchRecord, frameKinds, senders, walletActions } from './records.ts'
import { digestFromScratch, replay, snapshot } from './replica.fixture.ts'
import { State } from './state.ts'
import { institution, otherInstitution, Town } from './town.fixture.ts'

/** Ann, Abe and Ada live in shard 0, Bob and Bea in shard 1, all with wallets of one institution but Ada. */
function town(): Town {
  const t = new Town({ shards: 2 })
  t.open('ann', { shard: 0, yuan: '1000.00' })
  t.open('abe', { shard: 0, yuan: '1000.00' })
  t.open('ada', { shard: 0, yuan: '1000.00', institution: otherInstitution })
  t.open('bob', { shard: 1 })
  t.open('bea', { shard: 1, class: 4, kyc: 4, yuan: '9990.00' })
  return t
}

const codesOf = (told: { batch: { refusals: string[] } | undefined }): string[] | undefined => told.batch?.refusals

describe('a batch', () => {
  test('pays record by record, in the shard and across, and a refused record stops no other', () => {
    const t = town()
    const told = t.payBatch(0, [
      { payer: 'ann', payee: 'abe', fen: 10_00 },
      { payer: 'ann', payee: 'bob', fen: 20_00 },
      { payer: 'abe', payee: 'bob', fen: 2_000_00 },
      { payer: 'ada', payee: 'bob', fen: 1_00 },
      { payer: 'bob', payee: 'ann', fen: 1_00 },
      { payer: 'ann', payee: 'bob', fen: 1_00, authorisation: 0 },
      { payer: 'ann', payee: 'ann', fen: 1_00 },
      { payer: 'ann', payee: 'bob', fen: 0 },
      { payer: 'abe', payee: 'bob', fen: 30_00 },
    ])
    expect(codesOf(told)).toEqual([
      'accepted',
      'accepted',
      'funds-insufficient',
      'signer-not-allowed',
      'shard-misplaced',
      'authorisation-missing',
      'payer-is-payee',
      'amount-invalid',
      'accepted',
    ])
    expect(told.batch?.transit.slice(0, 2)).toEqual([
      [0, 0],
      [0, 2],
    ])
    expectBalances(t, 'ann 970.00\n abe 980.00\n ada 1000.00\n bob 0.00')
    t.settle()
    expectBalances(t, 'ann 970.00\n abe 980.00\n ada 1000.00\n bob 50.00')
  })

  test('without a record takes in its id, so that no other body has it here', () => {
    const t = town()
    const id = t.id()
    expect(t.payBatch(0, [], { id }).batch).toMatchObject({ how: 'executed', refusals: [] })
    expect(t.payBatch(0, [], { id }).batch).toMatchObject({ how: 'repeated', refusals: [] })
    const other = t.payBatch(0, [{ payer: 'ann', payee: 'abe', fen: 10_00 }], { id, digest: 8 })
    expect(codesOf(other)).toEqual(['id-reused'])
    expect(t.payBatch(0, [], { id, digest: 8 }).batch).toMatchObject({ how: 'refused', refusals: ['id-reused'] })
    expectBalances(t, 'ann 1000.00\n abe 1000.00')
    expect(t.payBatch(0, [], { institution: 99 }).batch).toMatchObject({ refusals: ['institution-unknown'] })
  })

  test('tells the edge that asked of its credits in runs, and of each record that came home', () => {
    const t = town()
    const lines = ['bob', 'bob', 'bea', 'bob', 'bob'].map((payee) => ({ payer: 'ann', payee, fen: 11_00 }))
    const asked = t.payBatch(0, lines, { token: 5 }, { senderNumber: 3 })
    expect(codesOf(asked)).toEqual(lines.map(() => 'accepted'))
    // Bea may hold 10,000 yuan and has 9,990.
    expect(t.carry(0, 1).runs).toEqual([
      { edge: 3, token: 5, source: 0, first: 0, count: 2 },
      { edge: 3, token: 5, source: 0, first: 3, count: 2 },
    ])
    expect(t.carry(1, 0).returns).toEqual([{ edge: 3, token: 5, position: 2, refusal: 'payee-balance-limit-exceeded' }])
    expectBalances(t, 'ann 956.00\n bob 44.00\n bea 9990.00')
    expect(t.shards[0]!.ledger.state.accounts.dayOut(0)).toBe(44_00)
  })

  test('is answered again under its id as it ended, returns included, by whatever edge it is asked', () => {
    const t = town()
    const id = t.id()
    const lines = [
      { payer: 'ann', payee: 'bea', fen: 11_00 },
      { payer: 'ann', payee: 'bob', fen: 9_000_000_00 },
      { payer: 'ann', payee: 'bob', fen: 11_00 },
    ]
    t.payBatch(0, lines, { id })
    t.settle()
    const again = t.payBatch(0, lines, { id }, { senderNumber: 9 })
    expect(again.batch?.how).toBe('repeated')
    expect(codesOf(again)).toEqual(['payee-balance-limit-exceeded', 'funds-insufficient', 'accepted'])
    expect(again.batch?.transit[1]).toEqual([0, 2])
    expectBalances(t, 'ann 989.00\n bob 11.00')
  })

  test('with another body or another number of records under the same id is not executed', () => {
    const t = town()
    const id = t.id()
    const line = { payer: 'ann', payee: 'abe', fen: 1_00 }
    t.payBatch(0, [line], { id })
    expect(codesOf(t.payBatch(0, [line], { id, digest: 8 }))).toEqual(['id-reused'])
    expect(codesOf(t.payBatch(0, [line, line], { id }))).toEqual(['id-reused', 'id-reused'])
    expect(codesOf(t.payBatch(0, [line], { id, institution: otherInstitution }))).toEqual(['signer-not-allowed'])
    expectBalances(t, 'ann 999.00\n abe 1001.00')
  })

  test.each([
    ['from the future', 6 * 60_000, {}, 'id-early'],
    ['past its window', -idWindowMs - 1, {}, 'id-expired'],
    ['signed too long ago', 0, { requestedMs: 1 }, 'timestamp-stale'],
    ['of nobody', 0, { institution: 77 }, 'institution-unknown'],
  ] as const)('%s leaves no trace', (_, idAheadMs, options, refusal) => {
    const t = town()
    t.wait(idAheadMs)
    const id = t.id()
    t.wait(-idAheadMs)
    const line = { payer: 'ann', payee: 'abe', fen: 1_00 }
    const told = t.payBatch(0, [line, line], { id, ...options })
    expect([told.batch?.how, codesOf(told)]).toEqual(['refused', [refusal, refusal]])
    expect(t.shards[0]!.ledger.state.batches.head).toBe(0)
  })

  test('is forgotten once its id cannot run any more, and never before', () => {
    const t = town()
    const id = t.id()
    const line = { payer: 'ann', payee: 'abe', fen: 1_00 }
    t.payBatch(0, [line], { id })
    t.wait(idMemoryMs)
    expect(codesOf(t.payBatch(0, [line], { id }))).toEqual(['accepted'])
    t.wait(1)
    t.payBatch(0, [line])
    expect(codesOf(t.payBatch(0, [line], { id }))).toEqual(['id-expired'])
    expectBalances(t, 'ann 998.00')
  })

  test('is refused while there is no room to remember it, and runs when there is', () => {
    const t = new Town({ shards: 1, idsMax: 8 })
    t.open('ann', { yuan: '10.00' })
    t.open('abe')
    t.wait(idMemoryMs + 1)
    const line = { payer: 'ann', payee: 'abe', fen: 1 }
    for (let n = 0; n < 8; n++) expect(codesOf(t.payBatch(0, [line]))).toEqual(['accepted'])
    expect(codesOf(t.payBatch(0, [line]))).toEqual(['ids-exhausted'])
    t.wait(idMemoryMs + 1)
    expect(codesOf(t.payBatch(0, [line]))).toEqual(['accepted'])
  })

  test.each([
    ['records out of order', [1, 0]],
    ['a record twice', [4, 4]],
    ['a place beyond what an id holds', [0, 65_536]],
  ])('with %s is skipped whole', (_, places) => {
    const t = town()
    const { number } = t.wallet('ann')
    const body = encodeBatch(
      { id: t.id(), digestHigh: 1, digestLow: 2, institution, flags: 0, requestedMs: t.nowMs, token: 1 },
      places.map((index) => ({ payer: number, payee: t.wallet('abe').number, amount: 1, authorisation: 1, index })),
    )
    expect(t.submit(0, body, frameKinds.batch, 2).skipped).toBe('malformed')
    expect(t.submit(0, body, frameKinds.batch, 1).skipped).toBe('malformed')
    expect(t.submit(0, body.subarray(batchRecord.size), frameKinds.batch, 2).skipped).toBe('malformed')
  })

  test.each([senders.shard, senders.connector, senders.operator, senders.host])(
    'from sender %i is skipped',
    (sender) => {
      const t = town()
      const told = t.payBatch(0, [{ payer: 'ann', payee: 'abe', fen: 1 }], {}, { sender })
      expect(told.skipped).toBe('sender-not-allowed')
    },
  )

  test('whose frame is stored twice is executed once', () => {
    const t = town()
    const id = t.id()
    const from = { incarnation: 50, counter: 1 }
    const line = { payer: 'ann', payee: 'abe', fen: 1_00 }
    t.payBatch(0, [line], { id }, from)
    expect(t.payBatch(0, [line], { id }, from).batch?.how).toBe('repeated')
    expect(codesOf(t.payBatch(0, [line], { id: t.id() }, from))).toEqual(['frame-repeated'])
    expectBalances(t, 'ann 999.00')
  })

  test('shows the journal each posting under the record’s own id', () => {
    const t = town()
    const before = t.shards[0]!.postings.length
    t.payBatch(0, [
      { payer: 'ann', payee: 'abe', fen: 5 },
      { payer: 'ann', payee: 'bob', fen: 7 },
    ])
    const [ann, abe, bob] = ['ann', 'abe', 'bob'].map((name) => t.wallet(name).number)
    expect(
      t.shards[0]!.postings.slice(before).map(({ wallet, delta, counterparty, record }) => [
        wallet,
        delta,
        counterparty,
        record,
      ]),
    ).toEqual([
      [ann, -5, abe, 0],
      [abe, 5, ann, 0],
      [ann, -7, bob, 1],
    ])
  })
})

describe('a linked batch', () => {
  const good = { payer: 'ann', payee: 'abe', fen: 400_00 }
  const back = { payer: 'abe', payee: 'ann', fen: 1_300_00 }

  test('is carried out whole: what an earlier record brought, a later one may spend', () => {
    const t = town()
    expect(codesOf(t.payBatch(0, [good, back], { atomic: true }))).toEqual(['accepted', 'accepted'])
    expectBalances(t, 'ann 1900.00\n abe 100.00')
  })

  test.each([
    ['funds', [good, { ...back, fen: 1_400_01 }], ['batch-linked', 'funds-insufficient']],
    ['a payee elsewhere', [good, { payer: 'ann', payee: 'bob', fen: 1 }], ['batch-linked', 'batch-not-local']],
    ['a wallet of another institution', [{ ...good, payer: 'ada' }, back], ['signer-not-allowed', 'batch-linked']],
  ])('is as if it had never been when one record lacks %s, and is answered so again', (_, lines, refusals) => {
    const t = town()
    const state = t.shards[0]!.ledger.state
    const id = t.id()
    const accounts = state.accounts.sections().map(({ bytes }) => bytes.slice())
    const postings = t.shards[0]!.postings.length
    expect(codesOf(t.payBatch(0, lines, { id, atomic: true }))).toEqual(refusals)
    expect(state.accounts.sections().map(({ bytes }) => bytes)).toEqual(accounts)
    expect(t.shards[0]!.postings.length).toBe(postings)
    expect(digestFromScratch(state)).toBe(state.digest.text())
    expect(codesOf(t.payBatch(0, lines, { id, atomic: true }))).toEqual(refusals)
  })
})

test('a snapshot tells apart which batches were accepted as a whole and in which something was refused', () => {
  const t = town()
  const good = { payer: 'ann', payee: 'abe', fen: 1_00 }
  const bad = { payer: 'ann', payee: 'abe', fen: 5_000_00 }
  const batches = [[good, good], [good, bad, good], [good], [bad], [good, good]].map((lines) => ({ id: t.id(), lines }))
  const told = batches.map(({ id, lines }) => codesOf(t.payBatch(0, lines, { id })))
  const shard = t.shards[0]!
  const state = State.load(snapshot(shard.ledger.state))
  expect(snapshot(state)).toEqual(snapshot(shard.ledger.state))
  expect(snapshot(state).find(({ name }) => name === 'batchOutcomes')!.bytes).toHaveLength(4)
  expect(digestFromScratch(state)).toBe(state.digest.text())
  expect(batches.map(({ id, lines }) => codesOf(t.payBatch(0, lines, { id })))).toEqual(told)
  const cut = snapshot(state).map((one) => (one.name === 'batchOutcomes' ? { ...one, bytes: one.bytes.slice(1) } : one))
  expect(() => State.load(cut)).toThrow('batchOutcomes: wrong length')
  const miscounted = snapshot(state).map(({ name, bytes }) => ({ name, bytes: bytes.slice() }))
  new Float64Array(miscounted.find(({ name }) => name === 'batchCounters')!.bytes.buffer)[2]! += 1
  expect(() => State.load(miscounted)).toThrow('batches: 9 records, counted as 10')
})

test('a snapshot holds the batches, and a return after it finds its record', () => {
  const t = town()
  const id = t.id()
  const lines = [
    { payer: 'ann', payee: 'bob', fen: 1_00 },
    { payer: 'abe', payee: 'bob', fen: 2_00 },
  ]
  t.command(1, 'walletStatus', { ...t.byInstitution(), wallet: t.wallet('bob').number, action: walletActions.freeze })
  t.payBatch(0, lines, { id })
  const shard = t.shards[0]!
  const state = State.load(snapshot(shard.ledger.state))
  expect(state.digestText()).toBe(shard.ledger.state.digestText())
  t.settle()
  expect(codesOf(t.payBatch(0, lines, { id }))).toEqual(['payee-frozen', 'payee-frozen'])
  expect(replay(shard.log).state.digestText()).toBe(shard.ledger.state.digestText())
  expectBalances(t, 'ann 1000.00\n abe 1000.00')
})
