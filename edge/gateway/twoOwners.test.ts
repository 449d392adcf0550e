import { afterEach, describe, expect, test, vi } from 'vitest'
import { decodeFrame } from '../../actors/log/frame.ts'
import type { AppendFate } from '../../actors/log/memoryLog.ts'
import { TestShard, testEvidence, testId } from './testShard.ts'

let shard: TestShard
afterEach(() => shard.close())

const payment = (payer: number, payee: number, serial: number) => ({
  payer,
  payee,
  amountFen: 100,
  id: testId(1_000 + serial),
  requestedMs: Date.now(),
  keyVersion: 1,
  evidence: testEvidence(serial % 256),
})

const always = (fate: AppendFate) => (): AppendFate => fate

/** What an edge's frames in a log are called and in which epoch they would count. */
const edgeFrames = (region: 'a' | 'b') =>
  shard.logs[region]
    .entries()
    .filter(({ subject }) => subject.includes('.edge.'))
    .map(({ data }) => decodeFrame(data).header)

describe('a shard that gets another owner', () => {
  test('takes what never reached the one before: the same frame, sealed for its epoch', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    const before = edgeFrames('a').length
    shard.fateOfAppend = always('lose')
    const outcome = shard.gateway.pay(payment(a, b, 1))
    await shard.settled()
    shard.fateOfAppend = always('store')
    shard.move()
    shard.announce()
    expect(await outcome).toMatchObject({ kind: 'final', refusal: 'accepted' })
    expect(edgeFrames('a')).toHaveLength(before)
    expect(edgeFrames('b')).toMatchObject([{ epoch: 1, counter: before + 1 }])
    expect(shard.balance(b)).toBe(100_100)
  })

  test('takes at once what is under way to the one before, over a link that has fallen silent', async () => {
    shard = new TestShard({ deadlineMs: 1_000 })
    const [a, b] = (await shard.begin(2)) as [number, number]
    shard.linkSilent = true
    const outcome = shard.gateway.pay(payment(a, b, 1))
    await shard.settled()
    shard.linkSilent = false
    shard.move()
    shard.announce()
    expect(await outcome).toMatchObject({ kind: 'final', refusal: 'accepted' })
    expect(shard.balance(b)).toBe(100_100)
  })

  test('executes once what lies within the log of both owners', async () => {
    shard = new TestShard({ deadlineMs: 700 })
    const [a, b] = (await shard.begin(2)) as [number, number]
    shard.answersSent = () => 0
    const outcome = shard.gateway.pay(payment(a, b, 1))
    await shard.settled()
    expect(shard.balance(b)).toBe(100_100)
    const executedAt = shard.replica.seq
    shard.move()
    shard.answersSent = () => 1
    shard.announce()
    expect(await outcome).toMatchObject({ kind: 'final', refusal: 'accepted', executed: { seq: executedAt } })
    expect(shard.balance(b)).toBe(100_100)
  })

  test('executes what came too late into the log of the one before, where it counts no more', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    shard.move()
    const outcome = shard.gateway.pay(payment(a, b, 1))
    await shard.settled()
    const { counter } = edgeFrames('a').at(-1)!
    expect(shard.balance(b)).toBe(100_000)
    shard.announce()
    expect(await outcome).toMatchObject({ kind: 'final', refusal: 'accepted' })
    expect(edgeFrames('b')).toMatchObject([{ epoch: 1, counter }])
    expect(shard.balance(b)).toBe(100_100)
  })

  test('leaves no doubt when the answer of the one before comes after all, and a second one says nothing', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    const held: (() => void)[] = []
    shard.deliver = (answer) => void held.push(answer)
    const outcome = shard.gateway.pay(payment(a, b, 1))
    await shard.settled()
    shard.fateOfAppend = always('refuse')
    shard.move()
    shard.announce()
    held[0]!()
    expect(await outcome).toMatchObject({ kind: 'final', refusal: 'accepted' })
    held[0]!()
    expect(shard.balance(b)).toBe(100_100)
    expect(shard.faults).toEqual([])
  })

  test('is waited for while nobody is there: what is asked meanwhile is carried out, not refused', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    shard.fateOfAppend = always('refuse')
    const outcomes = Array.from({ length: 5 }, (_, n) => shard.gateway.pay(payment(a, b, n)))
    await shard.settled()
    shard.fateOfAppend = always('store')
    shard.move()
    shard.announce()
    for (const outcome of outcomes) expect(await outcome).toMatchObject({ kind: 'final', refusal: 'accepted' })
    expect(shard.balance(b)).toBe(100_500)
  })

  test('is waited for no longer than a request may take; then the outcome is unknown', async () => {
    shard = new TestShard({ deadlineMs: 300 })
    const [a, b] = (await shard.begin(2)) as [number, number]
    shard.fateOfAppend = always('refuse')
    expect(await shard.gateway.pay(payment(a, b, 1))).toEqual({ kind: 'unknown' })
  })

  test('is told of by rumour only later: an older record moves nothing back', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    const old = shard.record
    shard.move()
    shard.announce()
    shard.owners.take(0, old, 99)
    expect(await shard.gateway.pay(payment(a, b, 1))).toMatchObject({ kind: 'final', refusal: 'accepted' })
    expect(edgeFrames('b')).toHaveLength(1)
  })

  test('and gets the first one back: three epochs, one execution each', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    for (let n = 0; n < 3; n++) {
      expect(await shard.gateway.pay(payment(a, b, n))).toMatchObject({ kind: 'final', refusal: 'accepted' })
      shard.move()
      shard.announce()
    }
    expect(shard.balance(b)).toBe(100_300)
    expect(edgeFrames('a').at(-1)).toMatchObject({ epoch: 2 })
  })
})

test('a shard whose owner is not known yet is waited for', async () => {
  shard = new TestShard()
  const [a, b] = (await shard.begin(2)) as [number, number]
  const late = shard.edgeThatKnowsNobody()
  const outcome = late.gateway.pay(payment(a, b, 1))
  await vi.waitFor(() => expect(late.gateway.gates[0]!.framesSent).toBeGreaterThan(1))
  expect(shard.balance(b)).toBe(100_000)
  late.owners.take(0, shard.record, 1)
  expect(await outcome).toMatchObject({ kind: 'final', refusal: 'accepted' })
  late.gateway.stop()
})
