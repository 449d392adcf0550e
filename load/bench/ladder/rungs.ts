import { costsRung } from './costsRung.ts'
import { logRung } from './logRung.ts'
import { memoryRung } from './memoryRung.ts'
import { ordersRung } from './ordersRung.ts'
import { postgresRung } from './postgresRung.ts'
import { regionRung } from './regionRung.ts'
import { oneRegionRung, regionsRung } from './regionsRung.ts'
import type { Rung } from './rung.ts'
import { shardsRung } from './shardsRung.ts'
import { tigerBeetleRung } from './tigerBeetleRung.ts'

/** The ladder from the bottom up, and beside it the peers. A rung that is added here is in table, report and goals. */
const ladderRungs: readonly Rung[] = [
  memoryRung,
  logRung,
  shardsRung,
  regionRung,
  ordersRung,
  regionsRung,
  postgresRung,
  tigerBeetleRung,
  costsRung,
]

/** What `npm run bench` can climb, by name: the whole ladder, or a part of it alone. */
export const ladders: Readonly<Record<string, readonly Rung[]>> = {
  ladder: ladderRungs,
  region: [regionRung],
  orders: [ordersRung],
  postgres: [postgresRung],
  shards: [shardsRung],
  costs: [costsRung],
  regions: [oneRegionRung, regionsRung],
}
