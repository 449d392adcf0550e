import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NatsConnection } from '@nats-io/nats-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../deploy/freePort.ts'
import { provisionStreams } from '../../deploy/streams.ts'
import { frameKinds } from '../ledger/records.ts'
import { createKeyRing } from '../log/fileKeyRing.ts'
import { openJetStreamLog } from '../log/jetStreamLog.ts'
import { decodeJson, encodeJson } from '../log/jsonBytes.ts'
import type { KeyRing } from '../log/keyRing.ts'
import { connectNats } from '../log/natsConnection.ts'
import type { QueryAnswer } from '../log/queries.ts'
import { natsMissing, type RestartableNats, startRestartableNats } from '../log/restartableNats.ts'
import { createSealer } from '../log/sealing.ts'
import { commandSubject, querySubject } from '../log/subjects.ts'
import { HostTown, type Resident, region } from './hostTown.fixture.ts'
import { type Runtime, runtimes, WorkerProcess } from './workerProcess.fixture.ts'

const missing = await natsMissing()

describe.skipIf(missing !== undefined)(`the worker process${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let dir: string
  let nats: RestartableNats
  let connection: NatsConnection
  let ring: KeyRing
  let town: HostTown
  let alice: Resident
  let bob: Resident
  let token = 0
  const started: WorkerProcess[] = []

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'jiaozi-host-'))
    nats = await startRestartableNats()
    connection = await connectNats(nats, { name: 'test', inboxPrefix: '_INBOX_test' })
    // The third log is for those who must not lead: it does not begin with a genesis.
    await provisionStreams(connection, { region, shardCount: 3, logBytesMax: 64 * 1024 * 1024 })
    ring = createKeyRing(join(dir, 'keys'), { shardCount: 3 })
    const logs = await Promise.all([0, 1].map((shard) => openJetStreamLog(connection, region, shard)))
    town = new HostTown({ logs, ring, folder: join(dir, 'snapshots') })
    await town.begin()
    alice = await town.open(0)
    bob = await town.open(1)
    await town.fund(alice, 10_000)
  })
  afterEach(async () => {
    for (const process of started.splice(0)) await process.end('SIGKILL')
  })
  afterAll(async () => {
    await town?.end()
    await connection?.close()
    await nats?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  async function start(runtime: Runtime, changes: Record<string, unknown> = {}): Promise<WorkerProcess> {
    const process = new WorkerProcess(runtime, dir, {
      role: 'worker',
      region,
      shardCount: 2,
      workerId: 'one',
      preferredShards: [0, 1],
      statusPort: await freePort(),
      keysDir: join(dir, 'keys'),
      nats: { url: nats.url, monitorUrl: nats.monitorUrl },
      ...changes,
    })
    started.push(process)
    return process
  }

  async function totals(shard: number): Promise<Extract<QueryAnswer<'totals'>, { ok: true }>> {
    const request = encodeJson({ type: 'totals' })
    const ask = () => connection.request(querySubject(region, shard), request, { timeout: 5_000 })
    let answer = await ask().catch(() => undefined)
    // On a busy machine a lease may run out and the shard change hands: for a moment nobody answers.
    for (let tries = 0; answer === undefined && tries < 100; tries++) {
      await sleep(100)
      answer = await ask().catch(() => undefined)
    }
    if (answer === undefined) throw new Error(`nobody answers for shard ${shard}`)
    const decoded = decodeJson(answer.data) as QueryAnswer<'totals'>
    if (!decoded.ok) throw new Error(decoded.error)
    return decoded
  }

  async function payOnce(fen: number): Promise<void> {
    const before = town.balance(bob)
    const seq = await town.pay(0, [town.payment(alice, bob, fen, ++token)])
    await town.until('it is paid', () => town.quiet({ 0: seq }))
    expect(town.balance(bob)).toBe(before + fen)
  }

  async function expectSameBytes(): Promise<void> {
    for (const shard of [0, 1]) {
      let { asOf, result } = await totals(shard)
      const { seq, ledger, chain } = town.observers[shard]!
      // The leader reads the log as the test does, a moment sooner or later.
      for (let tries = 0; asOf.seq < seq && tries < 100; tries++) {
        await sleep(50)
        const again = await totals(shard)
        asOf = again.asOf
        result = again.result
      }
      expect([asOf.seq, result.digest]).toEqual([seq, ledger.state.digestText()])
      expect(result.chain).toBe(Buffer.from(chain).toString('hex'))
    }
  }

  describe.each(runtimes)('on %s', (runtime) => {
    test('leads its shards, pays, answers reads, and ends in order with its leases given back', async () => {
      const first = await start(runtime)
      await first.said('leading', 2)
      await payOnce(100)
      await expectSameBytes()
      expect(await first.end('SIGTERM')).toBe(0)
      const second = await start(runtime, { workerId: 'other' })
      const led = await second.said('leading', 2)
      // It goes on from the last snapshots, for nothing was left to replay.
      expect(led.map(({ seq, from }) => Number(seq) - Number(from))).toEqual([0, 0])
      await expectSameBytes()
      expect(await second.end('SIGTERM')).toBe(0)
    })

    test('that is killed goes on where its log ends', async () => {
      const first = await start(runtime)
      await first.said('leading', 2)
      await payOnce(200)
      await first.end('SIGKILL')
      const seq = await town.pay(0, [town.payment(alice, bob, 300, ++token)])
      const before = town.balance(bob)
      const second = await start(runtime)
      await second.said('leading', 2)
      await town.until('what was paid meanwhile has arrived', () => town.quiet({ 0: seq }))
      expect(town.balance(bob)).toBe(before + 300)
      await expectSameBytes()
    })

    test('leads on when its message server is killed and comes back', async () => {
      const worker = await start(runtime)
      await worker.said('leading', 2)
      await nats.kill()
      await nats.start()
      await payOnce(400)
      await expectSameBytes()
      expect(await worker.end('SIGTERM')).toBe(0)
    })

    test('stops with one clear line when a log has nothing in it, or does not begin with its genesis', async () => {
      const log = await openJetStreamLog(connection, region, 2)
      const settings = { shardCount: 3, workerId: 'third', preferredShards: [2] }
      if ((await log.bounds()).last === 0) {
        const early = await start(runtime, settings)
        expect(await early.ended()).toBe(70)
        expect(early.lines).toContainEqual(
          expect.objectContaining({ level: 60, shard: 2, error: 'shard 2 has no ledger yet: its log is empty' }),
        )
      }
      const header = { kind: frameKinds.payments, epoch: 0, count: 1, incarnation: 1, counter: 1, clockMs: 1 }
      const frame = createSealer(ring, 2).seal(header, town.payment(alice, bob, 1, 1))
      const subject = commandSubject(region, 2, { kind: 'edge', id: '1' })
      expect(await log.append(subject, frame, { timeoutMs: 5_000 })).toMatchObject({ kind: 'appended' })
      const worker = await start(runtime, settings)
      expect(await worker.ended()).toBe(70)
      const [stopped] = worker.lines.filter(({ msg }) => msg === 'shard stops')
      expect(stopped).toMatchObject({ level: 60, shard: 2, error: 'law broken: a log begins with its genesis' })
      expect(JSON.stringify(worker.lines) + worker.stderr).not.toContain('    at ')
    })

    test.each<[string, () => Record<string, unknown>, RegExp]>([
      ['settings that are wrong', () => ({ shardCount: 0 }), /^settings file .*not usable:\n.*\n\s+→ at shardCount$/],
      ['no key ring', () => ({ keysDir: join(dir, 'nowhere') }), /^worker: .*nowhere/],
      [
        'no message server',
        () => ({ nats: { url: 'nats://127.0.0.1:1', monitorUrl: 'http://127.0.0.1:1' } }),
        /^worker: .*127\.0\.0\.1:1/,
      ],
    ])('with %s says so in a line and ends', async (_what, changes, why) => {
      const worker = await start(runtime, changes())
      expect(await worker.ended()).toBe(1)
      expect(worker.stderr.trim().replace(/^worker: (?=settings)/, '')).toMatch(why)
      expect(worker.stderr).not.toContain('    at ')
    })
  })
})
