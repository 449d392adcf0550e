import { parseUserId, parseWalletId, userIdText } from '../../actors/ledger/ids.ts'
import type { MerchantRole, MerchantUserView } from '../../actors/ledger/merchantUserViews.ts'
import { signers } from '../../actors/ledger/records.ts'
import type { UserView, WalletView } from '../../actors/ledger/views.ts'
import type { Evidence } from '../../actors/log/evidence.ts'
import type { ConsoleRole } from '../console/roles.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Read, ReadFrom } from '../gateway/shardQueries.ts'
import { badField, Failure } from './failure.ts'

/** What a merchant's sub-user is; each of them is a caller of its own, so that no route is open to one by chance. */
export const subUserRoles = ['cashier', 'refunder', 'accountant'] as const satisfies readonly MerchantRole[]
export type Role = 'wallet' | 'institution' | 'operator' | MerchantRole

/** Who signed a request, and with what. */
export type Caller = {
  readonly role: Role
  /** Number of the wallet, institution or operator; of a sub-user that of its merchant's wallet. */
  readonly number: number
  /** A wallet's own state as it was read to check the signature. */
  readonly wallet?: Read<'wallet'> & { result: WalletView }
  /** Which sub-user of the wallet signed, when one did. */
  readonly user?: MerchantUserView
  readonly signature: Pick<Evidence, 'signature' | 'algorithm' | 'assertion'>
  /** There when a person asks in the console: an operator, or a viewer as whom nobody acts. */
  readonly console?: {
    readonly role: ConsoleRole
    /** Sets the session's cookie anew, with the answer. */
    readonly renewed: string
  }
}

/** Operators and institutions count from 1 each; their command ids must not meet in one space. */
const operatorActorBase = 100_000

/** Whether a caller acts in the name of a wallet, with its key or with a sub-user's. */
export function actsForWallet({ role }: Pick<Caller, 'role'>): boolean {
  return role !== 'institution' && role !== 'operator'
}

/** The number that a caller's command ids belong to. */
export function actorOf(caller: Caller): number {
  return caller.role === 'operator' ? operatorActorBase + caller.number : caller.number
}

/** The fields of a command's head that say who signed it. */
export function signerOf(caller: Caller): { signer: number; keyVersion: number; principal: number } {
  if (caller.role === 'wallet') {
    return { signer: signers.walletKey, keyVersion: caller.wallet!.result.keyVersion, principal: 0 }
  }
  if (caller.user !== undefined) {
    return { signer: signers.merchantUser, keyVersion: caller.user.version, principal: caller.user.number }
  }
  const signer = caller.role === 'operator' ? signers.operator : signers.institution
  return { signer, keyVersion: 0, principal: caller.number }
}

export function walletNumberIn(text: string, field: string): number {
  const parsed = parseWalletId(text)
  if (parsed === undefined) throw badField(field, 'must be a wallet id: W or M and a number')
  return parsed.number
}

export function userNumberIn(text: string, field: string): number {
  const number = parseUserId(text)
  if (number === undefined) throw badField(field, 'must be a user id: U and a number')
  return number
}

/**
 * A wallet that the caller may see. For everybody else there is no such wallet, whether there is one or not: a stranger
 * with a wallet key is told so without a look, an institution after the same look either way.
 */
export async function visibleWallet(
  gateway: Gateway,
  caller: Caller,
  walletId: string,
  from: ReadFrom = 'near',
): Promise<Read<'wallet'> & { result: WalletView }> {
  const field = 'wallet_id'
  const number = walletNumberIn(walletId, field)
  if (actsForWallet(caller)) {
    const own = caller.wallet!
    if (number !== caller.number || own.result.walletId !== walletId) throw noWallet(field)
    if (from === 'near' || own.asOf.ageMs === undefined) return own
    return caller.user === undefined ? ownFromOwner(gateway, own) : ownOfUser(gateway, number, caller.user)
  }
  const { asOf, result } = await gateway.ask(number, { type: 'wallet', number }, from)
  const hidden = caller.role === 'institution' && result?.institution !== caller.number
  if (result === null || hidden || result.walletId !== walletId) throw noWallet(field)
  return { asOf, result }
}

/**
 * The signer of what a wallet's key does in another wallet's shard, which cannot tell whether the key is the current one:
 * only the wallet's own shard can, and of it no copy that may be behind.
 * @throws Failure when it is not
 * @throws ShardUnavailable when the owner cannot be asked
 */
export async function signerElsewhere(gateway: Gateway, caller: Caller): Promise<{ signer?: number }> {
  if (caller.role !== 'wallet') return {}
  const own = caller.wallet!
  if (own.asOf.ageMs !== undefined) await ownFromOwner(gateway, own)
  return { signer: signers.payeeKey }
}

/** @throws Failure when the key that signed, good as far as this region knew, has been replaced. */
async function ownFromOwner(gateway: Gateway, near: Read<'wallet'> & { result: WalletView }) {
  const { number, keyVersion } = near.result
  const { asOf, result } = await gateway.ask(number, { type: 'wallet', number }, 'owner')
  if (result?.keyVersion === keyVersion) return { asOf, result }
  throw new Failure('not-signed', { fields: [{ field: 'Signature', message: 'the key that signed was replaced' }] })
}

/** @throws Failure when the sub-user that signed, there as far as this region knew, is not the same any more. */
async function ownOfUser(gateway: Gateway, wallet: number, user: MerchantUserView) {
  const { asOf, result } = await gateway.ask(wallet, { type: 'merchantUser', wallet, number: user.number }, 'owner')
  if (result?.user.version === user.version) return { asOf, result: result.wallet }
  throw new Failure('not-signed', { fields: [{ field: 'Signature', message: 'the sub-user that signed was changed' }] })
}

export function noWallet(field: string): Failure {
  return new Failure('wallet-unknown', { fields: [{ field, message: 'no wallet with this id is known to you' }] })
}

/** A user that the caller may see: its institution, an operator, or one of the user's own wallets. */
export async function visibleUser(
  gateway: Gateway,
  caller: Caller,
  userId: string,
  from: ReadFrom = 'near',
): Promise<Read<'user'> & { result: UserView }> {
  const number = userNumberIn(userId, 'user_id')
  const unknown = new Failure('user-unknown', {
    fields: [{ field: 'user_id', message: 'no user with this id is known to you' }],
  })
  if (actsForWallet(caller) && caller.wallet!.result.userNumber !== number) throw unknown
  const { asOf, result } = await gateway.ask(number, { type: 'user', number }, from)
  const hidden = caller.role === 'institution' && result?.institution !== caller.number
  if (result === null || hidden || userIdText(result.number) !== userId) throw unknown
  return { asOf, result }
}
