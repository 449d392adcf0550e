import { type Blobs, createBlobs } from '../log/blobs.ts'
import { newIncarnation } from '../log/incarnation.ts'
import { type KeyRing, regionPurposes } from '../log/keyRing.ts'
import { memoryKeyRing } from '../log/memoryKeyRing.ts'
import { firstOwnerRecord, type OwnerRecord, positionOf } from '../log/ownerRecord.ts'
import { createSealer, type Sealer } from '../log/sealing.ts'
import type { LogEntry } from '../log/shardLog.ts'
import { parseSubject } from '../log/subjects.ts'
import { Auditor } from './auditor/auditor.ts'
import { Bus } from './bus.ts'
import type { Chronicle } from './chronicle.ts'
import { CommittedLogs } from './committedLogs.ts'
import type { ShownCase } from './disputer.ts'
import type { Edge } from './edgeMachine.ts'
import { textOf } from './errorText.ts'
import { FarBooks } from './farBooks.ts'
import { FarNetwork } from './farNetwork.ts'
import type { FarSides } from './farPorts.ts'
import type { ShownHold } from './holder.ts'
import type { Machine } from './machine.ts'
import type { ShownMandate } from './mandater.ts'
import type { Mistakes } from './mistakes.ts'
import { Operator } from './operator.ts'
import type { Prng } from './prng.ts'
import { Region } from './region.ts'
import type { ShownOrder } from './shopper.ts'
import type { SimLog } from './simLog.ts'
import { SimMirror } from './simMirror.ts'
import { SimClock, SimProcess } from './simProcess.ts'
import { Links } from './site.ts'
import { calm, type Faults, type Scenario } from './swarm.ts'
import type { VirtualTime } from './virtualTime.ts'
import { SimWitness } from './witness.ts'

export type WorldOptions = {
  scenario: Scenario
  time: VirtualTime
  chronicle: Chronicle
  prng: Prng
  mistakes: Mistakes
}

/** All of one run in one thread: a region or two with what lies between them, the far sides, and who judges it. */
export class World {
  readonly scenario: Scenario
  readonly time: VirtualTime
  readonly chronicle: Chronicle
  readonly prng: Prng
  readonly mistakes: Mistakes
  readonly auditor: Auditor
  readonly committed: CommittedLogs
  readonly links: Links
  readonly bus: Bus
  readonly ring: KeyRing
  readonly blobs: Blobs
  readonly far: FarSides
  /** Orders that merchants show to everybody. */
  readonly board: ShownOrder[] = []
  /** Money that is held, as payers told their payees. */
  readonly holds: ShownHold[] = []
  /** What payers ask their payees to give back. */
  readonly cases: ShownCase[] = []
  /** What people are allowed to be paid, as payers told their payees. */
  readonly mandates: ShownMandate[] = []
  readonly regions: readonly Region[]
  /** Only where there are two regions. */
  readonly witness: SimWitness | undefined
  readonly mirrors: readonly SimMirror[]
  readonly operator: Operator
  clientFaults: Faults['client']
  /** Clients and the far sides: programs that never die, on a clock that is right. */
  readonly outside: SimProcess
  readonly #sealers = new Map<number, Sealer>()
  readonly #randomBytes: (length: number) => Uint8Array
  /** True once nothing goes wrong any more, and people begin nothing new. */
  calmed = false
  #serial = 0

