import { genesisBody } from '../host/genesis.ts'
import type { Worker } from '../host/worker.ts'
import { frameKinds } from '../ledger/records.ts'
import { ownerKey, positionOf } from '../log/ownerRecord.ts'
import type { Replica } from '../log/replica.ts'
import { LogGap } from '../log/shardLog.ts'
import { commandSubject } from '../log/subjects.ts'
import { startConnector } from './connectorMachine.ts'
import { type Edge, startEdge } from './edgeMachine.ts'
import { textOf } from './errorText.ts'
import { Machine } from './machine.ts'
import type { Prng } from './prng.ts'
import { SimBucket } from './simBucket.ts'
import { SimLog } from './simLog.ts'
import { SimClock, type SimProcess } from './simProcess.ts'
import { SimSnapshots } from './simSnapshots.ts'
import { Site } from './site.ts'
import { calm, type Faults } from './swarm.ts'
import { startWorker } from './workerMachine.ts'
import type { World } from './world.ts'

const restartMsMin = 100
const restartMsMax = 3_000
const walletsMax = 16
const idsMax = 1_024

/** A region: its server with logs and stores, and the machines that run the real programs. */
export class Region {
  readonly name: string
  readonly world: World
  /** Which of the world's regions it is, from 0; edges and connectors are numbered by it. */
  readonly index: number
  /** The other region's letter, where there is one. */
  readonly peer: string | undefined
  readonly site: Site
  /** Of its server, which stamps what it stores. */
  readonly clock: SimClock
  readonly logs: readonly SimLog[]
  /** Copies of the other region's logs. */
  readonly mirrored: readonly SimLog[]
  readonly leases: SimBucket
  /** Its copy of the owners' records. */
  readonly owners: SimBucket
  readonly snapshots: SimSnapshots
  readonly workers: readonly Machine[]
  readonly edgeMachines: readonly Machine[]
  readonly connector: Machine
  readonly #running = new Map<number, { worker: Worker; process: SimProcess }>()
  readonly #edges = new Map<number, Edge>()

