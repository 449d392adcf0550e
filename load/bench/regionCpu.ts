import { cpuSecondsOf } from './processTree.ts'

export type CpuGroup = 'edge' | 'worker' | 'nats' | 'archiver' | 'projector' | 'webhooks' | 'postgres' | 'generator'
/** Processor seconds used so far, by what a region's processes do, and by this process, which makes the load. */
export type RegionCpu = Readonly<Record<CpuGroup, number>>

const groups: readonly [RegExp, CpuGroup][] = [
  [/^edge/, 'edge'],
  [/^worker/, 'worker'],
  [/^nats/, 'nats'],
  [/^archiver/, 'archiver'],
  [/^projector/, 'projector'],
  [/^webhooks/, 'webhooks'],
  [/^postgres/, 'postgres'],
]

/** @param pids of the region's processes, by name */
export function regionCpuOf(pids: Readonly<Record<string, number>>): RegionCpu {
  const { user, system } = process.cpuUsage()
  const generator = (user + system) / 1e6
  const seconds = { edge: 0, worker: 0, nats: 0, archiver: 0, projector: 0, webhooks: 0, postgres: 0, generator }
  for (const [name, pid] of Object.entries(pids)) {
    const group = groups.find(([pattern]) => pattern.test(name))?.[1]
    if (group !== undefined) seconds[group] += cpuSecondsOf(pid)
  }
  return seconds
}

/** Processor microseconds of each group for one of `count` operations between two readings. */
export function cpuPerOperationUs(before: RegionCpu, after: RegionCpu, count: number): RegionCpu {
  const per = (group: CpuGroup): number => Math.round(((after[group] - before[group]) * 1e6) / Math.max(1, count))
  return {
    edge: per('edge'),
    worker: per('worker'),
    nats: per('nats'),
    archiver: per('archiver'),
    projector: per('projector'),
    webhooks: per('webhooks'),
    postgres: per('postgres'),
    generator: per('generator'),
  }
}