  constructor(options: WorldOptions) {
    const { scenario, time, chronicle, prng, mistakes } = options
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
    const clock = new SimClock(time, scenario.startMs)
    this.outside = new SimProcess('outside', time, clock, (error) => chronicle.violation(`outside: ${textOf(error)}`))
    this.links = new Links(time, prng.fork('links'))
    this.bus = new Bus(faults.net, time, prng.fork('bus'), chronicle, this.links)
    const random = { randomBytes: this.#randomBytes }
    this.ring = memoryKeyRing(regionPurposes(scenario.shardCount), { nowMs: () => clock.nowMs(), ...random })
    this.blobs = createBlobs(this.ring, random)
    this.far = this.#farSides(faults.far)
    this.committed = new CommittedLogs(this)
    time.afterEach = () => this.committed.look()
    this.witness = scenario.regions.length > 1 ? new SimWitness(this, faults) : undefined
    this.regions = scenario.regions.map((name) => new Region(this, name, faults))
    this.mirrors = this.#mirrors()
    this.operator = new Operator(this)
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

  #mirrors(): SimMirror[] {
    const { time, links, chronicle } = this
    return this.regions.flatMap((region) =>
      region.mirrored.map((copy, shard) => {
        const origin = this.regionOf(region.peer!).logs[shard]!
        const prng = this.prng.fork(`mirror ${region.name}/${shard}`)
        return new SimMirror({ origin, copy, time, links, prng, chronicle })
      }),
    )
  }

  regionOf(name: string): Region {
    return this.regions.find((region) => region.name === name)!
  }

  /** The log that collects a subject, wherever it is. */
  logOf(subject: string): SimLog {
    const parsed = parseSubject(subject)
    if (parsed?.kind !== 'command') throw new Error(`no log collects ${subject}`)
    return this.regionOf(parsed.region).logs[parsed.shard]!
  }

  /** Who owns a shard, as it is written at the witness; in one region that is no question. */
  recordOf(shard: number): OwnerRecord {
    return this.witness?.recordOf(shard) ?? firstOwnerRecord(this.regions[0]!.name, 'alone')
  }

  /** Position at which a shard's logical log ends now. */
  endOf(shard: number): number {
    const { segments, owner, epoch } = this.recordOf(shard)
    const { last } = this.regionOf(owner).logs[shard]!.memory
    return positionOf(segments, epoch, Math.max(last, segments.at(-1)!.first - 1))
  }

  /** A shard's logical log as it is now, by position - 1; undefined where it was trimmed. */
  logNow(shard: number): (LogEntry | undefined)[] {
    return this.recordOf(shard).segments.flatMap(({ region, epoch, first, last }) => {
      const { memory } = this.regionOf(region).logs[shard]!
      const count = (last ?? memory.last) - first + 1
      return Array.from({ length: Math.max(0, count) }, (_, n) => {
        const entry = memory.entry(first + n)
        return entry === undefined ? undefined : { ...entry, epoch }
      })
    })
  }

  get machines(): Machine[] {
    return this.regions.flatMap(({ machines }) => machines)
  }

  /** Edges that run now. */
  get edges(): Edge[] {
    return this.regions.flatMap(({ edges }) => edges)
  }

  /** Writes what every log begins with, and starts every machine. */
  begin(): void {
    for (const region of this.regions) region.begin(this.#randomBytes)
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

  /** How likely it is from now on that something goes wrong on the way. */
  setFaults(faults: Faults): void {
    this.bus.faults = faults.net
    this.links.delayMs = faults.links.delayMs
    if (this.witness !== undefined) this.witness.bucket.faults = faults.witness
    this.far.network.faults = faults.far
    this.clientFaults = faults.client
    for (const region of this.regions) region.setFaults(faults)
  }

  /** From now on nothing goes wrong any more: what has gone wrong must come right by itself. */
  calmDown(): void {
    this.calmed = true
    this.setFaults(calm)
    this.links.heal()
    this.witness?.bucket.site.bringUp()
    for (const region of this.regions) region.calmDown()
  }

  /** All sleeps, people and programs, and wakes to a day on which things go wrong again. */
  passNight(forMs: number): void {
    this.chronicle.tell('night', String(forMs))
    this.time.skip(forMs)
    this.calmed = false
    this.setFaults(this.scenario.faults)
  }

  close(): void {
    for (const machine of this.machines) machine.process?.kill()
    this.far.books.close()
  }
}
