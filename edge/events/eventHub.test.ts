import { beforeEach, describe, expect, test } from 'vitest'
import { postingKinds } from '../../actors/ledger/outcomes.ts'
import { noticeKinds } from '../../actors/log/noticeKinds.ts'
import type { EventsRead, Found, JournalEvent } from '../routes/journal.ts'
import { EventHub, type EventHubOptions } from './eventHub.ts'
import { type EventCursor, isBehind } from './eventPlace.ts'

const shards = 2
const minuteMs = 60_000

/** A journal that holds what a test writes into it, and counts how often it is asked. */
class Written {
  readonly all: (JournalEvent & { wallet: number })[] = []
  asked = 0
  seq = 10
  away = false
  nowMs = 1_772_413_200_000

  write(wallet: number, kind: number = postingKinds.paymentIn, more: Partial<JournalEvent> = {}): void {
    this.seq += 1
    const of = { deltaFen: 100, counterparty: 1_048_577, counterpartyKind: 1, id: new Uint8Array(16).fill(0x70) }
    const place = { seq: this.seq, index: 0, kind, timeMs: this.nowMs, about: undefined, orderNo: undefined }
    this.all.push({ wallet, ...of, ...place, ...more })
  }

  async events(after: readonly EventCursor[], count: number): Promise<Found<EventsRead>> {
    this.asked += 1
    if (this.away) return { kind: 'away' }
    const followed = Array.from({ length: shards }, (_, shard) => ({ shard, seq: this.seq, timeMs: this.nowMs }))
    const events = after.map((cursor) => {
      return this.all.filter((one) => one.wallet === cursor.wallet && isBehind(one, cursor)).slice(0, count)
    })
    return { kind: 'found', record: { followed, events } }
  }
}

let journal: Written
let hub: EventHub
let due: (() => void)[]
let faults: string[]

function newHub(options: Partial<EventHubOptions> = {}): EventHub {
  return new EventHub({
    journal,
    shardOf: (wallet) => wallet % shards,
    nowMs: () => journal.nowMs,
    after: (_delayMs, work) => {
      due.push(work)
      return () => due.splice(due.indexOf(work), 1)
    },
    onFault: (what) => faults.push(what),
    ...options,
  })
}
beforeEach(() => {
  journal = new Written()
  due = []
  faults = []
  hub = newHub()
})

/** One look into the journal, when one is due. */
async function look(): Promise<void> {
  for (const work of due.splice(0)) work()
  await new Promise((resolve) => setImmediate(resolve))
}

const listening = (wallet: number, more: object = {}) => {
  return { wallet, caller: `wallet:${wallet}`, byKey: true, from: undefined, ...more }
}

/** A listener as a client is: what it has read so far, as text. */
class Client {
  text = ''
  ended = false
  readonly reader: ReadableStreamDefaultReader<Uint8Array>

  constructor(stream: ReadableStream<Uint8Array>) {
    this.reader = stream.getReader()
    void this.#read()
  }

  async #read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.reader.read()
      if (done) break
      this.text += new TextDecoder().decode(value)
    }
    this.ended = true
  }

  get events(): { id: string; event: string; data: Record<string, unknown> }[] {
    return [...this.text.matchAll(/id: (.*)\nevent: (.*)\ndata: (.*)\n\n/g)].map(([, id, event, data]) => {
      return { id: id!, event: event!, data: JSON.parse(data!) }
    })
  }
}

