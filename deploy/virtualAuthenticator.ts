import type { Page } from 'playwright-core'

/** A passkey as the authenticator holds it. */
type Passkey = {
  readonly credentialId: string
  readonly isResidentCredential: boolean
  readonly privateKey: string
  readonly signCount: number
  readonly rpId?: string
  readonly userHandle?: string
}

/** What a phone's fingerprint reader is to a page. */
export type VirtualAuthenticator = {
  /** Whether it knows its person from now on. */
  verify(knows: boolean): Promise<void>
  passkeys(): Promise<readonly Passkey[]>
  /** Puts a passkey into it that another page's authenticator has made. */
  take(passkey: Passkey): Promise<void>
}

/** Gives a page an authenticator that touches itself; passkeys stay in it for as long as the page is open. */
export async function addAuthenticator(page: Page): Promise<VirtualAuthenticator> {
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    async verify(knows) {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: knows })
    },
    async passkeys() {
      return (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials
    },
    async take(passkey) {
      await session.send('WebAuthn.addCredential', { authenticatorId, credential: { ...passkey } })
    },
  }
}
