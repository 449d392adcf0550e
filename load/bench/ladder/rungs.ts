import { logRung } from './logRung.ts'
import { memoryRung } from './memoryRung.ts'
import { postgresRung } from './postgresRung.ts'
import { regionRung } from './regionRung.ts'
import type { Rung } from './rung.ts'
import { tigerBeetleRung } from './tigerBeetleRung.ts'

/** The ladder from the bottom up, and beside it the peers. A rung that is added here is in table, report and goals. */
export const ladderRungs: readonly Rung[] = [memoryRung, logRung, regionRung, postgresRung, tigerBeetleRung]
