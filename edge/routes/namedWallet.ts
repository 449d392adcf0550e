import { parseWalletId } from '../../actors/ledger/ids.ts'
import { Failure } from './failure.ts'
import type { Services } from './operation.ts'

/**
 * A wallet that a request names as a payee; only its own shard knows whose customer it is.
 * @throws Failure `payee-unknown` that names the field
 */
export async function namedWallet(
  { gateway }: Services,
  walletId: string,
  field: string,
): Promise<{ number: number; institution: number }> {
  const parsed = parseWalletId(walletId)
  const number = parsed?.number ?? 0
  const { result } = await gateway.ask(number, { type: 'wallet', number })
  if (result === null || result.walletId !== walletId) {
    throw new Failure('payee-unknown', { fields: [{ field, message: 'no wallet with this id' }] })
  }
  return { number, institution: result.institution }
}
