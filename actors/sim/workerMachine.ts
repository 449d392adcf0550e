import type { Logger } from 'pino'
import type { HostPorts } from '../host/ports.ts'
import { Worker } from '../host/worker.ts'
import { createOpener } from '../log/sealing.ts'
import type { Region } from './region.ts'
import type { SimProcess } from './simProcess.ts'
import { watchedLog } from './watchedLog.ts'

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
    logger: hostLogger(region, process),
    timers: { after: ports.after, monotonicMs: () => time.nowMs },
    runnerFor: async (shard) => ({
      region: region.name,
      shard,
      workerId,
      incarnation,
      log: watchedLog(
        world,
        process,
        shard,
        region.logs[shard]!.of(process),
        () => worker.runner(shard)?.leader?.replica,
      ),
      opener: mistakes.opener(createOpener(world.ring, { shard }), shard, index),
      sealerFor: (to) => mistakes.hostSealer(world.sealerFor(to), to),
      snapshots: region.snapshots.of(process),
      snapshotEveryMs: scenario.faults.snapshot.everyMs,
      ports,
      logger: hostLogger(region, process),
    }),
  })
  process.onKill(() => chronicle.tell('worker.died', process.name))
  process.onStop(() => void worker.stop())
  worker.start()
  return worker
}

/** What a worker logs is told in the chronicle under the words it used. */
function hostLogger({ world }: Region, process: SimProcess): Logger {
  const tell = (detail: { shard?: number }, what: string): void => {
    if (!process.alive) return
    world.chronicle.tell(`host: ${what}`, `${process.name} ${detail.shard ?? ''}`)
  }
  return { info: tell, warn: tell, error: tell, fatal: tell } as unknown as Logger
}
