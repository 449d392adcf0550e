import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NatsConnection } from '@nats-io/nats-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeAnswer, type FrameAnswer } from '../log/answers.ts'
import { openJetStreamLog } from '../log/jetStreamLog.ts'
import { ensureLogStream } from '../log/logStreams.ts'
import { connectNats } from '../log/natsConnection.ts'
import { natsMissing, type RestartableNats, startRestartableNats } from '../log/restartableNats.ts'
import type { ShardLog } from '../log/shardLog.ts'
import { HostTown, region } from './hostTown.fixture.ts'
import type { ShardRunner } from './shardRunner.ts'

const shards = [0, 1]
const workers = ['one', 'other']
const payments = 40
const missing = await natsMissing()

function suite(openLogs: () => Promise<readonly ShardLog[] | undefined>): void {
  const state = {} as { town: HostTown; folder: string; leaders: Map<string, ShardRunner> }
  let tokens = 0
  const sent = new Map<number, { payer: 'alice' | 'bob'; accepted: boolean }>()

  beforeAll(async () => {
    state.folder = mkdtempSync(join(tmpdir(), 'jiaozi-leaders-'))
    const logs = await openLogs()
    state.town = new HostTown({ folder: state.folder, ...(logs === undefined ? {} : { logs }) })
    const { town } = state
    await town.begin()
    const [alice, bob] = [await town.open(0), await town.open(1)]
    await town.fund(alice, 10_000)
    await town.fund(bob, 500)
    state.leaders = new Map()
    for (const worker of workers) {
      for (const shard of shards) state.leaders.set(`${worker}/${shard}`, await town.lead(shard, worker))
    }
    const seqs: Record<number, number> = {}
    const pay = async (from: 'alice' | 'bob', fen: number, to = from === 'alice' ? bob : alice): Promise<void> => {
      const payer = from === 'alice' ? alice : bob
      const token = ++tokens
      sent.set(token, { payer: from, accepted: to === alice || to === bob })
      seqs[payer.shard] = await town.pay(payer.shard, [town.payment(payer, to, fen, token)])
    }
    for (let i = 0; i < payments; i++) {
      await pay('alice', 10 + i)
      await pay('bob', 5)
    }
    // What comes back must come back once too.
    await pay('alice', 100, { ...town.stranger(1), shard: 1, link: 0 })
    await town.until('all is paid', () => town.quiet(seqs))
    await town.until('everything was told', () => sent.size * workers.length === toldOf(town).size)
    expect(town.balance(alice)).toBe(10_000 - sumOf(payments, 10) + payments * 5)
    expect(town.balance(bob)).toBe(500 + sumOf(payments, 10) - payments * 5)
  })
  afterAll(async () => {
    await state.town?.end()
    rmSync(state.folder, { recursive: true, force: true })
  })

  const sumOf = (count: number, first: number): number => count * first + (count * (count - 1)) / 2

  /** By worker and token, the ends that were told. */
  function toldOf(town: HostTown): Map<string, number[]> {
    const told = new Map<string, number[]>()
    for (const { worker, subject, message } of town.said) {
      if (subject !== 'res.1') continue
      const answer = decodeAnswer(message)
      if (answer.kind !== 'completions') continue
      for (const [i, token] of answer.tokens.entries()) {
        const key = `${worker}/${token}`
        told.set(key, [...(told.get(key) ?? []), answer.codes[i]!])
      }
    }
    return told
  }

  test('nobody had to stop', () => expect(state.town.errors).toEqual([]))

  test('both hold the same bytes as whoever else reads the log', () => {
    for (const shard of shards) {
      const observer = state.town.observers[shard]!
      for (const worker of workers) {
        const { replica } = state.leaders.get(`${worker}/${shard}`)!.leader!
        expect(replica.seq).toBe(observer.seq)
        expect(replica.ledger.state.digestText()).toBe(observer.ledger.state.digestText())
        expect(replica.chain).toEqual(observer.chain)
        expect(() => replica.ledger.state.audit()).not.toThrow()
      }
    }
  })

  test('both sent what the shards owe each other, and it was taken in once', () => {
    const { town } = state
    for (const shard of shards) {
      const { received } = town.observers[shard]!.ledger.state
      const peer = town.observers[1 - shard]!.ledger.state
      expect(received[1 - shard]).toBe(peer.lanes[shard]!.next)
      expect(peer.lanes[shard]!.next).toBeGreaterThan(0)
    }
    const { books: first } = town.observers[0]!.ledger.state
    const { books: second } = town.observers[1]!.ledger.state
    expect([first.transitIn[1], second.transitIn[0]]).toEqual([second.transitOut[0], first.transitOut[1]])
    expect(first.wallets + second.wallets).toBe(10_500)
  })

  test('an edge hears each frame from both, and the same of it', () => {
    const frames = new Map<string, { worker: string; answer: FrameAnswer }[]>()
    for (const { worker, subject, message } of state.town.said) {
      if (subject !== 'res.1') continue
      const answer = decodeAnswer(message)
      if (answer.kind !== 'frame') continue
      const key = `${answer.shard}/${answer.seq}`
      frames.set(key, [...(frames.get(key) ?? []), { worker, answer }])
    }
    expect(frames.size).toBe(sent.size)
    for (const heard of frames.values()) {
      expect(heard.map(({ worker }) => worker).sort()).toEqual(workers.toSorted())
      expect(heard[1]!.answer).toEqual(heard[0]!.answer)
    }
  })

  test('each payment has one end, whoever tells it', () => {
    const told = toldOf(state.town)
    for (const [token, { accepted }] of sent) {
      const codes = new Set(workers.flatMap((worker) => told.get(`${worker}/${token}`) ?? []))
      expect(codes.size).toBe(1)
      expect([...codes][0] === 0).toBe(accepted)
    }
  })
}

describe('two leaders of every shard do no harm, on logs in memory', () => suite(async () => undefined))

describe.skipIf(missing !== undefined)(
  `two leaders of every shard do no harm, on JetStream${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    let nats: RestartableNats
    let connection: NatsConnection
    suite(async () => {
      nats = await startRestartableNats()
      connection = await connectNats(nats, { name: 'test', inboxPrefix: '_INBOX_test' })
      const bytesMax = 64 * 1024 * 1024
      return Promise.all(
        shards.map(async (shard) => {
          await ensureLogStream(connection, region, shard, { bytesMax })
          return openJetStreamLog(connection, region, shard)
        }),
      )
    })
    afterAll(async () => {
      await connection?.close()
      await nats?.stop()
    })
  },
)
