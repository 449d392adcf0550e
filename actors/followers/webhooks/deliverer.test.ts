import pino from 'pino'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { secretOf, secretOverlapMs } from '../../log/webhookSecrets.ts'
import { publicKeyText, secretText, verifyWebhook } from '../../log/webhookSignatures.ts'
import { openDatabase, RenewedPool } from '../database.ts'
import { DatabaseWay } from '../databaseWay.fixture.ts'
import { startTestServer, type TestServer } from '../followedTown.fixture.ts'
import { patienceMs } from './retryRule.ts'
import { WebhookStore } from './webhookStore.ts'
import { type Heard, WebhookTown } from './webhookTown.fixture.ts'

let server: TestServer
let town: WebhookTown
let databaseUrl: string
beforeAll(async () => {
  server = await startTestServer()
}, 120_000)
afterAll(() => server?.stop())
beforeEach(async () => {
  databaseUrl = await server.newDatabase()
  town = new WebhookTown(databaseUrl)
})
afterEach(() => town.end())

const life = ['order.paid', 'refund.completed', 'refund.failed'] as const
const told = ({ taken }: { taken: Heard[] }, orderNo: string): string[] =>
  taken.filter(({ body }) => body.data.order_no === orderNo).map(({ body }) => body.type)
const unique = (heard: readonly Heard[]): number => new Set(heard.map(({ id }) => id)).size

describe('a merchant is told', () => {
  test('what happened, whole, and signed so that the library of Standard Webhooks believes it', async () => {
    const shop = await town.merchant(4_097)
    await town.tell(4_097, 'T-1', ['order.paid'], { fen: 123_456_789_01 })
    town.start()
    await town.settle()
    const [{ headers, text, body }] = shop.heard as [Heard]
    const secret = secretOf(town.ring, 4_097, 1, 0)
    expect(new Webhook(secretText(secret.symmetric)).verify(text, headers)).toEqual(body)
    verifyWebhook(publicKeyText(secret.ed25519), headers, text, Date.now() / 1_000)
    expect(headers['content-type']).toBe('application/json')
    expect(body).toMatchObject({
      type: 'order.paid',
      timestamp: expect.stringMatching(/Z$/),
      data: {
        wallet_id: 'M4097',
        order_no: 'T-1',
        amount: '123456789.01',
        payer_wallet: 'W4096',
        position: { shard: 0 },
      },
    })
  })

  test('at the order’s own address before the one of its profile', async () => {
    const shop = await town.merchant(4_097)
    const other = await town.merchant(4_098, { profile: false })
    await town.sql`insert into order_texts values (0, 1, 0, ${JSON.stringify({ callback_url: other.url })})`
    await town.tell(4_097, 'T-1', ['order.paid'])
    town.start()
    await town.settle()
    expect([shop.heard.length, other.heard.length]).toEqual([0, 1])
  })

  test('nothing when it never said where; and again when it says and asks', async () => {
    await town.tell(4_097, 'T-1', ['order.paid'])
    town.start()
    await town.settle()
    expect(await town.states()).toEqual({ unaddressed: 1 })
    const shop = await town.merchant(4_097)
    await town.sql`update webhook_events set state = 0, replays = replays + 1`
    await town.settle()
    expect([shop.heard.length, await town.states()]).toEqual([1, { delivered: 1 }])
  })
})

