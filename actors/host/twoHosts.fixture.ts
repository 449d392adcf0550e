import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NatsConnection } from '@nats-io/nats-core'
import { provisionWitness, seedOwners, seedWitness, witnessRecords } from '../../deploy/ownerRecords.ts'
import { provisionMirrors, provisionStreams } from '../../deploy/streams.ts'
import { startTwoServers, type TwoServers } from '../../deploy/twoRegions.fixture.ts'
import { encodeCommand } from '../ledger/frameBuilder.ts'
import { headOf, uuidAt } from '../ledger/paper.fixture.ts'
import { frameKinds, signers } from '../ledger/records.ts'
import { decodeAnswer } from '../log/answers.ts'
import { createBlobs } from '../log/blobs.ts'
import { folderSnapshots } from '../log/folderSnapshots.ts'
import { openJetStreamLog, openJetStreamLogs } from '../log/jetStreamLog.ts'
import { type KeyRing, regionPurposes } from '../log/keyRing.ts'
import { memoryKeyRing } from '../log/memoryKeyRing.ts'
import { connectNats } from '../log/natsConnection.ts'
import { openOwnerDirectory } from '../log/natsOwnerDirectory.ts'
import { type LossStatement, type OperatorWord, signLoss } from '../log/operatorWord.ts'
import type { OwnerRecord } from '../log/ownerRecord.ts'
import { createLogger } from '../log/process.ts'
import { type RestartableNats, startRestartableNats } from '../log/restartableNats.ts'
import { createOpener, createSealer } from '../log/sealing.ts'
import { checkServer } from '../log/serverCheck.ts'
import { workerSettings } from '../log/settings.ts'
import type { ShardLog } from '../log/shardLog.ts'
import { answersSubject, commandSubject, parseSubject } from '../log/subjects.ts'
import { ensureGenesis } from './genesis.ts'
import { openNatsLeases } from './natsLeases.ts'
import { openSharedRegion } from './ownership/natsSharedRegion.ts'
import type { ControlAnswer } from './ownership/operatorRequests.ts'
import type { ShardStatus } from './ownership/sharedRunner.ts'
import { Worker } from './worker.ts'

export type Letter = 'a' | 'b'
const letters: readonly Letter[] = ['a', 'b']
const peerOf = { a: 'b', b: 'a' } as const
const shardCount = 2
const logBytesMax = 64 * 1024 ** 2
const answerMs = 1_000
const patienceMs = 60_000

type Frame = { readonly shard: number; readonly counter: number; readonly body: Uint8Array }
type LogOf = (shard: number, region: string) => ShardLog

/**
 * A worker in each of two regions, over real servers, mirrors, a link that can be cut and a witness. The test is the
 * edge: it opens users, and sends the same frame again to whoever owns the shard until it is answered.
 */
export class TwoHosts {
  readonly workers: Partial<Record<Letter, Worker>> = {}
  readonly errors: unknown[] = []
  /** Number of the user that each frame was answered with. */
  readonly answered = new Map<Frame, number>()
  readonly #heard = new Map<string, number>()
  readonly #folder = mkdtempSync(join(tmpdir(), 'jiaozi-hosts-'))
  readonly #operators = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')]
  readonly #ring: KeyRing = memoryKeyRing(regionPurposes(shardCount))
  readonly #sealers = [0, 1].map((shard) => createSealer(this.#ring, shard))
  readonly #edges: Partial<Record<Letter, LogOf>> = {}
  readonly #closing: (() => Promise<unknown>)[] = []
  servers!: TwoServers
  #witness!: RestartableNats
  #counter = 0

