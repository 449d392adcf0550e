import { afterEach, describe, expect, test } from 'vitest'
import type { AppendFate } from '../../actors/log/memoryLog.ts'
import { TestShard, testEvidence, testId } from './testShard.ts'

let shard: TestShard
afterEach(() => shard.close())

const payment = (payer: number, payee: number, serial: number, amountFen = 100, digestByte = serial % 256) => ({
  payer,
  payee,
  amountFen,
  id: testId(1_000 + serial),
  requestedMs: Date.now(),
  keyVersion: 1,
  evidence: testEvidence(digestByte),
})

/** The fates in their order, then every frame is stored. */
const fates = (...list: AppendFate[]) => {
  return (): AppendFate => list.shift() ?? 'store'
}

describe('a payment through the gateway', () => {
  test('alone, it leaves at once in a frame of its own and is answered with its place in the log', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    const before = shard.gateway.gates[0]!.framesSent
    const outcome = await shard.gateway.pay(payment(a, b, 1))
    expect(outcome).toMatchObject({ kind: 'final', refusal: 'accepted', executed: { shard: 0, index: 0 } })
    expect(shard.gateway.gates[0]!.framesSent).toBe(before + 1)
    expect([shard.balance(a), shard.balance(b)]).toEqual([99_900, 100_100])
  })

  test('many at once share frames, and each learns its own outcome', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    const before = shard.gateway.gates[0]!.framesSent
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, n) => shard.gateway.pay(payment(a, b, n, n % 10 === 0 ? 999_999 : 100))),
    )
    expect(outcomes.filter((o) => o.kind === 'final' && o.refusal === 'accepted')).toHaveLength(180)
    expect(outcomes.filter((o) => o.kind === 'final' && o.refusal === 'funds-insufficient')).toHaveLength(20)
    expect(shard.gateway.gates[0]!.framesSent - before).toBeLessThan(20)
    expect(shard.balance(b)).toBe(100_000 + 180 * 100)
  })

  test('callers who pay again as soon as their last payment ended come to share frames', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    const before = shard.gateway.gates[0]!.framesSent
    let serial = 0
    const payOn = async (): Promise<void> => {
      for (let n = 0; n < 20; n++) await shard.gateway.pay(payment(a, b, serial++, 1))
    }
    await Promise.all(Array.from({ length: 16 }, payOn))
    expect(shard.balance(b)).toBe(100_000 + 16 * 20)
    expect(shard.gateway.gates[0]!.framesSent - before).toBeLessThan((16 * 20) / 4)
  })

  test.each<[string, AppendFate[]]>([
    ['never arrives and nobody says so', ['lose']],
    ['is stored but the acknowledgement is lost', ['lose-ack']],
    ['is lost, lost and then stored without a word', ['lose', 'lose', 'lose-ack']],
    ['meets nobody listening', ['refuse', 'refuse']],
  ])('is executed once when its frame %s', async (_what, list) => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    shard.fateOfAppend = fates(...list)
    const outcome = await shard.gateway.pay(payment(a, b, 1))
    expect(outcome).toMatchObject({ kind: 'final', refusal: 'accepted' })
    expect(shard.balance(b)).toBe(100_100)
  })

  test('is executed once when the answer is lost, and the repeated answer names the first execution', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    let answers = 0
    shard.answersSent = () => (answers++ === 0 ? 0 : 1)
    const first = shard.replica.seq + 1
    const outcome = await shard.gateway.pay(payment(a, b, 1))
    expect(outcome).toMatchObject({ kind: 'final', refusal: 'accepted', executed: { seq: first, index: 0 } })
    expect(shard.replica.seq).toBeGreaterThan(first)
    expect(shard.balance(b)).toBe(100_100)
  })

  test('a refusal without a trace survives a lost answer: it is judged again in a new frame', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    let answers = 0
    shard.answersSent = () => (answers++ === 0 ? 0 : 1)
    const outcome = await shard.gateway.pay({ ...payment(a, b, 1), keyVersion: 9 })
    expect(outcome).toMatchObject({ kind: 'final', refusal: 'key-not-current' })
  })

  test('the same answer twice settles once', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    shard.answersSent = () => 2
    const request = payment(a, b, 1)
    const first = await shard.gateway.pay(request)
    expect(await shard.gateway.pay(request)).toEqual(first)
    expect(shard.balance(b)).toBe(100_100)
    expect(shard.faults).toEqual([])
  })

  test('the same id with another body does nothing', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    const request = payment(a, b, 1)
    await shard.gateway.pay(request)
    const other = await shard.gateway.pay({ ...request, amountFen: 200, evidence: testEvidence(99) })
    expect(other).toMatchObject({ kind: 'final', refusal: 'id-reused' })
    expect(shard.balance(b)).toBe(100_100)
  })

  test('its outcome is unknown, never failed, when nobody answers in time; later it turns out as it is', async () => {
    shard = new TestShard({ deadlineMs: 300 })
    const [a, b] = (await shard.begin(2)) as [number, number]
    shard.answersSent = () => 0
    const request = payment(a, b, 1)
    expect(await shard.gateway.pay(request)).toEqual({ kind: 'unknown' })
    shard.answersSent = () => 1
    expect(await shard.gateway.pay(request)).toMatchObject({ kind: 'final', refusal: 'accepted' })
    expect(shard.balance(b)).toBe(100_100)
  })

  test('a wall clock that is set back by an hour meanwhile holds up no deadline', async () => {
    shard = new TestShard({ deadlineMs: 300 })
    const [a, b] = (await shard.begin(2)) as [number, number]
    shard.answersSent = () => 0
    const outcome = shard.gateway.pay(payment(a, b, 1))
    shard.wallClockMs = () => Date.now() - 3_600_000
    expect(await outcome).toEqual({ kind: 'unknown' })
  })

  test('surely nothing was done when the server was away before it was put into a frame', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    shard.connected = false
    expect(await shard.gateway.pay(payment(a, b, 1))).toEqual({ kind: 'not-sent', why: 'disconnected' })
    expect(shard.balance(b)).toBe(100_000)
  })

  test('more than may wait for one shard are turned away, the others go on', async () => {
    shard = new TestShard({ waitingMax: 10 })
    const [a, b] = (await shard.begin(2)) as [number, number]
    const outcomes = await Promise.all(Array.from({ length: 30 }, (_, n) => shard.gateway.pay(payment(a, b, n))))
    expect(outcomes.filter((o) => o.kind === 'not-sent' && o.why === 'too-many')).toHaveLength(20)
    expect(shard.balance(b)).toBe(100_000 + 10 * 100)
  })

  test('draining lets what is under way end and takes nothing new', async () => {
    shard = new TestShard()
    const [a, b] = (await shard.begin(2)) as [number, number]
    const last = shard.gateway.pay(payment(a, b, 1))
    const drained = shard.gateway.drain()
    expect(await shard.gateway.pay(payment(a, b, 2))).toEqual({ kind: 'not-sent', why: 'draining' })
    expect(await last).toMatchObject({ kind: 'final', refusal: 'accepted' })
    await drained
  })
})

describe('what the gateway knows of keys', () => {
  test('a wallet key is read once and then known; a wallet that is not there has none', async () => {
    shard = new TestShard()
    const [a] = (await shard.begin(1)) as [number]
    const { walletKeys } = shard.gateway
    expect(await walletKeys.get(a)).toMatchObject({ algorithm: 1, keyVersion: 1 })
    shard.leading = false
    expect(walletKeys.get(a)).toMatchObject({ keyVersion: 1 })
    shard.leading = true
    expect(await walletKeys.get(a + 4_096 * 50)).toBeUndefined()
  })

  test('a shard without a leader is a shard to ask again, not an answer', async () => {
    shard = new TestShard()
    const [a] = (await shard.begin(1)) as [number]
    shard.leading = false
    await expect(shard.gateway.ask(a, { type: 'wallet', number: a })).rejects.toMatchObject({ why: 'no-leader' })
  })
})
