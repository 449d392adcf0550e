import { walletIdText, walletKinds } from '../../actors/ledger/ids.ts'
import type { WalletView } from '../../actors/ledger/views.ts'
import type { Language } from '../problem.ts'
import { readMerchantText } from './merchantText.ts'
import type { Services } from './operation.ts'

export type ShownName = {
  readonly status: 'shown' | 'none' | 'unavailable'
  /** Of a person, masked. */
  readonly masked?: string
  /** Of a merchant, as it calls itself. */
  readonly zh?: string
  readonly en?: string
}

/** What a stranger may see of who has a wallet: a merchant's names in full, anybody else's masked. */
export async function shownName(
  services: Services,
  view: Pick<WalletView, 'number' | 'kind' | 'userNumber'>,
): Promise<ShownName> {
  const { journal, names } = services
  if (view.kind === walletKinds.merchant) {
    const found = await journal.merchant(view.number)
    const { name_zh: zh, name_en: en } = readMerchantText(found.kind === 'found' ? found.record.content : undefined)
    if (zh !== undefined || en !== undefined) return { status: 'shown', ...(zh && { zh }), ...(en && { en }) }
  }
  const found = await journal.userName(view.userNumber)
  if (found.kind !== 'found') return { status: found.kind === 'none' ? 'none' : 'unavailable' }
  return { status: 'shown', masked: names.masked(found.record, found.record.sealed) }
}

/** One side of a payment as the other sees it on paper. */
export async function partyOf(services: Services, number: number, language: Language) {
  const { result } = await services.gateway.ask(number, { type: 'wallet', number })
  if (result === null) return { wallet_id: walletIdText(number, walletKinds.personal) }
  const { masked, zh, en } = await shownName(services, result)
  const name = language === 'zh' ? (zh ?? en ?? masked) : (en ?? zh ?? masked)
  return { wallet_id: result.walletId, ...(name === undefined ? {} : { name }) }
}
