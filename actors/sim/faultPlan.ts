import type { Machine } from './machine.ts'
import type { Prng } from './prng.ts'
import type { Region } from './region.ts'

const minuteMs = 60_000
const drainMsMax = 2_000
const trimEveryMsMin = 100

/** Lets things go wrong at moments of its own until the region calms down: deaths, pauses, cuts, stalls, wrong clocks. */
export function planFaults(region: Region, prng: Prng): void {
  const { scenario, chronicle } = region
  const { worker, edge, connector, net, log, clock, archiver } = scenario.faults
  const recur = (name: string, perMinute: number, act: (random: Prng) => void): void => {
    recurring(region, prng.fork(name), perMinute, () => {
      chronicle.tell(`fault.${name.split('/')[0]}`, name)
      act(prng.fork(`${name} ${region.nextSerial()}`))
    })
  }
  const dies = (machine: Machine, rates: { crashesPerMinute: number; pausesPerMinute: number }): void => {
    recur(`crash/${machine.name}`, rates.crashesPerMinute, (random) => machine.crash(region.restartDelayMs(random)))
    const pauseMs = worker.pauseMs
    recur(`pause/${machine.name}`, rates.pausesPerMinute, () => machine.process?.pause(pauseMs))
  }
  for (const machine of region.workers) {
    dies(machine, worker)
    recur(`restart/${machine.name}`, worker.restartsPerMinute, (random) =>
      machine.restart(random.between(1, drainMsMax)),
    )
  }
  for (const machine of region.edgeMachines) dies(machine, edge)
  dies(region.connector, connector)
  for (const machine of region.machines) {
    recur(`cut/${machine.name}`, net.cutsPerMinute, () => machine.process?.cut(net.cutMs))
    recur(`clock/${machine.name}`, clock.stepsPerMinute, (random) => {
      machine.clock.offsetMs = random.between(-clock.stepMsMax, clock.stepMsMax)
    })
  }
  for (const [shard, one] of region.logs.entries()) {
    recur(`stall/${shard}`, log.stallsPerMinute, () => one.stall(log.stallMs))
    recur(`trim/${shard}`, archiver.trimsPerMinute, () => one.memory.trimTo(region.snapshots.trimmableTo(shard)))
  }
}

/** Does something again and again until the region calms down, at a rate. */
function recurring(region: Region, prng: Prng, perMinute: number, act: () => void): void {
  if (perMinute === 0) return
  const { time } = region
  const again = (): void => {
    if (region.calmed) return
    act()
    time.after(delayMs(), again)
  }
  const delayMs = (): number => Math.max(trimEveryMsMin, (prng.unit() * 2 * minuteMs) / perMinute)
  time.after(delayMs(), again)
}
