import { walletIdText, walletKinds } from '../../actors/ledger/ids.ts'
import type { Services } from './operation.ts'

/** A wallet as people write it: only its shard knows whether it is a W… or an M…. */
export async function walletText(services: Services, number: number): Promise<string> {
  const { result } = await services.gateway.ask(number, { type: 'wallet', number })
  return result?.walletId ?? walletIdText(number, walletKinds.personal)
}
