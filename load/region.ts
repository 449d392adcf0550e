export { type Region, type RegionFacts, startRegion, useRegion } from '../deploy/runningRegion.ts'