describe('however often a merchant fails', () => {
  test('with three calls of ten, and while it is down: all of it arrives, each order in its order', async () => {
    const shop = await town.merchant(4_097)
    const orders = Array.from({ length: 40 }, (_, n) => `T-${n}`)
    for (const orderNo of orders) await town.tell(4_097, orderNo, life)
    const answers = [200, 500, 200, 200, -1, 200, 302, 200, 200, 200]
    shop.answer = (seen) => (seen > 20 && seen < 45 ? -1 : answers[seen % answers.length])
    town.start()
    await town.settle()
    expect(await town.states()).toEqual({ delivered: 3 * orders.length })
    for (const orderNo of orders) expect(told(shop, orderNo)).toEqual(life)
    expect(unique(shop.heard)).toBe(3 * orders.length)
    expect(shop.heard.length).toBeGreaterThan(4 * orders.length)
  })

  test('the same event is the same bytes under the same id, on every try', async () => {
    const shop = await town.merchant(4_097)
    shop.answer = (seen) => (seen < 3 ? 503 : 200)
    await town.tell(4_097, 'T-1', ['order.paid'])
    town.start()
    await town.settle()
    expect(shop.heard).toHaveLength(4)
    expect(new Set(shop.heard.map(({ id, text }) => `${id} ${text}`)).size).toBe(1)
  })

  test('every try is written down with what came back', async () => {
    const shop = await town.merchant(4_097)
    shop.answer = (seen) => [500, undefined, 200][seen]
    await town.tell(4_097, 'T-1', ['order.paid'])
    town.start({}, 300)
    await town.settle()
    const tries = await town.sql`select attempt, status, error, response, url from webhook_attempts order by attempt`
    expect([...tries]).toEqual([
      { attempt: 1, status: 500, error: 'answered 500', response: 'heard 1', url: shop.url },
      { attempt: 2, status: 0, error: 'no answer in time', response: '', url: shop.url },
      { attempt: 3, status: 200, error: '', response: 'heard 3', url: shop.url },
    ])
  })
})

test('one that does not answer, and one with a long backlog, delay nobody else', async () => {
  const [dead, slow, quick] = [await town.merchant(4_097), await town.merchant(4_098), await town.merchant(4_099)]
  dead.answer = () => undefined
  slow.delayMs = 900
  for (let n = 0; n < 30; n++) {
    await town.tell(4_097, `D-${n}`, ['order.paid'])
    await town.tell(4_098, `S-${n}`, ['order.paid'])
  }
  for (let n = 0; n < 20; n++) await town.tell(4_099, `Q-${n}`, ['order.paid'])
  town.start({ callsMax: 12 })
  await town.until('who is quick was told all', () => quick.taken.length === 20)
  expect(slow.taken.length).toBeLessThan(30)
  expect(dead.taken.length).toBe(0)
})

describe('what could not be told for three days', () => {
  test('is dead, the order’s next event is told, and it is told too once somebody asks', async () => {
    const shop = await town.merchant(4_097)
    shop.answer = () => 500
    await town.tell(4_097, 'T-1', ['order.paid'])
    town.start()
    await town.until('a try has failed', () => shop.heard.length > 0)
    town.aheadMs += patienceMs
    await town.until('it is dead', async () => (await town.states()).dead === 1)
    const before = shop.heard.length
    shop.answer = () => 200
    await town.tell(4_097, 'T-1', ['refund.completed'])
    await town.settle()
    expect(told(shop, 'T-1')).toEqual(['refund.completed'])
    await town.sql`update webhook_events set state = 0, attempts = 0, replays = replays + 1, next_ms = 0,
      since_ms = ${town.nowMs()} where state = 2`
    await town.settle()
    expect(told(shop, 'T-1')).toEqual(['refund.completed', 'order.paid'])
    expect(await town.states()).toEqual({ delivered: 2 })
    const [last] = await town.sql`select replay, attempt from webhook_attempts where status = 200 and replay = 1`
    expect(last).toEqual({ replay: 1, attempt: 1 })
    expect(shop.heard.length).toBe(before + 2)
  })

  test('is dead without a call when the journal was made anew long after', async () => {
    const shop = await town.merchant(4_097)
    await town.tell(4_097, 'T-1', ['order.paid'], { sinceMs: town.nowMs() - patienceMs - 1 })
    town.start()
    await town.settle()
    expect([shop.heard.length, await town.states()]).toEqual([0, { dead: 1 }])
  })

  test('is dead without a call however much of it there is, and keeps nobody who is younger waiting', async () => {
    const shop = await town.merchant(4_097)
    const sinceMs = town.nowMs() - patienceMs - 1
    await town.sql`
      insert into webhook_events (event_id, type, merchant, merchant_shard, order_no, order_seq, order_index, amount_fen,
        created_ms, expires_ms, shard, seq, index, at_ms, payer, payment_id, since_ms)
      select decode(md5(n::text), 'hex'), 1, 4097, 0, 'L-' || n, 1, 0, 1, 1, 1, 0, n, 0, 1, 0, '', ${sinceMs}
      from generate_series(1, 20500) n`
    await town.tell(4_097, 'T-1', ['order.paid'])
    town.start()
    await town.until('nothing is left', async () => (await town.states()).pending === undefined)
    expect(await town.states()).toEqual({ dead: 20_500, delivered: 1 })
    expect(told(shop, 'T-1')).toEqual(['order.paid'])
    expect(shop.heard).toHaveLength(1)
  })
})

