import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { newId } from '../../edge/client/node.ts'
import { canonicalPayment } from '../../edge/wire/canonical.ts'

const rounds = 3
const verificationsPerRound = 5_000

/**
 * How many payments a second one core could do if it did nothing but check their signatures: ECDSA P-256 with SHA-256
 * by this runtime's OpenSSL, over bytes of a payment's size. By CPU time, since others may use the core meanwhile.
 */
export function verifyLimitPerSecond(): number {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const message = canonicalPayment({
    payment_id: newId(),
    payer_wallet: 'W1048576',
    payee_wallet: 'W1048577',
    amount: '0.01',
    currency: 'CNY-DC',
    timestamp: new Date().toISOString(),
  })
  const signature = sign('sha256', message, { key: privateKey, dsaEncoding: 'der' })
  const rates = Array.from({ length: rounds }, () => {
    const began = process.cpuUsage()
    for (let n = 0; n < verificationsPerRound; n++) {
      if (!verify('sha256', message, { key: publicKey, dsaEncoding: 'der' }, signature)) throw new Error('not verified')
    }
    const { user, system } = process.cpuUsage(began)
    return (verificationsPerRound * 1e6) / (user + system)
  })
  return Math.round(rates.sort((a, b) => a - b)[rounds >> 1]!)
}
