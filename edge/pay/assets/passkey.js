/**
 * What the pages know of wallets and passkeys. It runs in a browser as it stands here.
 * @typedef {{ walletId: string, credentialId: string }} Remembered a wallet that this browser has a passkey of
 * @typedef {{ payment_id: string, payer_wallet: string, payee_wallet: string, amount: string, currency: string,
 *   order?: string, timestamp: string }} Payment
 */

const text = new TextEncoder()
const walletKey = 'jiaozi-wallet'
const confirmTimeoutMs = 120_000

/** @param {ArrayBuffer | Uint8Array} bytes */
const bytesOf = (bytes) => (bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes))

/** @param {ArrayBuffer | Uint8Array} bytes */
export const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytesOf(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** @param {string} encoded */
export const fromBase64url = (encoded) =>
  Uint8Array.from(atob(encoded.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0))

/** @param {ArrayBuffer | Uint8Array} bytes */
const hexOf = (bytes) => [...bytesOf(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/** @param {string} of */
export const sha256 = async (of) => new Uint8Array(await crypto.subtle.digest('SHA-256', text.encode(of)))

/** As the API tells a payer its own payment again. @param {string} paymentId */
export const fingerprintOf = async (paymentId) => hexOf(await sha256(paymentId)).slice(0, 16)

/** A UUIDv7 (RFC 9562): an id carries the time it was made. @param {number} nowMs */
export function newId(nowMs) {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  new DataView(bytes.buffer).setBigUint64(
    0,
    (BigInt(nowMs) << 16n) | 0x7000n | ((BigInt(bytes[6] ?? 0) & 15n) << 8n) | BigInt(bytes[7] ?? 0),
  )
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  return hexOf(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** The bytes that say what is paid, as the reference of signing has them. @param {Payment} payment */
export function canonicalPayment({ amount, currency, order, payee_wallet, payer_wallet, payment_id, timestamp }) {
  const members = { amount, currency, order, payee_wallet, payer_wallet, payment_id, timestamp }
  return `jiaozi-payment-v1\n${JSON.stringify(members)}`
}

/** The wallet that this browser paid with last. @returns {Remembered | undefined} */
export function remembered() {
  try {
    return JSON.parse(localStorage.getItem(walletKey) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}

/** @param {Remembered | undefined} wallet */
export function remember(wallet) {
  if (wallet === undefined) localStorage.removeItem(walletKey)
  else localStorage.setItem(walletKey, JSON.stringify(wallet))
}

export const hasPasskeys = () => 'credentials' in navigator && typeof PublicKeyCredential === 'function'

/**
 * Lets the person confirm one payment with a passkey, and nothing else: the challenge is the hash of what is paid.
 * @param {Payment} payment
 * @param {string} credentialId empty: whichever passkey the person has here
 */
export async function confirmPayment(payment, credentialId) {
  /** @type {PublicKeyCredentialDescriptor[]} */
  const allowCredentials = credentialId === '' ? [] : [{ type: 'public-key', id: fromBase64url(credentialId) }]
  const challenge = await sha256(canonicalPayment(payment))
  const publicKey = {
    challenge,
    rpId: location.hostname,
    userVerification: 'required',
    timeout: confirmTimeoutMs,
    allowCredentials,
  }
  const credential = /** @type {PublicKeyCredential} */ (
    await navigator.credentials.get({ publicKey: /** @type {PublicKeyCredentialRequestOptions} */ (publicKey) })
  )
  const response = /** @type {AuthenticatorAssertionResponse} */ (credential.response)
  return {
    credentialId: base64url(credential.rawId),
    walletId: response.userHandle === null ? '' : new TextDecoder().decode(response.userHandle),
    body: {
      ...payment,
      signature: hexOf(response.signature),
      webauthn: {
        authenticator_data: base64url(response.authenticatorData),
        client_data_json: base64url(response.clientDataJSON),
      },
    },
  }
}

/**
 * Makes the passkey of a wallet.
 * @param {{ walletId: string, challenge: string, name: string }} wallet
 */
export async function makePasskey({ walletId, challenge, name }) {
  /** @type {PublicKeyCredentialCreationOptions} */
  const publicKey = {
    rp: { id: location.hostname, name: 'Jiaozi' },
    user: { id: text.encode(walletId), name: walletId, displayName: name },
    challenge: fromBase64url(challenge),
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    attestation: 'none',
    timeout: confirmTimeoutMs,
  }
  const credential = /** @type {PublicKeyCredential} */ (await navigator.credentials.create({ publicKey }))
  const response = /** @type {AuthenticatorAttestationResponse} */ (credential.response)
  return {
    credentialId: base64url(credential.rawId),
    passkey: {
      attestation_object: base64url(response.attestationObject),
      client_data_json: base64url(response.clientDataJSON),
    },
  }
}

/** @param {string} id @returns {HTMLElement} */
export function element(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no ${id}`)
  return found
}

/** What the server has put into the page for its script. @returns {any} */
export const pageData = () => JSON.parse(element('data').textContent ?? '{}')
