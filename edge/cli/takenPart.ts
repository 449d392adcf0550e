import { OutcomeUnknown } from '../client/requests.ts'
import type { Answer, Asked } from './command.ts'
import { exitCodes } from './exitCodes.ts'
import type { Reply } from './session.ts'
import { nameValueLines } from './textTable.ts'
import { askUntil } from './waiting.ts'

/** What moves a part of an order, a hold or a mandate: the part's own name and id, and what it is of. */
export type PartPlan = {
  readonly name: 'refund' | 'capture' | 'collection'
  readonly id: string
  readonly of: readonly [label: string, member: string]
  readonly waitMs: number
  send(): Promise<Reply>
}

/**
 * Sends a payment of this kind until it has ended, always under the same id, and says how it stands.
 * @throws OutcomeUnknown that names the option by which it is asked for again
 */
export async function sendPart(plan: PartPlan, tell: Asked<object>['tell']): Promise<Answer> {
  const { name, id, of, waitMs, send } = plan
  tell(`${name} ${id}`)
  try {
    const { body } = await askUntil(await send(), (reply) => reply.body.status !== 'pending', send, waitMs)
    const text = nameValueLines([
      [name, body[`${name}_id`]],
      [of[0], body[of[1]]],
      ['status', body.status],
      ['amount', `${body.amount} yuan`],
      ['executed at', body.executed_at],
    ])
    return { body, text, exitCode: body.status === 'pending' ? exitCodes.unknown : exitCodes.ok }
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error
    throw new OutcomeUnknown(`${error.message}; ask again with --${name}-id ${id}`)
  }
}
