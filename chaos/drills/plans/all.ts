import type { Drill } from '../drill.ts'
import { acceptLoss } from './acceptLoss.ts'
import { clockJump } from './clockJump.ts'
import { diskLoss } from './diskLoss.ts'
import { failback } from './failback.ts'
import { frozenMarker } from './frozenMarker.ts'
import { linkBlackhole, linkCut } from './linkFaults.ts'
import { oldOwnerReturns } from './oldOwner.ts'
import { plannedMove } from './plannedMove.ts'
import { regionLoss, regionLossAlone } from './regionLoss.ts'
import { serverRestart } from './serverRestart.ts'
import { peerAndWitnessLoss, witnessLoss } from './witnessFaults.ts'
import { workerKill } from './workerKill.ts'

/** In the order in which all of them are run: what ends nothing comes first. */
export const drills: readonly Drill[] = [
  plannedMove,
  workerKill,
  regionLoss,
  regionLossAlone,
  linkCut,
  linkBlackhole,
  serverRestart,
  oldOwnerReturns,
  frozenMarker,
  failback,
  witnessLoss,
  peerAndWitnessLoss,
  acceptLoss,
  diskLoss,
  clockJump,
]
