import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type PasskeyRegistration, registrationChallenge } from '../auth/passkeyRegistration.ts'
import { type Client, newId, newWalletKey, walletSigner } from '../client/node.ts'
import type { RequestSigner } from '../client/requests.ts'
import { Failure } from '../routes/failure.ts'
import { qrCode } from './qrCode.ts'

/** What a development wallet begins with. */
const amount = '500.00'
const orderAmount = '12.50'
const orderMinutes = 15
const bankTimeoutMs = 5_000
const rechargeWithinMs = 20_000
const rechargePollMs = 200
/** Wallets that wait for their passkey; whoever takes longer than these many others begins anew. */
const begunMax = 100

export type DevelopmentOptions = {
  /** Calls the API of this very edge. */
  readonly client: Client
  readonly institution: RequestSigner
  /** The sandbox bank. */
  readonly bankUrl: string
}

type Begun = { readonly requestId: string; readonly signer: RequestSigner }

/**
 * Wallets for people who try the pages: opened at the development institution, filled from the sandbox bank, then handed
 * over to a passkey. All of it goes through the API, as an institution's own app would do it.
 */
export class DevelopmentWallets {
  readonly #o: DevelopmentOptions
  readonly #begun = new Map<string, Begun>()
  #merchant: Promise<string> | undefined

  constructor(options: DevelopmentOptions) {
    this.#o = options
  }

  /** Opens a wallet under a key that nobody keeps. @returns what its passkey is to be made for */
  async begin(): Promise<{ wallet_id: string; challenge: string }> {
    const { walletId, signer } = await this.#open('personal')
    const requestId = newId()
    this.#begun.set(walletId, { requestId, signer })
    if (this.#begun.size > begunMax) this.#begun.delete(this.#begun.keys().next().value!)
    const challenge = Buffer.from(registrationChallenge(walletId, requestId)).toString('base64url')
    return { wallet_id: walletId, challenge }
  }

  /** Fills the wallet and gives it its passkey. @throws Failure when it was not begun here */
  async finish(walletId: string, passkey: PasskeyRegistration): Promise<void> {
    const begun = this.#begun.get(walletId)
    if (begun === undefined) throw new Failure('wallet-unknown')
    const { signer, requestId } = begun
    await this.#fill(walletId, signer)
    const change = { algorithm: 'webauthn-p256', passkey, request_id: requestId }
    await this.#o.client.call(signer, 'POST', `/v1/wallets/${walletId}/keys`, change)
    this.#begun.delete(walletId)
  }

  /**
   * What a wallet shows of itself: its balance as of `seq` of its log, and entries as far as the journal has `followed`;
   * they are absent while that is away.
   */
  async show(walletId: string): Promise<Record<string, unknown>> {
    const { client, institution } = this.#o
    const { body } = await client.call(institution, 'GET', `/v1/wallets/${walletId}`)
    const { wallet_id, balance } = body
    const seq = (body.as_of as { seq: number }).seq
    try {
      const listed = await client.call(institution, 'GET', `/v1/wallets/${walletId}/entries?limit=8`)
      const followed = (listed.body.followed as { seq: number }).seq
      return { wallet_id, balance, seq, followed, entries: listed.body.entries }
    } catch {
      return { wallet_id, balance, seq, followed: 0 }
    }
  }

  /** Makes an order of a tea house on this machine. */
  async order(): Promise<{ url: string; qr: string }> {
    const { client, institution } = this.#o
    this.#merchant ??= this.#openTeaHouse()
    const merchant = await this.#merchant.catch((error: unknown) => {
      this.#merchant = undefined
      throw error
    })
    const order_no = `TEA-${randomUUID().slice(0, 8).toUpperCase()}`
    const expires_at = new Date(Date.now() + orderMinutes * 60_000).toISOString()
    const order = { order_no, amount: orderAmount, expires_at, description: 'Longjing tea for two · 双人龙井茶' }
    const path = `/v1/merchants/${merchant}/orders`
    await client.call(institution, 'POST', path, order)
    const { body } = await client.call(institution, 'GET', `${path}/${order_no}/qr`)
    const url = String(body.url)
    const picture = Buffer.from(qrCode(url, 'svg').content).toString('base64')
    return { url, qr: `data:image/svg+xml;base64,${picture}` }
  }

  async #openTeaHouse(): Promise<string> {
    const { client, institution } = this.#o
    const { walletId } = await this.#open('merchant')
    const profile = { name_zh: '清风茶馆', name_en: 'Clear Breeze Tea House', request_id: newId() }
    await client.call(institution, 'PUT', `/v1/merchants/${walletId}`, profile)
    return walletId
  }

  async #open(kind: 'personal' | 'merchant'): Promise<{ walletId: string; signer: RequestSigner }> {
    const { client, institution } = this.#o
    const user = await client.call(institution, 'POST', '/v1/users', { kyc_level: 1, request_id: newId() })
    const key = newWalletKey()
    const group = kind === 'merchant' ? 1 : 2
    const opening = {
      user_id: user.body.user_id,
      class: group,
      kind,
      public_key: key.publicKeyHex,
      request_id: newId(),
    }
    const wallet = await client.call(institution, 'POST', '/v1/wallets', opening)
    const walletId = String(wallet.body.wallet_id)
    return { walletId, signer: walletSigner(walletId, key) }
  }

  async #fill(wallet_id: string, signer: RequestSigner): Promise<void> {
    const { client, institution, bankUrl } = this.#o
    const response = await fetch(`${bankUrl}/accounts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'bank', balance: amount }),
      signal: AbortSignal.timeout(bankTimeoutMs),
    })
    if (!response.ok) throw new Failure('unavailable', { detail: 'The sandbox bank does not open an account.' })
    const { account_no, auth_token } = (await response.json()) as { account_no: string; auth_token: string }
    const link = { account_type: 'bank', account_no, balance_limit: '50000', request_id: newId() }
    await client.call(signer, 'POST', `/v1/wallets/${wallet_id}/linked-accounts`, link)
    const tx_id = newId()
    await client.call(signer, 'POST', '/v1/recharges', { tx_id, wallet_id, account_no, amount, auth_token })
    const deadlineMs = performance.now() + rechargeWithinMs
    for (;;) {
      const { body } = await client.call(institution, 'GET', `/v1/recharges/${tx_id}?wallet_id=${wallet_id}`)
      if (body.status === 'completed') return
      if (performance.now() > deadlineMs) throw new Failure('unavailable', { detail: 'The money has not come yet.' })
      await sleep(rechargePollMs)
    }
  }
}