describe('a listener', () => {
  test('that may hear no more is told nothing more, and its stream ends', async () => {
    const may = { answer: async () => true }
    const client = new Client(hub.listen(listening(2, { byKey: false, goesOn: () => may.answer() }))!)
    const other = new Client(hub.listen(listening(2, { caller: 'institution:2' }))!)
    await look()
    journal.write(2)
    await look()
    expect(client.events).toHaveLength(1)
    may.answer = async () => false
    journal.write(2)
    await look()
    expect([client.events.length, client.ended]).toEqual([1, true])
    expect([other.events.length, other.ended, faults]).toEqual([2, false, []])
  })

  test('of whom nobody can say whether it may hear holds up no other', async () => {
    const unavailable = () => Promise.reject(new Error('no leader'))
    const client = new Client(hub.listen(listening(2, { byKey: false, goesOn: unavailable }))!)
    const other = new Client(hub.listen(listening(2))!)
    await look()
    journal.write(2)
    await look()
    expect([client.ended, other.events.length]).toEqual([true, 1])
  })

  test('is told of what happens from now on, once, in order, and of nobody else', async () => {
    journal.write(2)
    const client = new Client(hub.listen(listening(2))!)
    await look()
    journal.write(2)
    journal.write(3)
    journal.write(2, postingKinds.paymentOut, { deltaFen: -250 })
    await look()
    await look()
    expect(client.events.map(({ id, event }) => [id, event])).toEqual([
      ['12.0.2', 'payment.received'],
      ['14.0.1', 'payment.sent'],
    ])
    expect(client.events[1]!.data).toMatchObject({ amount: '-2.50', counterparty: 'W1048577' })
  })

  test('that comes back goes on behind what it was told last, at any edge', async () => {
    for (let n = 0; n < 250; n++) journal.write(2)
    const client = new Client(newHub().listen(listening(2, { from: { seq: 60, index: 0, kind: 2 } }))!)
    for (let n = 0; n < 4; n++) await look()
    expect(client.events.map(({ id }) => Number(id.split('.')[0]))).toEqual(
      Array.from({ length: 200 }, (_, n) => 61 + n),
    )
  })

  test('of whom nothing happens hears a heartbeat, and from it where to go on', async () => {
    const client = new Client(hub.listen(listening(2))!)
    await look()
    expect(client.text).toBe('retry: 2000\n\n: here\nid: 10.999999.999\n\n')
    journal.write(3)
    journal.nowMs += 15_000
    await look()
    expect(client.text).toMatch(/: here\nid: 11\.999999\.999\n\n$/)
  })

  test('is told of a paid order by its number, and of keys', async () => {
    const client = new Client(hub.listen(listening(2, { byKey: false }))!)
    await look()
    journal.write(2, postingKinds.paymentIn, { orderNo: 'T-1' })
    journal.write(2, noticeKinds.recoveryStarted, { about: '{"effective_at":"2026-03-03T01:00:00.000Z"}' })
    journal.write(2, 77)
    await look()
    expect(client.events.map(({ event }) => event)).toEqual(['order.paid', 'key.recovery_started'])
    expect(client.events[1]!.data).toEqual({
      event_id: '12.0.103',
      event: 'key.recovery_started',
      time: new Date(journal.nowMs).toISOString(),
      effective_at: '2026-03-03T01:00:00.000Z',
    })
  })

  test('whom the old key let in is told of the new one and then let go; its institution listens on', async () => {
    const holder = new Client(hub.listen(listening(2))!)
    const bank = new Client(hub.listen(listening(2, { byKey: false, caller: 'institution:1' }))!)
    await look()
    journal.write(2, noticeKinds.keyRotated, { about: '{"key_version":2}' })
    await look()
    journal.write(2)
    await look()
    expect([holder.ended, holder.events.map(({ event }) => event)]).toEqual([true, ['key.rotated']])
    expect(bank.events.map(({ event }) => event)).toEqual(['key.rotated', 'payment.received'])
  })

  test('that does not read is cut off, and holds nobody up', async () => {
    hub.listen(listening(2))
    const client = new Client(hub.listen(listening(3))!)
    await look()
    for (let n = 0; n < 300; n++) journal.write(2)
    for (let n = 0; n < 4; n++) await look()
    expect(hub.listeners).toBe(1)
    journal.write(3)
    await look()
    expect(client.events).toHaveLength(1)
  })

  test('signs in again after an hour', async () => {
    const client = new Client(hub.listen(listening(2))!)
    await look()
    journal.nowMs += 60 * minuteMs
    await look()
    expect(client.ended).toBe(true)
  })

  test('stays while the journal is away, and misses nothing', async () => {
    const client = new Client(hub.listen(listening(2))!)
    await look()
    journal.away = true
    journal.write(2)
    await look()
    journal.away = false
    await look()
    expect(client.events).toHaveLength(1)
    expect(faults).toEqual([])
  })
})

describe('the journal', () => {
  test('is asked once a round for all who listen, and not at all when nobody does', async () => {
    const clients = [2, 3, 4, 5].map((wallet) => new Client(hub.listen(listening(wallet))!))
    await look()
    expect(journal.asked).toBe(1)
    await look()
    expect(journal.asked).toBe(2)
    for (const { reader } of clients) await reader.cancel()
    await look()
    await look()
    expect([journal.asked, hub.listeners, due.length]).toEqual([3, 0, 0])
  })
})

test('a caller listens so often and no more, and so do all together', () => {
  const small = newHub({ perCallerMax: 2, listenersMax: 3 })
  const heard = [2, 2, 2, 3, 4].map((wallet) => small.listen(listening(wallet)) !== undefined)
  expect(heard).toEqual([true, true, false, true, false])
})

test('an edge that drains ends every stream at once and takes no more', async () => {
  const client = new Client(hub.listen(listening(2))!)
  await look()
  hub.close()
  await look()
  expect([client.ended, hub.listeners, due.length]).toEqual([true, 0, 0])
  expect(hub.listen(listening(2))).toBeUndefined()
})
