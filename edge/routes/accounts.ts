import { createHmac } from 'node:crypto'
import { sealAccount, sealBankToken } from '../../actors/log/accountSealing.ts'
import type { Blobs } from '../../actors/log/blobs.ts'
import type { Kek, KeyRing } from '../../actors/log/keyRing.ts'

/** Letters that name the kind of account, then its digits: long enough that the mask hides something. */
const accountPattern = /^([A-Z]{0,2})(\d{10,30})$/
const hidden = '******'
const longDigitsMin = 14

export function isAccountNumber(text: string): boolean {
  return accountPattern.test(text)
}

/** True for a number as `maskAccount` shows it. */
export function isMasked(text: string): boolean {
  return /^[A-Z]{0,2}(?:\d{2}|\d{6})\*{6}\d{4}$/.test(text)
}

/** As it may be shown: 622588******1234, P987654******3210. A short number shows only two of its first digits. */
export function maskAccount(number: string): string {
  const [, letters = '', digits = ''] = accountPattern.exec(number) ?? []
  const shown = digits.length >= longDigitsMin ? 6 : 2
  return letters + digits.slice(0, shown) + hidden + digits.slice(-4)
}

/** A bank's token as text; sealed it fits its place in the record. */
export const tokenBytesMax = 96
/** The key that seals what goes through the ledger to the connector. */
const purpose = 'effect'

/** Seals account numbers and bank tokens for the connector, and knows accounts again without telling them. */
export type AccountVault = {
  sealAccount(wallet: number, account: string): Uint8Array
  sealToken(wallet: number, txId: string, token: string): Uint8Array
  /** Eight bytes by which a secret is known again; nobody without the key can try numbers against them. */
  fingerprint(secret: string): Uint8Array
}

export function accountVault(ring: KeyRing, blobs: Blobs): AccountVault {
  const hashKey = oldestKey(ring)
  return {
    sealAccount: (wallet, account) => sealAccount(blobs, wallet, account),
    sealToken: (wallet, txId, token) => sealBankToken(blobs, wallet, txId, token),
    fingerprint(secret) {
      const mac = createHmac('sha256', hashKey.key.secret).update(`jiaozi account fingerprint|${secret}`).digest()
      return new Uint8Array(mac.buffer, mac.byteOffset, 8)
    },
  }
}

/** Fingerprints are compared for years: they stay under the first key while newer ones seal. */
function oldestKey(ring: KeyRing): Kek {
  const current = ring.current(purpose)
  const keys = ring.list().filter((key) => key.purpose === purpose)
  const oldest = keys.reduce((a, b) => (b.version < a.version ? b : a), keys[0] ?? current)
  return ring.byId(oldest.id) ?? current
}
