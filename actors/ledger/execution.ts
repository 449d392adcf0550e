import type { RecordOf } from './layout.ts'
import type { Outcomes } from './outcomes.ts'
import type { CommandLayouts, CommandOp } from './records.ts'
import type { Refusal } from './refusals.ts'
import type { State } from './state.ts'

/**
 * What executing a command came to. `saga` says that the outcome is not final: it lies with the bank. `destination` is
 * the shard + 1 that a payment is on its way to.
 */
export type Executed = { refusal: Refusal; value?: number; saga?: boolean; destination?: number }
export type Command<K extends CommandOp> = RecordOf<CommandLayouts[K]['fields']>
/** Where in the log a command stands, and the number of who sent it. */
export type Position = { seq: number; index: number; sender: number }
export type Execute<K extends CommandOp> = (s: State, command: Command<K>, out: Outcomes, at: Position) => Executed

export const accepted: Executed = { refusal: 'accepted' }
export const refuse = (refusal: Refusal): Executed => ({ refusal })
