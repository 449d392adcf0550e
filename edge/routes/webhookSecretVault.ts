import type { MerchantView } from '../../actors/ledger/merchantViews.ts'
import type { KeyRing } from '../../actors/log/keyRing.ts'
import { overlapUntilMs, secretsInForce } from '../../actors/log/webhookSecrets.ts'
import { publicKeyText, secretText, type WebhookSecret } from '../../actors/log/webhookSignatures.ts'

export type ShownSecret = { readonly secret: string; readonly public_key: string }

/** The secrets that sign what a merchant is told, as it verifies with them. */
export type WebhookSecretVault = {
  of(merchant: MerchantView, nowMs: number): { newest: ShownSecret; previous?: ShownSecret & { untilMs: number } }
}

export function webhookSecretVault(ring: KeyRing): WebhookSecretVault {
  const shown = ({ symmetric, ed25519 }: WebhookSecret): ShownSecret => ({
    secret: secretText(symmetric),
    public_key: publicKeyText(ed25519),
  })
  return {
    of(view, nowMs) {
      const merchant = { ...view, wallet: view.walletNumber }
      const [newest, earlier] = secretsInForce(ring, merchant, nowMs)
      const untilMs = overlapUntilMs(merchant, nowMs)
      if (earlier === undefined || untilMs === undefined) return { newest: shown(newest!) }
      return { newest: shown(newest!), previous: { ...shown(earlier), untilMs } }
    },
  }
}
