import type { Drill } from '../drill.ts'

const backWithinMs = 30_000

/** kill -9 of a worker; the supervisor starts it again, and meanwhile another takes its shards. */
export const workerKill: Drill = {
  name: 'worker-kill',
  title: 'kill -9 of a worker of each region in turn, leading or standing by',
  claim: 'Every shard serves its clients again within two seconds, and nothing that anyone was told is undone.',
  regions: 1,
  dangerous: true,
  recoveryMsMax: 2_000,
  async run(field) {
    const { site, timeline } = field
    for (const region of site.regions) {
      const name = region.names('worker-')[0]!
      let oldPid = 0
      timeline.beginEpisode()
      const healed = await field.strike(
        `kill -9 of ${name} in region ${region.letter}`,
        async () => {
          oldPid = await region.kill(name)
        },
        () => region.back(name, oldPid),
      )
      await field.served(backWithinMs)
      await healed()
      await field.sleep(field.quick ? 3_000 : 6_000)
    }
  },
}