test('while a secret is replaced both sign; a day later the new one alone', async () => {
  const shop = await town.merchant(4_097)
  const rotatedMs = town.nowMs() - 1_000
  const profile = JSON.stringify({ callback_url: shop.url })
  await town.profile(4_097, profile, { generation: 2, rotatedMs })
  await town.tell(4_097, 'T-1', ['order.paid'])
  town.start()
  await town.settle()
  town.aheadMs += secretOverlapMs
  await town.tell(4_097, 'T-2', ['order.paid'])
  await town.settle()
  const believes = (generation: number, { headers, text }: Heard): boolean => {
    const secret = secretOf(town.ring, 4_097, generation, generation === 1 ? 0 : rotatedMs)
    const atS = Number(headers['webhook-timestamp'])
    try {
      verifyWebhook(secretText(secret.symmetric), headers, text, atS)
      verifyWebhook(publicKeyText(secret.ed25519), headers, text, atS)
      return true
    } catch {
      return false
    }
  }
  expect(shop.heard.map((one) => [believes(1, one), believes(2, one)])).toEqual([
    [true, true],
    [false, true],
  ])
})

test('a region tells the merchants of its own shards only, and at once those of one that it takes over', async () => {
  const [here, there] = [await town.merchant(4_096), await town.merchant(4_097)]
  await town.tell(4_096, 'T-1', ['order.paid'], { shard: 0 })
  await town.tell(4_097, 'T-2', ['order.paid'], { shard: 1 })
  town.shards = [0]
  town.start()
  await town.until('its own is told', () => here.taken.length === 1)
  await town.until('it has looked again', async () => {
    await new Promise((resolve) => setTimeout(resolve, 600))
    return true
  })
  expect(there.heard).toHaveLength(0)
  town.shards = [0, 1]
  await town.settle()
  expect(there.taken).toHaveLength(1)
})

test('what was told when the program died is told again under the same id, and nothing else is', async () => {
  const shop = await town.merchant(4_097)
  for (let n = 0; n < 5; n++) await town.tell(4_097, `T-${n}`, ['order.paid'])
  let lost = 0
  const store = new WebhookStore(town.pool)
  const forgetful = Object.assign(Object.create(store) as typeof store, {
    due: store.due.bind(store),
    sweep: store.sweep.bind(store),
    record: async () => {
      lost += 1
      throw new Error('the process is about to die')
    },
  })
  town.start({ store: forgetful })
  await town.until('all was told', () => lost > 0 && shop.taken.length === 5)
  await town.stopTelling()
  town.start()
  await town.settle()
  expect([unique(shop.taken), shop.taken.length]).toEqual([5, 10])
})

