import { z } from '@hono/zod-openapi'
import { commandIdText } from '../../actors/ledger/ids.ts'
import { isAccountNumber, isMasked, tokenBytesMax } from './accounts.ts'
import { visibleWallet } from './caller.ts'
import { idIn, paymentIdIn, refusalFailure, runCommand } from './commandDesk.ts'
import { Failure, StillPending } from './failure.ts'
import { amountField, commandIdField, linkIdMax, walletIdField, yuanText } from './fields.ts'
import { chooseLink } from './linkedAccounts.ts'
import { type Answered, operation, type Services } from './operation.ts'
import { requestDigest } from './requestDigest.ts'
import { awaitSaga, findSaga, type SagaState, sagaBody, sagaSchema } from './sagas.ts'

const linkFields = {
  link_id: z.int().min(1).max(linkIdMax).optional().openapi({ description: 'Number of the linked account' }),
  account_no: z
    .string()
    .refine((text) => isAccountNumber(text) || isMasked(text), 'must be an account number, full or as it is shown')
    .optional()
    .openapi({ description: 'Or its number, full or as shown', example: '622588******1234' }),
}

const answer = sagaSchema('RechargeResponse')

/** Fields of the request that a refusal speaks of. */
const fieldOf = {
  'id-reused': 'tx_id',
  'id-expired': 'tx_id',
  'id-seen': 'tx_id',
  'id-early': 'tx_id',
  'amount-invalid': 'amount',
  'balance-limit-exceeded': 'amount',
  'funds-insufficient': 'amount',
  'linked-account-unknown': 'account_no',
  'linked-account-inactive': 'account_no',
  'linked-account-limit-exceeded': 'amount',
} as const

/** The answer to a saga that ended, or that is still under way. */
export function sagaAnswer(state: SagaState, walletId: string, id: Uint8Array, instance: string): Answered {
  const body = sagaBody(state, walletId, id)
  if (state.status === 'completed') return { status: 200, body }
  if (state.status === 'pending') throw new StillPending(instance, body)
  const { status, code: _code, ...members } = body
  throw refusalFailure(state.refusal, fieldOf, { ...members, outcome: status })
}

export const recharge = operation({
  name: 'recharge',
  method: 'post',
  path: '/v1/recharges',
  tag: 'recharges',
  summary: 'Recharge a wallet from a linked account',
  description:
    'The bank debits the linked account into the reserve, the central bank issues the same amount, the wallet is credited. ' +
    'The same tx_id never recharges twice. 202 when the bank has not answered yet: ask again with the same tx_id.',
  callers: ['wallet'],
  body: z
    .strictObject({
      tx_id: commandIdField,
      wallet_id: walletIdField,
      ...linkFields,
      amount: amountField,
      auth_token: z
        .string()
        .regex(/^[!-~]+$/, 'must be printable ASCII without spaces')
        .max(tokenBytesMax, `must have at most ${tokenBytesMax} bytes`)
        .openapi({
          description: "The bank's authorisation; sealed at once, shown to nobody but the bank",
          example: '8d3c0f5b',
        }),
    })
    .openapi('RechargeRequest'),
  messages: { request: 'RechargeRequest', answer: 'RechargeResponse' },
  answers: {
    200: { description: 'Completed, with the new balance', schema: answer },
    202: { description: 'Pending at the bank', schema: answer },
  },
  async run({ caller, origin, body }, services) {
    const { gateway, vault } = services
    const id = idIn(body.tx_id, 'tx_id')
    const { result } = await visibleWallet(gateway, caller, body.wallet_id, 'owner')
    const wallet = result.number
    const link = chooseLink(result.links, body.link_id, body.account_no, vault)
    const txId = commandIdText(id)
    const sealedToken = vault.sealToken(wallet, txId, body.auth_token)
    const instance = `/v1/recharges/${txId}`
    // The token is left out of the digest: a bank may give another one for the next try of the same recharge.
    const digest = requestDigest('rechargeRequest', { wallet, amount: body.amount, link })
    const fields = { wallet, amount: body.amount, link, tokenLength: sealedToken.length, sealedToken }
    const membersOf = refusedMembers(txId, body.wallet_id, body.amount)
    const pending = pendingBody(txId, body.wallet_id, body.amount)
    const told = { instance, fieldOf, membersOf, pending }
    const plan = { op: 'rechargeRequest', caller, origin, id, digest, fields, ...told } as const
    await runSaga(services, 'recharge', wallet, id, () => runCommand(gateway, gateway.shardOf(wallet), plan))
    const state = await sagaEnd(services, wallet, id, body.amount, instance, pending)
    return sagaAnswer(state, body.wallet_id, id, instance)
  },
})

