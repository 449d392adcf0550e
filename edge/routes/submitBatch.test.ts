import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeRecordId } from '../../actors/ledger/batches.ts'
import { parseCommandId, parseWalletId } from '../../actors/ledger/ids.ts'
import { batchHeader, batchRecord, frameKinds } from '../../actors/ledger/records.ts'
import { codeOf } from '../../actors/ledger/refusals.ts'
import { createOpener } from '../../actors/log/sealing.ts'
import { batchOfLines } from '../batch/batchLines.ts'
import { batchReplyHeader, recordStates } from '../batch/batchReply.ts'
import { readBatch } from '../batch/batchRequest.ts'
import { binaryOf, linesOf, type TestBatch } from '../batch/testBatch.ts'
import { newId } from '../client/node.ts'
import { sha256 } from '../wire/canonical.ts'
import type { JournalPayment } from './journal.ts'
import { batchOutcomesType, batchType, linesType } from './submitBatch.ts'
import { TestApi, type TestPrincipal, type TestWallet } from './testApi.ts'
import type { Told } from './testRequest.ts'

let api: TestApi
/** Two in each shard, the first of each with 1,000 yuan. */
let wallets: [TestWallet[], TestWallet[]]

beforeEach(async () => {
  api = new TestApi({ deadlineMs: 2_000 })
  await api.begin()
  wallets = [[], []]
  while (wallets.some((list) => list.length < 2)) {
    const wallet = await api.openWallet()
    const list = wallets[api.gateway.shardOf(parseWalletId(wallet.walletId)!.number)]!
    if (list.length === 0) await api.fund(wallet, '1000')
    if (list.length < 2) list.push(wallet)
  }
})
afterEach(() => api.close())

const pay = (payer: TestWallet, payee: TestWallet, amount: string, authorisation = 7) => {
  return { payer: payer.walletId, payee: payee.walletId, amount, authorisation }
}
const batchOf = (...records: TestBatch['records']): TestBatch => {
  return { batchId: newId(), requestedAt: new Date().toISOString(), records }
}
const sendLines = (batch: TestBatch, by: TestPrincipal = api.institution): Promise<Told> =>
  api.ask('POST', '/v1/payment-batches', { by: by.signer, bytes: linesOf(batch), type: linesType })
const sendBinary = (batch: TestBatch, headers: Record<string, string> = {}): Promise<Told> =>
  api.ask('POST', '/v1/payment-batches', {
    by: api.institution.signer,
    bytes: binaryOf(batch),
    type: batchType,
    headers,
  })
const balances = (): number[] => wallets.flat().map((wallet) => api.balance(wallet))

