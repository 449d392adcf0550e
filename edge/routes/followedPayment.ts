import { type Refusal, refusalOf, refusalTable } from '../../actors/ledger/refusals.ts'
import type { PaymentOutcome } from '../gateway/paymentTracker.ts'
import { asRefused, notSent } from './commandDesk.ts'
import { Failure, positionOf, StillPending } from './failure.ts'
import { timeText } from './fields.ts'
import type { JournalPayment } from './journal.ts'
import type { Answered, Services } from './operation.ts'

/** What is told of a refund or capture besides its outcome. */
export type FollowedAnswer = {
  /** What was asked for, as every answer repeats it. */
  readonly asked: Readonly<Record<string, unknown>>
  /** Fields of the request that refusals speak of. */
  readonly fieldOf: Partial<Record<Refusal, string>>
  /** Where to ask while it is pending. */
  readonly instance: string
}

export const placeBody = (place: JournalPayment['executed']) => ({
  executed_at: timeText(place.timeMs),
  position: positionOf(place),
})

/** @throws Failure, StillPending */
export function followedAnswer({ asked, fieldOf, instance }: FollowedAnswer, outcome: PaymentOutcome): Answered {
  if (outcome.kind === 'not-sent') throw notSent(outcome.why)
  if (outcome.kind !== 'final') throw new StillPending(instance, { ...asked, status: 'pending' })
  const { refusal, executed } = outcome
  if (refusal === 'accepted') return { status: 200, body: { ...asked, status: 'completed', ...placeBody(executed) } }
  const field = fieldOf[refusal]
  const fields = field === undefined ? {} : { fields: [{ field, message: refusal }] }
  const { amount: _, ...named } = asked
  const place = refusalTable[refusal].remembered ? placeBody(executed) : {}
  throw new Failure(asRefused(refusal), { ...fields, members: { ...named, outcome: 'refused', ...place }, instance })
}

/**
 * The outcome as the journal kept it, where the ledger will not run the id any more.
 * @param payer wallet that the id belongs to
 */
export async function rememberedOutcome(
  { journal }: Services,
  payer: number,
  id: Uint8Array,
  digest: Uint8Array,
  outcome: PaymentOutcome,
): Promise<PaymentOutcome> {
  const over = outcome.kind === 'final' && (outcome.refusal === 'id-seen' || outcome.refusal === 'id-expired')
  if (!over) return outcome
  const found = await journal.payment(payer, id)
  if (found.kind === 'away') throw new Failure('journal-unavailable', { retryAfterS: 5 })
  if (found.kind === 'none') return outcome
  const { record } = found
  const { executed, complete, code } = record
  const same = Buffer.compare(record.digest, digest.subarray(0, record.digest.length)) === 0
  if (!same) return { kind: 'final', refusal: 'id-reused', executed }
  return complete ? { kind: 'final', refusal: refusalOf(code), executed } : { kind: 'pending', executed }
}
