import type { Scenario } from '../scenario.ts'
import { farFaults } from './farFaults.ts'
import { freezes } from './freezes.ts'
import { kills } from './kills.ts'
import { postgresOutage } from './postgresOutage.ts'
import { sagaSteps } from './sagaSteps.ts'

export const scenarios: readonly Scenario[] = [...kills, ...freezes, ...farFaults, ...sagaSteps, ...postgresOutage]