describe('a batch over HTTP', () => {
  test('pays within shards and across, tells of each record, and a refused one stops no other', async () => {
    const [[a, b], [c, d]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const told = await sendLines(
      batchOf(pay(a, b, '10.00'), pay(a, d, '20.00'), pay(c, b, '30.00'), pay(d, a, '999.00'), pay(c, d, '0.50')),
    )
    expect(told.status).toBe(200)
    expect(told.body).toMatchObject({ status: 'partly_refused', count: 5, completed: 4, refused: 1, pending: 0 })
    expect(told.body.outcomes).toEqual([
      { from: 0, to: 2, outcome: 'completed' },
      { from: 3, to: 3, outcome: 'refused', code: 'INSUFFICIENT_BALANCE', reason: 'funds-insufficient' },
      { from: 4, to: 4, outcome: 'completed' },
    ])
    expect(balances()).toEqual([970_00, 40_00, 969_50, 20_50])
  })

  test('sent again gets the same reply, and moves nothing', async () => {
    const [[a, b], [c]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const batch = batchOf(pay(a, c, '10.00'), pay(b, a, '1.00'), pay(c, b, '2.00'))
    const first = await sendLines(batch)
    const after = balances()
    expect(await sendLines(batch)).toMatchObject({ status: first.status, body: first.body })
    expect((await sendBinary(batch)).body).toEqual(first.body)
    expect(balances()).toEqual(after)
  })

  test('with another body under the same id gets 409 and moves nothing', async () => {
    const [[a, b], [c]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const batch = batchOf(pay(a, b, '10.00'))
    await sendLines(batch)
    const after = balances()
    const other = await sendLines({ ...batch, records: [pay(a, c, '10.00')] })
    expect([other.status, other.body.reason, other.body.batch_id]).toEqual([409, 'id-reused', batch.batchId])
    expect(balances()).toEqual(after)
  })

  test('with another body under the same id moves nothing in any shard, and not where the first had no payer either', async () => {
    const [[a, b], [c, d]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const near = pay(a, b, '10.00')
    const far = pay(c, d, '20.00')
    // Ids enough that either shard is asked first for some of them.
    for (let n = 0; n < 6; n++) {
      for (const [first, others] of [
        [[near], [[near, far], [far]]],
        [[far], [[far, near], [near]]],
      ] as const) {
        const batch = batchOf(...first)
        expect((await sendLines(batch)).body).toMatchObject({ status: 'completed' })
        const after = balances()
        for (const records of others) {
          const told = await sendLines({ ...batch, records })
          expect([told.status, told.body.reason]).toEqual([409, 'id-reused'])
        }
        expect((await sendLines(batch)).body).toMatchObject({ status: 'completed', completed: 1 })
        expect(balances()).toEqual(after)
      }
    }
  })

  test('is refused before anything moves when its answer could be given in no form that the client takes', async () => {
    const [[a, b]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const before = balances()
    const batch = batchOf(pay(a, b, '10.00'))
    for (const accept of ['text/html', 'application/x-protobuf']) {
      expect((await sendBinary(batch, { accept })).status).toBe(406)
    }
    expect(balances()).toEqual(before)
    const told = await sendBinary(batch, { accept: 'application/x-protobuf, application/json;q=0.5' })
    expect([told.status, told.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(told.body).toMatchObject({ status: 'completed' })
  })

  describe('long after the ledger has forgotten it', () => {
    const oldMs = Date.now() - 25 * 60_000
    const old = (): { batch: TestBatch; rows: (digest: Uint8Array) => JournalPayment[] } => {
      const [[a, b], [c]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
      const batch = { ...batchOf(pay(a, b, '1.00'), pay(c, a, '2.00'), pay(b, c, '3.00')), batchId: newId(oldMs) }
      const record = (index: number, code: number, complete: boolean, digest: Uint8Array): JournalPayment => {
        const id = parseCommandId(batch.batchId)!
        makeRecordId(id, index)
        const { payer, payee } = batch.records[index]!
        const [from, to] = [payer, payee].map((one) => parseWalletId(one)!.number) as [number, number]
        const executed = { shard: 0, seq: 5, index, timeMs: oldMs }
        return { payer: from, payee: to, id, amountFen: 100, code, complete, digest: digest.subarray(0, 8), executed }
      }
      const far = codeOf['funds-insufficient']
      return { batch, rows: (digest) => [record(0, 0, true, digest), record(1, far, true, digest)] }
    }

    test('is answered from the journal; a record that is not there was never executed', async () => {
      const { batch, rows } = old()
      const before = balances()
      api.journal = rows(sha256(binaryOf(batch)))
      const told = await sendLines(batch)
      expect(told.status).toBe(200)
      expect(told.body.outcomes).toEqual([
        { from: 0, to: 0, outcome: 'completed' },
        { from: 1, to: 1, outcome: 'refused', code: 'INSUFFICIENT_BALANCE', reason: 'funds-insufficient' },
        { from: 2, to: 2, outcome: 'refused', code: 'ID_EXPIRED', reason: 'id-expired' },
      ])
      api.journal = rows(sha256(binaryOf(batch))).map((row) => ({ ...row, complete: false }))
      expect((await sendLines(batch)).status).toBe(202)
      expect(balances()).toEqual(before)
    })

    test('is refused under 409 when the journal has another body under its id', async () => {
      const { batch, rows } = old()
      api.journal = rows(sha256(Buffer.from('another body')))
      const told = await sendLines(batch)
      expect([told.status, told.body.reason]).toEqual([409, 'id-reused'])
    })

    test('is expired only where the journal knows that it has nothing', async () => {
      const { batch } = old()
      const away = await sendLines(batch)
      expect([away.status, away.headers.get('retry-after')]).toEqual([503, '5'])
      api.journal = []
      const told = await sendLines(batch)
      expect([told.status, told.body.reason]).toEqual([410, 'id-expired'])
    })
  })

  test('is the same commands in the log, whichever form it came in', async () => {
    const [[a, b], [c, d]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const batch = batchOf(pay(a, c, '10.00'), pay(c, d, '1.00'), pay(a, b, '0.01'))
    expect(batchOfLines(Buffer.from(linesOf(batch)), 1)).toEqual(binaryOf(batch))
    const frames = async (): Promise<Uint8Array[]> => {
      const found: Uint8Array[] = []
      for (const [shard, log] of api.logs.entries()) {
        const opener = createOpener(api.ring, { shard })
        const { last } = await log.bounds()
        await new Promise<void>((resolve) => {
          log.follow(1, (entry) => {
            const { header, body } = opener.open(entry.data)
            const view = new DataView(body.buffer, body.byteOffset, body.length)
            if (header.kind === frameKinds.batch) {
              view.setFloat64(batchHeader.at.token, 0, true)
              found.push(body)
            }
            if (entry.seq === last) resolve()
          })
        })
      }
      return found
    }
    await sendLines(batch)
    await sendBinary(batch)
    const [first, second, third, fourth] = await frames()
    expect([first, third]).toEqual([second, fourth])
    expect(third!.length).toBe(batchHeader.size + batchRecord.size)
  })

  test('is answered a byte a record to who asks for it', async () => {
    const [[a, b], [c]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const told = await sendBinary(batchOf(pay(a, c, '10.00'), pay(b, c, '1.00')), { accept: batchOutcomesType })
    expect([told.status, told.headers.get('content-type')]).toEqual([200, batchOutcomesType])
    expect([...told.bytes.subarray(batchReplyHeader.size)]).toEqual([0, codeOf['funds-insufficient']])
    const view = new DataView(told.bytes.buffer, told.bytes.byteOffset)
    const { completed, refused } = batchReplyHeader.at
    expect([view.getUint32(completed, true), view.getUint32(refused, true)]).toEqual([1, 1])
  })

  test('that is atomic is carried out whole within a shard, or not at all', async () => {
    const [[a, b], [c]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const before = balances()
    const failing = { ...batchOf(pay(a, b, '400.00'), pay(b, a, '400.01')), atomic: true }
    expect((await sendLines(failing)).body).toMatchObject({ status: 'refused', completed: 0, refused: 2 })
    const far = await sendLines({ ...batchOf(pay(a, c, '1.00')), atomic: true })
    expect([far.status, far.body.reason]).toEqual([422, 'batch-not-local'])
    expect(balances()).toEqual(before)
    const good = { ...batchOf(pay(a, b, '400.00'), pay(b, a, '399.00')), atomic: true }
    expect((await sendLines(good)).body).toMatchObject({ status: 'completed', completed: 2 })
    expect(balances().slice(0, 2)).toEqual([999_00, 1_00])
  })

  test('whose answers are lost is pending or unknown, never failed, and turns out as it is', async () => {
    const [[a], [c]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const batch = batchOf(pay(a, c, '10.00'))
    api.answersLost = true
    const first = await sendLines(batch)
    expect([first.status, first.body.status]).toEqual([202, 'pending'])
    expect(first.headers.get('retry-after')).toBe('1')
    api.answersLost = false
    expect((await sendLines(batch)).body).toMatchObject({ status: 'completed', completed: 1 })
    expect(api.balance(c)).toBe(1_010_00)
  })

  test('pays only for wallets of the institution that signed', async () => {
    const [[a, b]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const told = await sendLines(batchOf(pay(a, b, '1.00')), api.otherInstitution)
    expect(told.body.outcomes).toEqual([
      { from: 0, to: 0, outcome: 'refused', code: 'FORBIDDEN', reason: 'signer-not-allowed' },
    ])
  })

  test('of 8,000 records goes through whole', async () => {
    const [[a, b], [c, d]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const [from, to] = [
      [a, c],
      [b, d],
    ] as const
    const records = Array.from({ length: 8_000 }, (_, n) => pay(from[n % 2]!, to[(n >> 1) % 2]!, '0.01'))
    const told = await sendBinary(batchOf(...records))
    expect(told.body).toMatchObject({ status: 'completed', count: 8_000, completed: 8_000 })
    expect(balances()).toEqual([960_00, 40_00, 960_00, 40_00])
  })
})

describe('what is no batch is refused whole, and moves nothing', () => {
  const bad: [string, (batch: TestBatch) => string | Uint8Array, number, string | undefined][] = [
    ['nothing but a header', (batch) => linesOf({ ...batch, records: [] }), 422, 'records'],
    ['a line that is no JSON', (batch) => `${linesOf(batch)}{"payer_wallet"\n`, 400, 'records[1].payer_wallet'],
    ['an empty line', (batch) => linesOf(batch).replace('\n', '\n\n'), 422, 'line 2'],
    ['a member twice', (batch) => linesOf(batch).replace('{"payer', '{"amount":"1","payer'), 400, 'records[0].amount'],
    [
      'a member that is not known',
      (batch) => linesOf(batch).replace('{"payer', '{"memo":"x","payer'),
      422,
      'records[0].memo',
    ],
    ['three decimals', (batch) => linesOf(batch).replace('"1.00"', '"1.001"'), 422, 'records[0].amount'],
    ['no authorisation', (batch) => linesOf(batch).replace(',"authorisation":7', ''), 422, 'records[0].authorisation'],
    ['a wallet id that is none', (batch) => linesOf(batch).replace(/"W\d+"/, '"X1"'), 422, 'records[0].payer_wallet'],
    ['a dated id', (batch) => linesOf({ ...batch, batchId: 'P20260302001' }), 422, 'header.batch_id'],
    ['a date for a time', (batch) => linesOf({ ...batch, requestedAt: '2026-03-02' }), 422, 'header.requested_at'],
    ['a line longer than any record', (batch) => `${linesOf(batch)}${' '.repeat(600)}\n`, 422, 'line 3'],
  ]
  test.each(bad)('%s', async (_, write, status, field) => {
    const [[a, b]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const before = balances()
    const bytes = write(batchOf(pay(a, b, '1.00')))
    const told = await api.ask('POST', '/v1/payment-batches', { by: api.institution.signer, bytes, type: linesType })
    const errors = told.body.errors as { field: string }[] | undefined
    expect([told.status, errors?.[0]?.field]).toEqual([status, field])
    expect(balances()).toEqual(before)
  })

  test('bytes that are no header and records, out of order, filled in or somebody else’s', () => {
    const [[a, b]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const good = binaryOf(batchOf(pay(a, b, '1.00'), pay(a, b, '2.00')))
    const changed = (at: number, value: number): Uint8Array => {
      const bytes = good.slice()
      new DataView(bytes.buffer).setUint32(at, value, true)
      return bytes
    }
    expect(() => readBatch(good, 1)).not.toThrow()
    const cases: [Uint8Array, string][] = [
      [good.subarray(0, batchHeader.size), 'records'],
      [good.subarray(0, good.length - 1), 'records'],
      [new Uint8Array(batchHeader.size + 8_001 * batchRecord.size), 'records'],
      [changed(batchHeader.at.digestLow, 1), 'digest'],
      [changed(batchHeader.at.flags, 2), 'flags'],
      [changed(batchHeader.at.institution, 2), 'institution'],
      [changed(batchHeader.size + batchRecord.size + batchRecord.at.index, 7), 'records[1].index'],
    ]
    for (const [bytes, field] of cases) {
      expect(() => readBatch(bytes, 1)).toThrow(
        expect.objectContaining({ about: { fields: [expect.objectContaining({ field })] } }),
      )
    }
  })

  test('no byte of a body is read before it is known who sends it', async () => {
    const [[a, b]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const bytes = linesOf(batchOf(pay(a, b, '1.00')))
    let read = 0
    const body = new ReadableStream(
      {
        pull(controller) {
          read += 1
          controller.enqueue(Buffer.from(bytes))
          controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    const headers = { 'content-type': linesType }
    const request = new Request('https://edge.test/v1/payment-batches', {
      method: 'POST',
      body,
      headers,
      duplex: 'half',
    } as RequestInit)
    expect((await api.app.fetch(request)).status).toBe(401)
    expect(read).toBe(0)
  })

  test('a body other than the one whose digest was signed', async () => {
    const [[a, b]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const [signedBody, bytes] = ['1.00', '2.00'].map((amount) => linesOf(batchOf(pay(a, b, amount)))) as [
      string,
      string,
    ]
    const before = balances()
    const by = api.institution.signer
    const told = await api.ask('POST', '/v1/payment-batches', { by, bytes, type: linesType, signedBody })
    expect([told.status, told.body.reason]).toEqual([401, 'not-signed'])
    expect(balances()).toEqual(before)
  })

  test('another type of body, an announced length beyond any batch, another caller, no signature', async () => {
    const [[a, b]] = wallets as [[TestWallet, TestWallet], [TestWallet, TestWallet]]
    const lines = linesOf(batchOf(pay(a, b, '1.00')))
    const ask = (changes: object): Promise<Told> =>
      api.ask('POST', '/v1/payment-batches', { by: api.institution.signer, bytes: lines, type: linesType, ...changes })
    expect((await ask({ type: 'application/json' })).status).toBe(415)
    expect((await ask({ bytes: new Uint8Array(300_000), type: batchType })).status).toBe(413)
    expect((await ask({ by: api.operator.signer })).status).toBe(403)
    expect((await ask({ by: a.signer })).status).toBe(403)
    expect((await ask({ by: undefined })).status).toBe(401)
    expect(recordStates.pending).toBeGreaterThan(Math.max(...Object.values(codeOf)))
  })
})
