import type { Machine } from './machine.ts'
import type { Prng } from './prng.ts'
import type { Region } from './region.ts'
import type { World } from './world.ts'

const minuteMs = 60_000
const drainMsMax = 2_000
const trimEveryMsMin = 100

type Recur = (name: string, perMinute: number, act: (random: Prng) => void) => void

/** Lets things go wrong at moments of its own until the world calms down: deaths, pauses, cuts, stalls, wrong clocks. */
export function planFaults(world: World, prng: Prng): void {
  const recur: Recur = (name, perMinute, act) => {
    recurring(world, prng.fork(name), perMinute, () => {
      world.chronicle.tell(`fault.${name.split('/')[0]}`, name)
      act(prng.fork(`${name} ${world.nextSerial()}`))
    })
  }
  for (const region of world.regions) planRegion(region, recur)
  if (world.witness !== undefined) planBetween(world, recur)
}

function planRegion(region: Region, recur: Recur): void {
  const { worker, edge, connector, net, log, clock, archiver } = region.world.scenario.faults
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
    recur(`stall/${region.name}${shard}`, log.stallsPerMinute, () => one.stall(log.stallMs))
    recur(`trim/${region.name}${shard}`, archiver.trimsPerMinute, () => region.trim(shard))
  }
}

/** What befalls two regions and the witness between them. */
function planBetween(world: World, recur: Recur): void {
  const { links, region, witness, operator, serverClock } = world.scenario.faults
  const [one, other] = world.regions as [Region, Region]
  recur('link', links.cutsPerMinute, (random) => {
    // Either the link alone is broken, or everything between the two sites.
    const wholly = random.chance(0.5)
    for (const [from, to] of [
      [one.name, other.name],
      [other.name, one.name],
    ] as const) {
      world.links.cut(from, to, links.cutMs)
      if (wholly) world.links.cutProbe(from, to, links.cutMs)
    }
  })
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    recur(`linkOneWay/${from.name}`, links.oneWayCutsPerMinute, () => {
      world.links.cut(from.name, to.name, links.cutMs)
    })
    recur(`regionLoss/${from.name}`, region.lossesPerMinute, () => from.lose(region.awayMs))
    recur(`serverRestart/${from.name}`, region.serverRestartsPerMinute, () => from.restartServer(region.awayMs / 2))
    recur(`serverClock/${from.name}`, serverClock.stepsPerMinute, (random) => {
      from.clock.offsetMs = random.between(-serverClock.stepMsMax, serverClock.stepMsMax)
    })
    recur(`witnessCut/${from.name}`, witness.cutsPerMinute, () => {
      world.links.cut(from.name, 'w', witness.awayMs)
      world.links.cut('w', from.name, witness.awayMs)
    })
  }
  recur('move', operator.movesPerMinute, (random) => world.operator.move(random))
  recur('takeover', operator.takeoversPerMinute, (random) => world.operator.takeOver(random))
  recur('witnessDown', witness.downsPerMinute, () => world.witness!.bucket.site.takeDown(witness.awayMs))
}

/** Does something again and again until the world calms down, at a rate. */
function recurring(world: World, prng: Prng, perMinute: number, act: () => void): void {
  if (perMinute === 0) return
  const { time } = world
  const again = (): void => {
    if (world.calmed) return
    act()
    time.after(delayMs(), again)
  }
  const delayMs = (): number => Math.max(trimEveryMsMin, (prng.unit() * 2 * minuteMs) / perMinute)
  time.after(delayMs(), again)
}
