import { deadlineKinds } from './deadlines.ts'
import { disputeDue } from './disputes.ts'
import { holdDue } from './holds.ts'
import { mandateDue } from './mandateSchedules.ts'
import { LawBroken } from './money.ts'
import { orderDue } from './orders.ts'
import type { Outcomes } from './outcomes.ts'
import { payoutDue } from './payouts.ts'
import { recoveryDue } from './recoveries.ts'
import type { State } from './state.ts'

/** Of one frame: what fell due while nobody asked for anything must not make one frame slow. */
export const duePerFrameMax = 256

/** Carries out what has fallen due. What it does not come to is due to whoever accesses it all the same. */
export function carryOutDue(s: State, out: Outcomes): void {
  for (let n = 0; n < duePerFrameMax && s.deadlines.nextMs <= s.logTimeMs; n++) {
    const { kind, number } = s.deadlines.take()
    if (kind === deadlineKinds.order) orderDue(s, number, out)
    else if (kind === deadlineKinds.hold) holdDue(s, number, out)
    else if (kind === deadlineKinds.mandate) mandateDue(s, number, out)
    else if (kind === deadlineKinds.recovery) recoveryDue(s, number, out)
    else if (kind === deadlineKinds.payout) payoutDue(s, number, out)
    else if (kind === deadlineKinds.dispute) disputeDue(s, number, out)
    else throw new LawBroken(`a deadline of kind ${kind} fell due`)
  }
}