/** A request that was refused before it began is answered in the same form as one that the bank refused. */
export function refusedMembers(tx_id: string, wallet_id: string, amountFen: number) {
  return () => {
    return { tx_id, wallet_id, outcome: 'refused', amount: yuanText(amountFen) }
  }
}

/** What is known of a saga while its shard has not been heard. */
export function pendingBody(tx_id: string, wallet_id: string, amountFen: number): Readonly<Record<string, unknown>> {
  return { tx_id, wallet_id, status: 'pending', code: 'PENDING', amount: yuanText(amountFen) }
}

/**
 * Begins a saga. A dated id that ran before, or one past its window, has its answer in the ledger's memory of sagas or in
 * the journal: the caller reads it there.
 */
export async function runSaga(
  services: Services,
  kind: SagaState['kind'],
  wallet: number,
  id: Uint8Array,
  begin: () => Promise<unknown>,
): Promise<void> {
  try {
    await begin()
  } catch (error) {
    const over = error instanceof Failure && (error.code === 'id-seen' || error.code === 'id-expired')
    if (!over) throw error
    const state = await findSaga(services, wallet, id)
    if (state === 'away') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    if (state === undefined || state.kind !== kind) throw error
  }
}

/** @throws StillPending when the shard cannot be asked: the saga has begun, and goes on by itself */
export async function sagaEnd(
  services: Services,
  wallet: number,
  id: Uint8Array,
  amountFen: number,
  instance: string,
  pending: Readonly<Record<string, unknown>>,
): Promise<SagaState> {
  let state: SagaState | undefined | 'away'
  try {
    state = (await awaitSaga(services, wallet, id)) ?? (await findSaga(services, wallet, id))
  } catch (error) {
    if ((error as Error).name !== 'ShardUnavailable') throw error
  }
  if (state === undefined || state === 'away') throw new StillPending(instance, pending)
  if (state.amountFen !== amountFen) {
    throw refusalFailure('id-reused', fieldOf, { tx_id: commandIdText(id) })
  }
  return state
}

export const sagaLinkFields = linkFields
export const sagaFieldOf = fieldOf

/** GET of a recharge or redemption by its id. */
export function showSaga(kind: SagaState['kind'], path: string, schema: z.ZodType, message: string) {
  return operation({
    name: kind === 'recharge' ? 'showRecharge' : 'showRedemption',
    method: 'get',
    path: `${path}/{tx_id}`,
    tag: path.slice(4),
    summary: `How a ${kind} stands`,
    callers: ['wallet', 'institution', 'operator'],
    params: z.object({ tx_id: commandIdField }),
    query: z.strictObject({
      wallet_id: walletIdField.optional().openapi({ description: "Needed unless the caller's own wallet is meant" }),
    }),
    messages: { answer: message },
    answers: { 200: { description: 'As it stands', schema } },
    async run({ caller, params, query }, services) {
      // What a payout rule redeems has an id that the ledger made.
      const id = paymentIdIn(params.tx_id, 'tx_id')
      const walletId = query.wallet_id ?? caller.wallet?.result.walletId
      if (walletId === undefined) {
        throw new Failure('field-missing', { fields: [{ field: 'wallet_id', message: 'is needed' }] })
      }
      const { result } = await visibleWallet(services.gateway, caller, walletId)
      const state = await findSaga(services, result.number, id)
      if (state === 'away') throw new Failure('journal-unavailable', { retryAfterS: 5 })
      if (state === undefined || state.kind !== kind) {
        throw new Failure('not-found', { fields: [{ field: 'tx_id', message: `no ${kind} has this id` }] })
      }
      return { status: 200, body: sagaBody(state, walletId, id) }
    },
  })
}

export const rechargeOperations = [recharge, showSaga('recharge', '/v1/recharges', answer, 'RechargeResponse')]
