import { commandIdText, idClass, idClasses, parseCommandId, parsePaymentId } from '../../actors/ledger/ids.ts'
import type { CommandOp } from '../../actors/ledger/records.ts'
import { type Refusal, refusalOf } from '../../actors/ledger/refusals.ts'
import type { CommandRequest, Gateway } from '../gateway/gateway.ts'
import type { Executed, NotSent, Submitted } from '../gateway/submission.ts'
import { actorOf, type Caller, signerOf } from './caller.ts'
import { badField, Failure, positionOf, StillPending } from './failure.ts'
import type { Origin } from './origin.ts'

/** A command that the ledger took. `saga`: it has begun and ends at the bank. */
export type Taken = { readonly value: number; readonly saga: boolean; readonly executed: Executed }

export type CommandPlan<K extends CommandOp> = {
  readonly op: K
  readonly caller: Caller
  /** Whose the command's id is, when not the caller's. */
  readonly actor?: number
  readonly origin: Origin
  readonly id: Uint8Array
  readonly digest: Uint8Array
  readonly fields: Omit<CommandRequest<K>['fields'], 'id' | 'actor' | 'signer' | 'keyVersion' | 'principal'>
  /** What follows a record that says how long it is. */
  readonly text?: Uint8Array
  /** Where to ask when the outcome is not known in time. */
  readonly instance: string
  /** The request's fields that refusals speak of. */
  readonly fieldOf?: Partial<Record<Refusal, string>>
  /** What the problem of a refusal says besides its position in the log. */
  readonly membersOf?: () => Readonly<Record<string, unknown>>
  /** What is answered while the outcome is not known, when it is not the plain word about a command. */
  readonly pending?: Readonly<Record<string, unknown>>
}

const retryAfterS: Readonly<Record<NotSent, number>> = {
  disconnected: 2,
  'no-leader': 2,
  'log-full': 30,
  'too-many': 1,
  draining: 2,
  'frame-refused': 5,
}

/** The problem of a request that surely did nothing. */
export function notSent(why: NotSent): Failure {
  const code = why === 'too-many' ? 'overloaded' : 'unavailable'
  return new Failure(code, {
    retryAfterS: retryAfterS[why],
    detail: `Nothing was done (${why}); try again under the same id.`,
  })
}

/** A command as its caller signed it. */
export function requestOf<K extends CommandOp>(plan: Omit<CommandPlan<K>, 'instance'>): CommandRequest<K> {
  const { op, caller, origin, id, digest, fields, text, actor = actorOf(caller) } = plan
  const evidence = { digest, ...caller.signature, ...origin }
  const head = { id, actor, ...signerOf(caller) }
  const all = { ...head, ...fields } as unknown as CommandRequest<K>['fields']
  return { op, evidence, fields: all, ...(text === undefined ? {} : { text }) }
}

/**
 * Sends a command to one shard.
 * @throws Failure when it was refused or surely did nothing; StillPending when nobody knows yet
 */
export async function runCommand<K extends CommandOp>(
  gateway: Gateway,
  shard: number,
  plan: CommandPlan<K>,
): Promise<Taken> {
  return takenOf(await gateway.command(shard, requestOf(plan)), plan)
}

/** Sends a command to every shard; it is taken once all of them took it. @throws as `runCommand` */
export async function runCommandEverywhere<K extends CommandOp>(
  gateway: Gateway,
  plan: CommandPlan<K>,
): Promise<Taken[]> {
  const submitted = await gateway.commandEverywhere(requestOf(plan))
  // What is unknown in one shard outweighs what is refused in another: the same id brings both to the same end.
  const open = submitted.find((one) => one.kind === 'unknown')
  if (open !== undefined) takenOf(open, plan)
  const sent = submitted.some((one) => one.kind === 'answered' && one.code === 0)
  const missing = submitted.find((one) => one.kind === 'not-sent')
  if (missing !== undefined && sent) takenOf({ kind: 'unknown' }, plan)
  return submitted.map((one) => takenOf(one, plan))
}

function takenOf<K extends CommandOp>(submitted: Submitted, plan: CommandPlan<K>): Taken {
  if (submitted.kind === 'not-sent') throw notSent(submitted.why)
  const id = commandIdText(plan.id)
  if (submitted.kind === 'unknown') {
    if (plan.pending !== undefined) throw new StillPending(plan.instance, plan.pending)
    throw new StillPending(plan.instance, { request_id: id, status: 'pending' }, 'Pending')
  }
  const { code, executed, value, destination } = submitted
  if (code === 0) return { value, saga: destination === 255, executed }
  const refusal = refusalOf(code)
  const members = plan.membersOf?.() ?? { request_id: id }
  throw refusalFailure(refusal, plan.fieldOf, { ...members, position: positionOf(executed) })
}

/** Every outcome but the one that is no refusal. */
export type Refused = Exclude<Refusal, 'accepted'>

/** @throws Error when it is none: a broken promise of the caller, never a request's fault */
export function asRefused(refusal: Refusal): Refused {
  if (refusal === 'accepted') throw new Error('what was accepted is no refusal')
  return refusal
}

/** The problem of a refusal, naming the request's field that it speaks of where there is one. */
export function refusalFailure(
  refusal: Refusal,
  fieldOf: Partial<Record<Refusal, string>> | undefined,
  members: Readonly<Record<string, unknown>>,
): Failure {
  const field = fieldOf?.[refusal] ?? idFields[refusal]
  const fields = field === undefined ? {} : { fields: [{ field, message: refusal }] }
  return new Failure(asRefused(refusal), { ...fields, members })
}

const idFields: Partial<Record<Refusal, string>> = {
  'id-reused': 'request_id',
  'id-malformed': 'request_id',
  'id-early': 'request_id',
  'id-expired': 'request_id',
  'id-seen': 'request_id',
}

/**
 * The id of a command: the Idempotency-Key header, or `request_id` in the body; both may be given if they agree.
 * @throws Failure that names what is missing or wrong
 */
export function commandIdOf(header: string | undefined, inBody: string | undefined): Uint8Array {
  // The header is a structured-field string (draft-ietf-httpapi-idempotency-key-header); a bare id is taken too.
  const key = header?.startsWith('"') && header.endsWith('"') && header.length > 1 ? header.slice(1, -1) : header
  if (key !== undefined && inBody !== undefined && key !== inBody) {
    throw badField('Idempotency-Key', 'is another id than request_id in the body')
  }
  const text = key ?? inBody
  if (text === undefined) {
    const message = 'is needed: a UUIDv7 or an id such as P20231001001, the same on every try'
    throw new Failure('field-missing', { fields: [{ field: 'Idempotency-Key', message }] })
  }
  return idIn(text, key === undefined ? 'request_id' : 'Idempotency-Key')
}

export function idIn(text: string, field: string): Uint8Array {
  return idOr(parseCommandId(text), field)
}

/** The id of a payment that its payee names. */
export function uuidIn(text: string, field: string): Uint8Array {
  const id = parseCommandId(text)
  if (id === undefined || idClass(id, 0) !== idClasses.uuid) throw badField(field, 'must be a UUIDv7 in lower case')
  return id
}

/** The id of a payment that somebody looks for: also one that a batch or the ledger gave it. */
export function paymentIdIn(text: string, field: string): Uint8Array {
  return idOr(parsePaymentId(text), field)
}

function idOr(id: Uint8Array | undefined, field: string): Uint8Array {
  if (id === undefined)
    throw badField(field, 'must be a UUIDv7 in lower case, or a capital letter, a date and 1 to 15 digits')
  return id
}