  constructor(world: World, name: string, faults: Faults) {
    const { scenario, time, chronicle, prng, links, blobs } = world
    this.world = world
    this.name = name
    this.index = scenario.regions.indexOf(name)
    this.peer = scenario.regions.find((other) => other !== name)
    this.site = new Site(name, time)
    this.clock = new SimClock(time, scenario.startMs)
    this.logs = this.#openLogs(name, faults)
    this.mirrored = this.peer === undefined ? [] : this.#openLogs(`${this.peer} in ${name}`, faults)
    const bucket = { time, chronicle, links, site: this.site }
    const leases = { name: 'lease', faults: { fail: faults.lease.fail, late: 0 }, prng: prng.fork(`leases ${name}`) }
    this.leases = new SimBucket({ ...bucket, ...leases })
    this.owners = new SimBucket({ ...bucket, ...leases, name: 'owners', prng: prng.fork(`owners ${name}`) })
    this.snapshots = new SimSnapshots(faults.snapshot, time, prng.fork(`snapshots ${name}`), chronicle, blobs)
    this.workers = this.#machines('worker', scenario.workerCount, (process, n) => {
      this.#running.set(n, { worker: startWorker(this, process, n), process })
    })
    this.edgeMachines = this.#machines('edge', scenario.edgeCount, (process, n) => {
      this.#edges.set(n, startEdge(this, process, n))
    })
    this.connector = this.#machines('connector', 1, (process) => startConnector(this, process))[0]!
  }

  #openLogs(name: string, faults: Faults): SimLog[] {
    const { time, prng, chronicle, links, scenario } = this.world
    return Array.from({ length: scenario.shardCount }, (_, shard) => {
      const all = { shard, time, chronicle, links, clock: this.clock, site: this.site, faults: faults.log }
      return new SimLog({ ...all, prng: prng.fork(`log ${name}/${shard}`) })
    })
  }

  #machines(kind: string, count: number, start: (process: SimProcess, index: number) => void): Machine[] {
    const { time, chronicle, scenario } = this.world
    return Array.from({ length: count }, (_, index) => {
      const name = `${kind} ${this.name}${index}`
      const begin = (process: SimProcess): void => start(process, index)
      return new Machine({ name, time, startMs: scenario.startMs, chronicle, site: this.site, start: begin })
    })
  }

  get machines(): Machine[] {
    return [...this.workers, ...this.edgeMachines, this.connector]
  }

  /** Edges that run now. */
  get edges(): Edge[] {
    return [...this.#edges.values()].filter(({ process }) => process.alive)
  }

  /** Workers that run now. */
  get running(): { worker: Worker; process: SimProcess }[] {
    return [...this.#running.values()].filter(({ process }) => process.alive)
  }

  /** Replicas of a shard that stand where its log ends; `leading` says which answers and sends. */
  replicasOf(shard: number): { who: string; leading: boolean; replica: Replica }[] {
    const end = this.world.endOf(shard)
    return this.running.flatMap(({ worker, process }) => {
      const leader = worker.runner(shard)?.leader
      if (leader === undefined || !leader.replica.started || leader.replica.seq !== end) return []
      return [{ who: process.name, leading: leader.leading, replica: leader.replica }]
    })
  }

  /** Its own log of a shard, or its copy of the other region's. */
  logOf(region: string, shard: number): SimLog {
    return (region === this.name ? this.logs : this.mirrored)[shard]!
  }

  /** Writes what the logs of its shards begin with. */
  begin(randomBytes: (length: number) => Uint8Array): void {
    const { scenario, sealerFor, witness } = this.world
    const principals = (['institution', 'operator', 'operator'] as const).map((role, n) => {
      return { number: Math.max(1, n), role, publicKey: new Uint8Array(32) }
    })
    const { shardCount } = scenario
    const plan = { region: this.name, shardCount, walletsMax, idsMax, principals, secondPerson: true }
    for (const [shard, log] of this.logs.entries()) {
      if (witness !== undefined) this.owners.put(ownerKey(shard), witness.valueOf(shard))
      if (scenario.regions[shard % scenario.regions.length] !== this.name) continue
      const fields = { kind: frameKinds.commands, epoch: 0, count: 2 + principals.length, incarnation: 1, counter: 1 }
      const body = genesisBody(plan, shard, randomBytes(16))
      const frame = sealerFor(shard).seal({ ...fields, clockMs: scenario.startMs }, body)
      void log.memory.append(commandSubject(this.name, shard, { kind: 'op' }), frame)
    }
  }

  restartDelayMs(prng: Prng): number {
    return prng.between(restartMsMin, restartMsMax)
  }

  /** A worker that cannot go on ends itself, and is started anew. Only a log that was trimmed under it may be why. */
  onWorkerError(index: number, process: SimProcess, error: unknown): void {
    if (!process.alive) return
    const { chronicle } = this.world
    const trimmed =
      error instanceof LogGap && [...this.logs, ...this.mirrored].some(({ memory }) => error.expectedSeq < memory.first)
    if (trimmed) chronicle.tell('worker.logTrimmed', process.name)
    else chronicle.violation(`${process.name} stops: ${textOf(error)}`)
    this.workers[index]!.crash(restartMsMax)
  }

  setFaults(faults: Faults): void {
    for (const log of [...this.logs, ...this.mirrored]) log.faults = faults.log
    this.leases.faults = { fail: faults.lease.fail, late: 0 }
    this.owners.faults = this.leases.faults
    this.snapshots.faults = faults.snapshot
  }

  /** Drops of its log of a shard what neither region needs to begin anew. */
  trim(shard: number): void {
    const { regions } = this.world
    const kept = Math.min(...regions.map(({ snapshots }) => snapshots.trimmableTo(shard)))
    const { segments } = this.world.recordOf(shard)
    const own = segments.findLast(({ region, epoch, first }) => {
      return region === this.name && positionOf(segments, epoch, first) <= kept
    })
    if (own === undefined) return
    const seq = own.first + kept - positionOf(segments, own.epoch, own.first)
    this.logs[shard]!.memory.trimTo(Math.min(seq, own.last ?? seq))
  }

  /** All of it is gone for a while: its server, and every machine. What was synced comes back with it. */
  lose(forMs: number): void {
    for (const log of [...this.logs, ...this.mirrored]) log.crash()
    for (const machine of this.machines) machine.lose()
    this.site.takeDown(forMs)
    this.world.time.after(forMs, () => this.find())
  }

  find(): void {
    if (this.site.down) return
    for (const machine of this.machines) machine.find()
  }

  /** Its server alone dies and is started again; the machines go on without it. */
  restartServer(forMs: number): void {
    for (const log of [...this.logs, ...this.mirrored]) log.crash()
    this.site.takeDown(forMs)
  }

  calmDown(): void {
    const { scenario } = this.world
    this.setFaults(calm)
    this.site.bringUp()
    this.clock.offsetMs = 0
    for (const machine of this.machines) {
      machine.process?.join()
      machine.process?.wake()
      if (machine.name.startsWith('edge') || !scenario.clocksStayWrong) machine.clock.offsetMs = 0
      machine.find()
    }
  }
}
