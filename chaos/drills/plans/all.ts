import type { Drill } from '../drill.ts'
import { workerKill } from './workerKill.ts'

/** In the order in which all of them are run: what ends nothing comes first. */
export const drills: readonly Drill[] = [workerKill]
