import { hkdfSync } from 'node:crypto'
import type { KeyRing } from './keyRing.ts'
import { ed25519Of, type WebhookSecret } from './webhookSignatures.ts'

const purpose = 'webhook'
const secretBytes = 32
/** How long a secret that was replaced still signs beside its successor. */
export const secretOverlapMs = 86_400_000

/** Which secrets a merchant has, as the ledger knows it. */
export type SecretGenerations = {
  readonly wallet: number
  readonly secretGeneration: number
  /** Log time of the last rotation and of the one before; 0 before there was any. */
  readonly rotatedMs: number
  readonly earlierRotatedMs: number
}

/**
 * One generation of a merchant's secrets, derived from the key ring wherever it is needed and kept nowhere. It comes from
 * the ring's newest key that was there when the generation began, so that it stays the same when the ring is rotated.
 * @param bornMs log time of the rotation that made the generation, 0 for the first
 */
export function secretOf(ring: KeyRing, wallet: number, generation: number, bornMs: number): WebhookSecret {
  const own = ring.list().filter((key) => key.purpose === purpose)
  const then = own.filter(({ createdMs }) => createdMs <= bornMs).toSorted((a, b) => b.version - a.version)[0]
  const first = own.toSorted((a, b) => a.version - b.version)[0] ?? ring.current(purpose)
  const { key } = ring.byId((then ?? first).id)!
  const derive = (use: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', key.secret, '', `jiaozi webhook|${use}|${wallet}|${generation}`, secretBytes))
  return { symmetric: derive('hmac'), ed25519: ed25519Of(derive('ed25519')) }
}

/** Until when the secret before the present one still signs; undefined when it does no more, or there was none. */
export function overlapUntilMs({ secretGeneration, rotatedMs }: SecretGenerations, nowMs: number): number | undefined {
  const untilMs = rotatedMs + secretOverlapMs
  return secretGeneration > 1 && nowMs < untilMs ? untilMs : undefined
}

/** The secrets that sign now, the newest first. */
export function secretsInForce(ring: KeyRing, merchant: SecretGenerations, nowMs: number): WebhookSecret[] {
  const { wallet, secretGeneration, rotatedMs, earlierRotatedMs } = merchant
  const newest = secretOf(ring, wallet, secretGeneration, rotatedMs)
  if (overlapUntilMs(merchant, nowMs) === undefined) return [newest]
  return [newest, secretOf(ring, wallet, secretGeneration - 1, earlierRotatedMs)]
}
