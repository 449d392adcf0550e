import { keepUntilTold } from './boundProgram.ts'
import { type CoreRegionOptions, keepCoreRegion } from './coreRegion.ts'

/** Keeps a core region for the bench. */
await keepUntilTold<CoreRegionOptions>(keepCoreRegion)
