import type { Logger } from 'pino'
import { Carriers } from '../host/carriers.ts'
import type { SharedRegion } from '../host/ownership/sharedShards.ts'
import type { HostPorts } from '../host/ports.ts'
import { SnapshotRoom } from '../host/snapshotRoom.ts'
import { Worker } from '../host/worker.ts'
import { encodeJson } from '../log/jsonBytes.ts'
import { ownerKey } from '../log/ownerRecord.ts'
import { createOpener, type Sealer } from '../log/sealing.ts'
import type { ShardLog } from '../log/shardLog.ts'
import { ownersSeen } from './ownersSeen.ts'
import type { Region } from './region.ts'
import type { SimProcess } from './simProcess.ts'
import { watchedLog } from './watchedLog.ts'

const probeMs = 20

/** Starts the real worker in a simulated process. */
export function startWorker(region: Region, process: SimProcess, index: number): Worker {
  const { world } = region
  const { scenario, bus, time, chronicle, mistakes } = world
  const { shardCount, workerCount } = scenario
  const workerId = `w${index + 1}`
  const prng = world.prng.fork(`worker ${region.name}${index} ${world.nextSerial()}`)
  const ports: HostPorts = {
    nowMs: () => process.clock.nowMs(),
    monotonicMs: () => time.nowMs,
    random: () => prng.unit(),
    after: (delayMs, work) => process.after(delayMs, work),
    publish: (subject, message) => bus.publish(process, subject, message),
    append: (_shard, subject, frame, timeoutMs) =>
      world.logOf(subject).of(process).append(subject, frame, { timeoutMs }),
    onError: (error) => region.onWorkerError(index, process, error),
  }
  const incarnation = world.newIncarnation(process)
  const logger = hostLogger(region, process)
  const owners = ownersSeen(region, process)
  const logOf = (shard: number, of: string): ShardLog => {
    const log = region.logOf(of, shard).of(process)
    return watchedLog(world, process, { shard, region: of }, log, () => worker.runner(shard)?.leader?.replica)
  }
  const sealerFor = (to: number): Sealer => mistakes.hostSealer(world.sealerFor(to), to)
  const carriers = new Carriers({ incarnation, owners, sealerFor, ports })
  const snapshotRoom = new SnapshotRoom()
  const worker: Worker = new Worker({
    region: region.name,
    workerId,
    shardCount,
    preferredShards: Array.from({ length: shardCount }, (_, n) => n).filter((n) => n % workerCount === index),
    connection: {
      subscribe: (subject, { callback }) => {
        const unsubscribe = bus.subscribe(process, subject, (data, respond) => callback(null, { data, respond }))
        return { unsubscribe }
      },
    },
    leases: region.leases.of(process),
    logger,
    ...(region.peer === undefined ? {} : { shared: sharedWith(region, process, region.peer, logOf, ports.publish) }),
    timers: { after: ports.after, monotonicMs: () => time.nowMs },
    runnerFor: async (shard) => ({
      region: region.name,
      shard,
      workerId,
      incarnation,
      log: logOf(shard, region.name),
      owners,
      opener: mistakes.opener(createOpener(world.ring, { shard }), shard, index, () => {
        return world.committed.epochHere(process, shard, worker.sharedRunner(shard)?.ownership.state.record)
      }),
      sealerFor,
      carriers,
      snapshots: region.snapshots.of(process),
      snapshotRoom,
      snapshotEveryMs: scenario.faults.snapshot.everyMs,
      ports,
      logger,
    }),
  })
  process.onKill(() => chronicle.tell('worker.died', process.name))
  process.onStop(() => void worker.stop())
  worker.start()
  return worker
}

/** What a worker needs of the other region and of the witness. */
function sharedWith(
  region: Region,
  process: SimProcess,
  peer: string,
  logOf: SharedRegion['logOf'],
  publish: SharedRegion['publish'],
): SharedRegion {
  const { world } = region
  const { time, links, scenario } = world
  const copies = region.owners.of(process)
  return {
    peer,
    witness: world.mistakes.witness(world.witness!.bucket.of(process)),
    peerAnswers: () =>
      process.promise((resolve) => {
        time.after(probeMs, () => resolve(links.probe(process, world.regionOf(peer))))
      }),
    autoTakeoverMs: scenario.autoTakeoverMs,
    logOf,
    copyRecord: async (shard, record) => void (await copies.put(ownerKey(shard), encodeJson(record))),
    publish,
    dropped: world.mistakes.dropped,
  }
}

/** What a worker logs is told in the chronicle under the words it used. */
function hostLogger({ world }: Region, process: SimProcess): Logger {
  const fatal = (detail: { shard?: number; what?: string; position?: number }, what: string): void => {
    tell(detail, what)
    if (!process.alive || detail.what === undefined) return
    world.chronicle.violation(`${process.name}: shard ${detail.shard} at ${detail.position}: ${what} (${detail.what})`)
  }
  const tell = (detail: { shard?: number }, what: string): void => {
    if (!process.alive) return
    world.chronicle.tell(`host: ${what}`, `${process.name} ${detail.shard ?? ''}`)
  }
  return { info: tell, warn: tell, error: tell, fatal } as unknown as Logger
}