test('merchants are told on when the database is elsewhere, and its old connections never said a word', async () => {
  const shop = await town.merchant(4_097)
  const way = new DatabaseWay(databaseUrl)
  await way.open()
  const pool = new RenewedPool(() => openDatabase(way.url, 'webhooks', 1))
  try {
    town.start({ store: new WebhookStore(pool, 500) })
    await town.tell(4_097, 'T-1', ['order.paid'])
    await town.until('the first is told', async () => (await town.states()).delivered === 1)
    way.leaveSilent()
    await town.tell(4_097, 'T-2', ['order.paid'])
    await town.until('the second is told', async () => (await town.states()).delivered === 2)
    expect(told(shop, 'T-2')).toEqual(['order.paid'])
    await town.stopTelling()
  } finally {
    await pool.end()
    await way.close()
  }
})

test('a clock that runs ahead gives nothing up that the logs’ time has not', async () => {
  const shop = await town.merchant(4_097)
  const logTimeMs = Date.now()
  await town.sql`insert into positions (shard, seq, chain, log_time_ms) values (0, 0, ${Buffer.alloc(32)}, ${logTimeMs})`
  await town.tell(4_097, 'OLD', ['order.paid'], { sinceMs: logTimeMs - patienceMs - 1 })
  await town.tell(4_097, 'T-1', ['order.paid'], { sinceMs: logTimeMs })
  town.aheadMs = patienceMs + 3_600_000
  town.start()
  await town.until('what is old in every clock is given up', async () => (await town.states()).dead === 1)
  expect(await town.states()).toEqual({ dead: 1, pending: 1 })
  town.aheadMs = 0
  await town.until('the other is told when the clock is right', () => told(shop, 'T-1').length === 1)
})

describe('what the database does not take', () => {
  const hostile = ['https://127.0.0.1:1/a\0b', 'https://127.0.0.1:1/\ud83c', 'https://127.0.0.1:1/\udf75\0']

  test('of an address that was taken down before it was refused stops nobody: its tries are written without it', async () => {
    const shop = await town.merchant(4_097)
    for (const [n, url] of hostile.entries()) {
      await town.merchant(4_200 + n, { profile: false })
      await town.profile(4_200 + n, JSON.stringify({ callback_url: url }))
      await town.tell(4_200 + n, `H-${n}`, ['order.paid'])
    }
    await town.tell(4_097, 'T-1', ['order.paid'])
    town.start()
    await town.until('who can be told is told', async () => (await town.states()).delivered === 1)
    await town.until('each of the others was tried', async () => {
      const rows = await town.sql`select distinct event_id from webhook_attempts where status = 0`
      return rows.length === hostile.length
    })
    const tries = await town.sql<{ url: string }[]>`
      select distinct url from webhook_attempts where status = 0 order by url`
    expect(tries.map(({ url }) => url).toSorted()).toEqual(['https://127.0.0.1:1/ab', 'https://127.0.0.1:1/\ufffd'])
    expect([shop.taken.length, town.deliverer.trouble]).toEqual([1, ''])
  })

  test('of one try holds up no other of its lot, and is not told again and again', async () => {
    const shops = [await town.merchant(4_097), await town.merchant(4_098), await town.merchant(4_099)]
    for (const { wallet } of shops) await town.tell(wallet, `T-${wallet}`, ['order.paid'])
    const said: unknown[] = []
    const lines = { write: (line: string) => said.push(JSON.parse(line)) }
    let calls = 0
    // A status that no column of two bytes holds.
    const caller = {
      call: async ({ url }: { url: string }) => {
        calls += 1
        const status = url === shops[1]!.url ? 99_999 : 200
        return { status, error: '', durationMs: 1, response: 'a secret', retryAfterS: undefined }
      },
    }
    town.start({ caller, logger: pino({}, lines) })
    await town.until('the others are written down', async () => (await town.states()).delivered === 2)
    await town.tell(4_099, 'T-2', ['order.paid'])
    await town.until('the next is too', async () => (await town.states()).delivered === 3)
    expect([calls, await town.states()]).toEqual([4, { delivered: 3, pending: 1 }])
    const text = JSON.stringify(said)
    expect(said).toContainEqual(expect.objectContaining({ code: '22003', event: expect.stringMatching(/^evt_/) }))
    expect(text).not.toContain('99999')
    expect(text).not.toContain('secret')
  })
})
