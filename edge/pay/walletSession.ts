import type { KeyRing } from '../../actors/log/keyRing.ts'
import { openedText, type SealedUse, sealedText } from '../auth/sealedText.ts'

const use: SealedUse = { purpose: 'pay-link', bound: Buffer.from('jiaozi-development-wallet-v1') }

/** What a browser shows to see a development wallet: sealed, so that nobody sees one that was not made there. */
export function sealedWallet(ring: KeyRing, walletId: string): string {
  return sealedText(ring, use, Buffer.from(walletId))
}

/** Undefined for what was not sealed here. */
export function openedWallet(ring: KeyRing, session: string): string | undefined {
  return openedText(ring, use, session)?.toString()
}
