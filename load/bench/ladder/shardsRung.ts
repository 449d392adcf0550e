import { systemVersions } from '../systemVersions.ts'
import type { LadderRow } from './ladderRow.ts'
import { benchLog } from './logRung.ts'
import type { Rung } from './rung.ts'

const shape = 'l1.b1024.c4'
const shardCounts = [1, 2, 4] as const
const workersMax = 2

/** The same load over 1, 2 and 4 shards: what the sizing model must be able to predict. */
export const shardsRung: Rung = {
  name: 'shards',
  slow: true,
  async run(options, say) {
    const rows: LadderRow[] = []
    for (const shards of shardCounts) {
      const workers = Math.min(shards, workersMax)
      const found = await benchLog({ ...options, only: [shape], shards, workers }, say)
      for (const row of found.rows) {
        const what = `${row.what}, ${shards} shard${shards === 1 ? '' : 's'}`
        rows.push({ ...row, name: `l1.shards${shards}.b1024`, what })
      }
    }
    const notes = ['shards: the same load on regions of 1, 2 and 4 shards, at most two workers']
    return { rows, notes, versions: await systemVersions(options.runtime) }
  },
}