  /** What an operator signs to go on without what only the other region knew. */
  acceptsLoss(statement: LossStatement, operator: number): OperatorWord {
    return signLoss(statement, operator, this.#operators[operator - 1]!.privateKey)
  }

  static async start(): Promise<TwoHosts> {
    const hosts = new TwoHosts()
    hosts.servers = await startTwoServers(shardCount)
    hosts.#closing.push(() => hosts.servers.stop())
    hosts.#witness = await startRestartableNats()
    hosts.#closing.push(() => hosts.#witness.stop())
    await hosts.#provision()
    for (const letter of letters) await hosts.#startEdge(letter)
    for (const letter of letters) await hosts.#startWorker(letter)
    return hosts
  }

  async #provision(): Promise<void> {
    const { servers } = this
    const admins = { a: await servers.connect('a', 'admin'), b: await servers.connect('b', 'admin') }
    for (const region of letters) {
      await provisionStreams(admins[region], { region, peer: peerOf[region], shardCount, logBytesMax })
    }
    for (const region of letters) {
      const plan = { region, peer: peerOf[region], shardCount, logBytesMax }
      await provisionMirrors(admins[region], admins[peerOf[region]], plan)
    }
    const witness = await connectNats({ url: this.#witness.url }, { name: 'seed', inboxPrefix: '_INBOX.seed' })
    await provisionWitness(witness)
    await seedWitness(witness, [0, 1])
    const records = await witnessRecords(witness, shardCount)
    await witness.close()
    for (const region of letters) await seedOwners(admins[region], region, records)
    for (const [shard, record] of records.entries()) {
      const { owner } = record!
      const operators = this.#operators.map(({ publicKey }, i) => ({
        number: i + 1,
        role: 'operator' as const,
        publicKey: Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url'),
      }))
      const institution = { number: 1, role: 'institution', publicKey: new Uint8Array(32) } as const
      const plan = {
        region: owner,
        shardCount,
        walletsMax: 256,
        idsMax: 4_096,
        principals: [institution, ...operators],
      }
      const log = await openJetStreamLog(admins[owner as Letter], owner, shard)
      await ensureGenesis(plan, shard, log, this.#sealers[shard]!, { nowMs: Date.now(), incarnation: 1 })
    }
  }

