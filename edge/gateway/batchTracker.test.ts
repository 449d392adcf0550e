import { afterEach, describe, expect, test } from 'vitest'
import { encodeBatch } from '../../actors/ledger/frameBuilder.ts'
import { codeOf } from '../../actors/ledger/refusals.ts'
import type { BatchSubmission } from './submission.ts'
import { TestShard, testEvidence, testId } from './testShard.ts'

let shard: TestShard
afterEach(() => shard.close())

const madeMs = Date.now()
const batchOf = (serial: number) => ({ institution: 1, id: testId(serial * 65_536, madeMs) })

/** Payments of a fen each from the first wallet to the second. */
function part(serial: number, [payer, payee]: number[], amounts: number[], digestHigh = 1): BatchSubmission {
  const { id, institution } = batchOf(serial)
  const header = { id, institution, digestHigh, digestLow: 2, flags: 0, requestedMs: Date.now() }
  const records = amounts.map((amount, index) => ({ payer: payer!, payee: payee!, amount, authorisation: 1, index }))
  const encode = (token: number): Uint8Array => encodeBatch({ ...header, token }, records)
  return { count: amounts.length, encode, evidence: testEvidence(1) }
}

const pay = async (serial: number, submission: BatchSubmission) =>
  (await shard.gateway.payBatch(batchOf(serial), [{ shard: 0, submission }]))[0]!
const codes = (...list: number[]): Uint8Array => Uint8Array.from(list)

describe('a batch through the gateway', () => {
  test('ends with an outcome a record', async () => {
    shard = new TestShard()
    const wallets = await shard.begin(2)
    const outcome = await pay(1, part(1, wallets, [100, 999_999_999, 200]))
    expect(outcome).toMatchObject({ kind: 'final', codes: codes(0, codeOf['funds-insufficient'], 0) })
    expect(shard.balance(wallets[1]!)).toBe(100_300)
  })

  test('asked again gets the same outcomes, and with another body nothing is done', async () => {
    shard = new TestShard()
    const wallets = await shard.begin(2)
    const first = await pay(1, part(1, wallets, [100, 200]))
    expect(await pay(1, part(1, wallets, [100, 200]))).toEqual(first)
    expect(await pay(1, part(1, wallets, [100, 200], 9))).toEqual({ kind: 'refused', code: codeOf['id-reused'] })
    expect(shard.balance(wallets[1]!)).toBe(100_300)
  })

  test('is executed once when acknowledgement and answer are lost', async () => {
    shard = new TestShard()
    const wallets = await shard.begin(2)
    let [acks, answers] = [0, 0]
    shard.fateOfAppend = () => (acks++ === 0 ? 'lose-ack' : 'store')
    shard.answersSent = () => (answers++ === 0 ? 0 : 1)
    expect(await pay(1, part(1, wallets, [100]))).toMatchObject({ kind: 'final', codes: codes(0) })
    expect(shard.balance(wallets[1]!)).toBe(100_100)
  })

  test('is unknown, never failed, when nobody answers in time; later it turns out as it is', async () => {
    shard = new TestShard({ deadlineMs: 300 })
    const wallets = await shard.begin(2)
    shard.answersSent = () => 0
    expect(await pay(1, part(1, wallets, [100]))).toEqual({ kind: 'unknown' })
    shard.answersSent = () => 1
    expect(await pay(1, part(1, wallets, [100]))).toMatchObject({ kind: 'final', codes: codes(0) })
    expect(shard.balance(wallets[1]!)).toBe(100_100)
  })

  test('many at once go their way side by side, and none is lost', async () => {
    shard = new TestShard()
    const wallets = await shard.begin(2)
    const outcomes = await Promise.all(Array.from({ length: 30 }, (_, n) => pay(n + 1, part(n + 1, wallets, [1, 2]))))
    expect(outcomes.every(({ kind }) => kind === 'final')).toBe(true)
    expect(shard.balance(wallets[1]!)).toBe(100_000 + 30 * 3)
  })
})
