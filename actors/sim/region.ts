import { genesisBody } from '../host/genesis.ts'
import type { Worker } from '../host/worker.ts'
import { frameKinds } from '../ledger/records.ts'
import { type Blobs, createBlobs } from '../log/blobs.ts'
import { newIncarnation } from '../log/incarnation.ts'
import { type KeyRing, regionPurposes } from '../log/keyRing.ts'
import { memoryKeyRing } from '../log/memoryKeyRing.ts'
import type { Replica } from '../log/replica.ts'
import { createSealer, type Sealer } from '../log/sealing.ts'
import { LogGap, type ShardLog } from '../log/shardLog.ts'
import { commandSubject } from '../log/subjects.ts'
import { Auditor } from './auditor/auditor.ts'
import { Bus } from './bus.ts'
import type { Chronicle } from './chronicle.ts'
import { startConnector } from './connectorMachine.ts'
import { type Edge, startEdge } from './edgeMachine.ts'
import { FarBooks } from './farBooks.ts'
import { FarNetwork } from './farNetwork.ts'
import type { FarSides } from './farPorts.ts'
import { Machine } from './machine.ts'
import type { Mistakes } from './mistakes.ts'
import type { Prng } from './prng.ts'
import { SimLeases } from './simLeases.ts'
import { SimLog } from './simLog.ts'
import { SimClock, SimProcess } from './simProcess.ts'
import { SimSnapshots } from './simSnapshots.ts'
import { calm, type Faults, type Scenario } from './swarm.ts'
import type { VirtualTime } from './virtualTime.ts'
import { startWorker } from './workerMachine.ts'

export type RegionOptions = {
  scenario: Scenario
  time: VirtualTime
  chronicle: Chronicle
  prng: Prng
  mistakes: Mistakes
}

const restartMsMin = 100
const restartMsMax = 3_000
/** Replicas are compared at every so manieth entry: what parts them once parts them for good. */
export const digestEvery = 8
const walletsMax = 16
const idsMax = 1_024

/** A whole region in one thread: its logs and stores, the far sides, and the machines that run the real programs. */
export class Region {
  readonly name = 'a'
  readonly scenario: Scenario
  readonly time: VirtualTime
  readonly chronicle: Chronicle
  readonly prng: Prng
  readonly mistakes: Mistakes
  readonly auditor: Auditor
  readonly bus: Bus
  readonly logs: readonly SimLog[]
  readonly ring: KeyRing
  readonly blobs: Blobs
  readonly leases: SimLeases
  readonly snapshots: SimSnapshots
  readonly far: FarSides
  clientFaults: Faults['client']
  /** Clients and the far sides: programs that never die, on a clock that is right. */
  readonly outside: SimProcess
  readonly workers: readonly Machine[]
  readonly edgeMachines: readonly Machine[]
  readonly connector: Machine
  readonly #running = new Map<number, { worker: Worker; process: SimProcess }>()
  readonly #edges = new Map<number, Edge>()
  readonly #sealers = new Map<number, Sealer>()
  readonly #randomBytes: (length: number) => Uint8Array
  /** True once nothing goes wrong any more, and people begin nothing new. */
  calmed = false
  #serial = 0