  async #openLogs(letter: Letter, connection: NatsConnection): Promise<LogOf> {
    return openJetStreamLogs(connection, letters, shardCount, await checkServer(this.servers[letter].monitorUrl))
  }

  async #startEdge(letter: Letter): Promise<void> {
    const connection = await this.servers.connect(letter, 'edge')
    this.#edges[letter] = await this.#openLogs(letter, connection)
    connection.subscribe(answersSubject(letter === 'a' ? '1' : '2'), {
      callback: (_, { data }) => {
        const answer = decodeAnswer(data)
        if (answer.kind !== 'frame' || answer.skipped) return
        this.#heard.set(`${answer.shard}/${answer.counter}`, answer.codes[0] === 0 ? answer.values[0]! : -1)
      },
    })
  }

  async #startWorker(letter: Letter): Promise<void> {
    const connection = await this.servers.connect(letter, 'worker')
    const logOf = await this.#openLogs(letter, connection)
    const server = this.servers[peerOf[letter]]
    const settings = workerSettings.parse({
      role: 'worker',
      region: letter,
      peer: peerOf[letter],
      shardCount,
      statusPort: 1,
      keysDir: this.#folder,
      nats: { url: '', monitorUrl: '' },
      workerId: letter,
      preferredShards: [0, 1],
      witness: { url: this.#witness.url, monitorUrl: this.#witness.monitorUrl },
      peerProbeUrl: `${server.monitorUrl}/healthz`,
      autoTakeoverMs: 0,
    })
    const logger = createLogger(letter, 'silent')
    const shared = await openSharedRegion(connection, settings, { logOf, logger })
    const onFault = (): void => undefined
    const owners = await openOwnerDirectory(connection, { region: letter, shardCount, onFault })
    const snapshots = folderSnapshots(join(this.#folder, letter), createBlobs(this.#ring))
    const worker = new Worker({
      region: letter,
      workerId: letter,
      shardCount,
      preferredShards: [0, 1],
      connection,
      leases: await openNatsLeases(connection, letter),
      logger,
      shared: shared!,
      runnerFor: async (shard) => ({
        region: letter,
        shard,
        workerId: letter,
        incarnation: letter === 'a' ? 101 : 102,
        log: logOf(shard, letter),
        opener: createOpener(this.#ring, { shard }),
        sealerFor: (to) => this.#sealers[to]!,
        snapshots,
        snapshotEveryMs: 2_000,
        owners,
        logger,
        ports: {
          nowMs: () => Date.now(),
          monotonicMs: () => performance.now(),
          random: () => Math.random(),
          after: (delayMs, work) => {
            const timer = setTimeout(work, delayMs)
            return () => clearTimeout(timer)
          },
          publish: (subject, message) => connection.publish(subject, message),
          append: (to, subject, frame, timeoutMs) => {
            const parsed = parseSubject(subject) as { region: string }
            return logOf(to, parsed.region).append(subject, frame, { timeoutMs })
          },
          onError: (error) => this.errors.push(error),
        },
      }),
    })
    this.workers[letter] = worker
    worker.start()
    this.#closing.push(async () => {
      await worker.stop()
      owners.close()
      await shared!.close()
    })
  }

  status(letter: Letter, shard: number): ShardStatus | undefined {
    return this.workers[letter]!.sharedRunner(shard)?.status()
  }

  record(letter: Letter, shard: number): OwnerRecord | undefined {
    return this.status(letter, shard)?.record
  }

  ask(letter: Letter, shard: number, request: unknown): Promise<ControlAnswer> {
    return this.workers[letter]!.sharedRunner(shard)!.onControl(request)
  }

  digest(letter: Letter, shard: number): string {
    const { replica } = this.workers[letter]!.runner(shard)!.leader!
    return `${replica.seq} ${replica.ledger.state.digestText()}`
  }

  /** A frame that opens a user in a shard. */
  frame(shard: number): Frame {
    const counter = ++this.#counter
    const head = headOf({ signer: signers.institution, principal: 1, actor: 1, id: uuidAt(Date.now(), counter) })
    return { shard, counter, body: encodeCommand('userOpen', { ...head, bucket: shard + 2 * counter, kyc: 1 }) }
  }

  /** Appends it to the log of an owner, without waiting for what becomes of it. */
  send(frame: Frame, from: Letter, owner: string, epoch: number): Promise<unknown> {
    const { shard, counter, body } = frame
    const fields = { kind: frameKinds.commands, epoch, count: 1, incarnation: 1, counter, clockMs: Date.now() }
    const subject = commandSubject(owner, shard, { kind: 'edge', id: from === 'a' ? '1' : '2' })
    const log = this.#edges[from]!(shard, owner)
    return log.append(subject, this.#sealers[shard]!.seal(fields, body), { timeoutMs: answerMs })
  }

  /** Sends it until it is answered, each time to whom the region of the edge takes for the owner. */
  async told(frame: Frame, from: Letter): Promise<number> {
    const key = `${frame.shard}/${frame.counter}`
    this.#heard.delete(key)
    const endMs = performance.now() + patienceMs
    while (performance.now() < endMs) {
      const record = this.record(from, frame.shard)
      if (record !== undefined) await this.send(frame, from, record.owner, record.epoch)
      for (let waitedMs = 0; waitedMs < answerMs && !this.#heard.has(key); waitedMs += 20) await sleep(20)
      const number = this.#heard.get(key)
      if (number === undefined) continue
      if (number < 0) throw new Error('a user was refused')
      const before = this.answered.get(frame)
      if (before !== undefined && before !== number) throw new Error(`answered ${before}, and then ${number}`)
      this.answered.set(frame, number)
      return number
    }
    throw new Error(`shard ${frame.shard} gave no answer`)
  }

  /** Opens users in both shards, through both edges. */
  async openUsers(count: number, from: readonly Letter[] = letters, shards: readonly number[] = [0, 1]): Promise<void> {
    for (let n = 0; n < count; n++) {
      for (const shard of shards) for (const letter of from) await this.told(this.frame(shard), letter)
    }
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const endMs = performance.now() + patienceMs
    while (!holds()) {
      if (performance.now() > endMs) throw new Error(`it did not come to this: ${what}`)
      await sleep(20)
    }
  }

  /** Both regions are in sync, and hold the same. */
  async equal(): Promise<void> {
    for (const shard of [0, 1]) {
      await this.until(`shard ${shard} is in sync and equal`, () => {
        const [a, b] = [this.status('a', shard), this.status('b', shard)]
        if (a?.record?.mode !== 'sync' || b?.record?.epoch !== a.record.epoch || !a.ready || !b.ready) return false
        return a.applied === b.applied && this.digest('a', shard) === this.digest('b', shard)
      })
    }
  }

  async stop(): Promise<void> {
    for (const close of this.#closing.reverse()) await close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