  constructor(options: RegionOptions) {
    const { scenario, time, chronicle, prng, mistakes } = options
    const { startMs, shardCount } = scenario
    const faults = scenario.quietStart ? calm : scenario.faults
    this.clientFaults = faults.client
    this.scenario = scenario
    this.time = time
    this.chronicle = chronicle
    this.prng = prng
    this.mistakes = mistakes
    this.auditor = new Auditor((what) => chronicle.violation(what))
    const bytes = prng.fork('bytes')
    this.#randomBytes = (length) => bytes.bytes(length)
    const clock = new SimClock(time, startMs)
    this.outside = new SimProcess('outside', time, clock, (error) => chronicle.violation(`outside: ${textOf(error)}`))
    this.bus = new Bus(faults.net, time, prng.fork('bus'), chronicle)
    this.logs = Array.from({ length: shardCount }, (_, shard) => {
      return new SimLog({ shard, faults: faults.log, time, clock, prng: prng.fork(`log ${shard}`), chronicle })
    })
    const random = { randomBytes: this.#randomBytes }
    this.ring = memoryKeyRing(regionPurposes(shardCount), { nowMs: () => clock.nowMs(), ...random })
    this.blobs = createBlobs(this.ring, random)
    this.leases = new SimLeases(faults.lease, time, prng.fork('leases'), chronicle)
    this.snapshots = new SimSnapshots(faults.snapshot, time, prng.fork('snapshots'), chronicle, this.blobs)
    this.far = this.#farSides(faults.far)
    this.workers = this.#machines('worker', scenario.workerCount, (process, n) => {
      this.#running.set(n, { worker: startWorker(this, process, n), process })
    })
    this.edgeMachines = this.#machines('edge', scenario.edgeCount, (process, n) => {
      this.#edges.set(n, startEdge(this, process, n))
    })
    this.connector = this.#machines('connector', 1, (process) => startConnector(this, process))[0]!
  }

  #farSides(faults: Faults['far']): FarSides {
    const { time, prng, chronicle, outside, auditor } = this
    const network = new FarNetwork(faults, time, prng.fork('far network'), chronicle)
    const books = new FarBooks({
      bankProcess: outside,
      network,
      prng: prng.fork('far books'),
      onEntry: (side, entry) => {
        chronicle.tell(`${side}.${entry.kind}`, entry.txId)
        if (side === 'bank') auditor.bankEntry(entry)
        else auditor.centralBankEntry(entry)
      },
    })
    return { books, network }
  }

  #machines(kind: string, count: number, start: (process: SimProcess, index: number) => void): Machine[] {
    const { time, chronicle, scenario } = this
    return Array.from({ length: count }, (_, index) => {
      const name = `${kind} ${index}`
      const begin = (process: SimProcess): void => start(process, index)
      return new Machine({ name, time, startMs: scenario.startMs, chronicle, start: begin })
    })
  }

  get machines(): Machine[] {
    return [...this.workers, ...this.edgeMachines, this.connector]
  }

  /** Edges that run now. */
  get edges(): Edge[] {
    return [...this.#edges.values()].filter(({ process }) => process.alive)
  }

  /** The replica of a shard whose leader has applied all that is in the log. */
  leaderOf(shard: number): Replica | undefined {
    for (const { worker, process } of this.#running.values()) {
      const leader = process.alive ? worker.runner(shard)?.leader : undefined
      if (leader?.leading && leader.replica.seq === this.logs[shard]!.memory.last) return leader.replica
    }
    return undefined
  }

  /** Writes what every log begins with. */
  begin(): void {
    const principals = [{ number: 1, role: 'institution' as const, publicKey: new Uint8Array(32) }]
    const plan = { region: this.name, shardCount: this.scenario.shardCount, walletsMax, idsMax, principals }
    for (const [shard, log] of this.logs.entries()) {
      const fields = { kind: frameKinds.commands, epoch: 0, count: 1 + principals.length, incarnation: 1, counter: 1 }
      const body = genesisBody(plan, shard, this.#randomBytes(16))
      const frame = this.sealerFor(shard).seal({ ...fields, clockMs: this.scenario.startMs }, body)
      void log.memory.append(commandSubject(this.name, shard, { kind: 'op' }), frame)
    }
    for (const machine of this.machines) machine.up()
  }

  sealerFor = (shard: number): Sealer => {
    const sealer = this.#sealers.get(shard) ?? createSealer(this.ring, shard, { randomBytes: this.#randomBytes })
    this.#sealers.set(shard, sealer)
    return sealer
  }

  nextSerial(): number {
    return ++this.#serial
  }

  newIncarnation(process: SimProcess): number {
    return newIncarnation(process.clock.nowMs(), this.#randomBytes)
  }

  restartDelayMs(prng: Prng): number {
    return prng.between(restartMsMin, restartMsMax)
  }

  /** A log as a worker follows it; the auditor hears the state of its replica now and then. */
  watchedLog(process: SimProcess, shard: number, replicaOf: () => Replica | undefined): ShardLog {
    const log = this.logs[shard]!.of(process)
    const word = (seq: number): void => {
      const replica = replicaOf()
      if (replica?.seq !== seq || !process.alive || seq % digestEvery !== 0) return
      this.auditor.applied({ shard, seq, who: process.name, digest: replica.ledger.state.digestText() })
    }
    return {
      append: (subject, frame, options) => log.append(subject, frame, options),
      bounds: () => log.bounds(),
      follow: (fromSeq, onEntry) =>
        log.follow(fromSeq, (entry) => {
          const done = onEntry(entry)
          if (done instanceof Promise) return done.then(() => word(entry.seq))
          word(entry.seq)
        }),
    }
  }

  /** A worker that cannot go on ends itself, and is started anew. Only a log that was trimmed under it may be why. */
  onWorkerError(index: number, process: SimProcess, error: unknown): void {
    if (!process.alive) return
    const trimmed = error instanceof LogGap && this.logs.some(({ memory }) => error.expectedSeq < memory.first)
    if (trimmed) this.chronicle.tell('worker.logTrimmed', process.name)
    else this.chronicle.violation(`${process.name} stops: ${textOf(error)}`)
    this.workers[index]!.crash(restartMsMax)
  }

  /** How likely it is from now on that something goes wrong on the way. */
  setFaults(faults: Faults): void {
    this.bus.faults = faults.net
    for (const log of this.logs) log.faults = faults.log
    this.leases.faults = faults.lease
    this.snapshots.faults = faults.snapshot
    this.far.network.faults = faults.far
    this.clientFaults = faults.client
  }

  /** From now on nothing goes wrong any more: what has gone wrong must come right by itself. */
  calmDown(): void {
    this.calmed = true
    this.setFaults(calm)
    for (const machine of this.machines) {
      machine.process?.join()
      machine.process?.wake()
      if (machine.name.startsWith('edge') || !this.scenario.clocksStayWrong) machine.clock.offsetMs = 0
      machine.up()
    }
  }

  close(): void {
    for (const machine of this.machines) machine.process?.kill()
    this.far.books.close()
  }
}

export function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
