import { type KeyObject, verify } from 'node:crypto'
import { parseWalletId, walletIdText } from '../../actors/ledger/ids.ts'
import { keyAlgorithms } from '../../actors/ledger/records.ts'
import type { Assertion } from '../../actors/log/evidence.ts'
import { AssertionError, assertedBytes, checkAssertion } from '../auth/assertion.ts'
import { assertionOf } from '../auth/assertionHeader.ts'
import {
  type Body,
  checkDigest,
  checkPolicy,
  type ParsedSignature,
  parseSignature,
  SignatureError,
  type SignedMessage,
} from '../auth/httpSignatures.ts'
import { importEd25519Key } from '../auth/signatureAlgorithms.ts'
import type { Site } from '../auth/site.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { PrincipalRole } from '../gateway/principalKeys.ts'
import type { ReadFrom } from '../gateway/shardQueries.ts'
import { sha256 } from '../wire/canonical.ts'
import type { Caller } from './caller.ts'
import { Failure } from './failure.ts'
import { decoyKey, type VerifySignature } from './paymentDesk.ts'

/** Number of Ed25519 in the evidence, beside those of wallet keys. */
export const ed25519Algorithm = 3

const plainAlgorithm = 'ecdsa-p256-sha256'
/** Of the signatures that passkeys make of requests; a name of ours, since RFC 9421 has none for them. */
const passkeyAlgorithm = 'webauthn-p256'

/** A merchant's wallet and the number of its sub-user. */
const userPattern = /^(M[1-9]\d{0,15})\/users\/([1-9]\d?)$/
const principalPattern = /^(institution|operator):([1-9]\d{0,8})$/

const keyIdForms = 'keyid must be a wallet id, institution:N, operator:N or <merchant>/users/N'

/** Who a request comes from, by its HTTP message signature (RFC 9421). */
export class Authentication {
  readonly #gateway: Gateway
  readonly #verify: VerifySignature
  readonly #site: Site
  readonly #imported = new Map<string, KeyObject>()

  constructor(gateway: Gateway, verifySignature: VerifySignature, site: Site) {
    this.#gateway = gateway
    this.#verify = verifySignature
    this.#site = site
  }

  /**
   * @param body `to come` when the caller must be known before it is read; then `checkBody` is called with it
   * @throws Failure `not-signed`, the same for an unknown key id as for a wrong signature
   * @throws ShardUnavailable when the key cannot be asked for now
   */
  async callerOf(message: SignedMessage, body: Body, nowMs: number): Promise<Caller> {
    const parsed = this.#read(message, body, nowMs)
    const principal = principalPattern.exec(parsed.keyId)
    if (principal !== null) return this.#principal(parsed, principal[1] as PrincipalRole, Number(principal[2]))
    const user = userPattern.exec(parsed.keyId)
    if (user !== null) return this.#merchantUser(parsed, user[1]!, Number(user[2]))
    return this.#wallet(parsed, this.#assertionOf(message, parsed))
  }

  /** @throws Failure `not-signed` when the body is not the one whose digest was signed */
  checkBody({ headers }: SignedMessage, body: Uint8Array): void {
    asNotSigned(() => checkDigest(headers['content-digest'], body))
  }

  #read(message: SignedMessage, body: Body, nowMs: number): ParsedSignature {
    return asNotSigned(() => {
      const parsed = parseSignature(message)
      checkPolicy(parsed, message, body, nowMs)
      return parsed
    })
  }

  async #principal(parsed: ParsedSignature, role: PrincipalRole, number: number): Promise<Caller> {
    const key = await this.#gateway.principals.find(role, number)
    const fits = parsed.algorithm === undefined || parsed.algorithm === 'ed25519'
    if (key === undefined || !fits || !verify(null, parsed.base, this.#import(key), parsed.signature)) {
      throw notSigned('the signature is not one of the key that keyid names')
    }
    return { role, number, signature: { signature: parsed.signature, algorithm: ed25519Algorithm } }
  }

  #import(key: Uint8Array): KeyObject {
    const name = Buffer.from(key).toString('hex')
    let imported = this.#imported.get(name)
    if (imported === undefined) {
      imported = importEd25519Key(key)
      this.#imported.set(name, imported)
    }
    return imported
  }

  /** A wallet's key is read anew each time: one that was replaced must not even read the balance any more. */
  async #wallet(parsed: ParsedSignature, assertion: Assertion | undefined): Promise<Caller> {
    const id = parseWalletId(parsed.keyId)
    if (id === undefined) throw notSigned(keyIdForms)
    const near = await this.#signer(parsed, assertion, id.number, 'near')
    // A copy that is behind may hold a key that was replaced: the one that signed may be newer.
    const behind = !near.valid && near.asOf.ageMs !== undefined
    const { asOf, result, valid } = behind ? await this.#signer(parsed, assertion, id.number, 'owner') : near
    if (result === null || !valid || walletIdText(id.number, result.kind) !== parsed.keyId) {
      throw notSigned('the signature is not one of the key that keyid names')
    }
    const { algorithm, key, keyVersion, kind } = result
    this.#gateway.walletKeys.put(id.number, { algorithm, key, keyVersion, kind })
    const signature = { signature: parsed.signature, algorithm, assertion }
    return { role: 'wallet', number: id.number, wallet: { asOf, result }, signature }
  }

  /** The wallet that claims to have signed, and whether its key did. */
  async #signer(parsed: ParsedSignature, assertion: Assertion | undefined, number: number, from: ReadFrom) {
    const { asOf, result } = await this.#gateway.ask(number, { type: 'wallet', number }, from)
    return { asOf, result, valid: await this.#signed(parsed, assertion, result ?? decoyKey) }
  }

  /** Whether a key made the signature, by itself or as a passkey. */
  async #signed(
    parsed: ParsedSignature,
    assertion: Assertion | undefined,
    { algorithm, key }: { algorithm: number; key: Uint8Array },
  ): Promise<boolean> {
    const passkey = algorithm === keyAlgorithms.webauthnP256
    const named = parsed.algorithm === undefined || parsed.algorithm === (passkey ? passkeyAlgorithm : plainAlgorithm)
    const der = assertion === undefined ? derOf(parsed.signature) : parsed.signature
    const signed = assertion === undefined ? parsed.base : assertedBytes(assertion)
    const known = { algorithm, key, keyVersion: 0, kind: 0 }
    const fits = named && passkey === (assertion !== undefined)
    return fits && der !== undefined && (await this.#verify(known, signed, der))
  }

  /** As a wallet's key, a sub-user's is read anew each time: one that was removed must not even read an order. */
  async #merchantUser(parsed: ParsedSignature, walletId: string, number: number): Promise<Caller> {
    const wallet = parseWalletId(walletId)?.number
    if (wallet === undefined) throw notSigned(keyIdForms)
    const near = await this.#subUser(parsed, wallet, number, 'near')
    const behind = !near.valid && near.asOf.ageMs !== undefined
    const { asOf, result, valid } = behind ? await this.#subUser(parsed, wallet, number, 'owner') : near
    if (result === null || !valid || result.wallet.walletId !== walletId) {
      throw notSigned('the signature is not one of the key that keyid names')
    }
    const { user, wallet: own } = result
    const signature = { signature: parsed.signature, algorithm: user.algorithm }
    return { role: user.role, number: wallet, wallet: { asOf, result: own }, user, signature }
  }

  async #subUser(parsed: ParsedSignature, wallet: number, number: number, from: ReadFrom) {
    const { asOf, result } = await this.#gateway.ask(wallet, { type: 'merchantUser', wallet, number }, from)
    return { asOf, result, valid: await this.#signed(parsed, undefined, result?.user ?? decoyKey) }
  }

  /** A passkey's word about this request, where it carries one. */
  #assertionOf(message: SignedMessage, parsed: ParsedSignature): Assertion | undefined {
    try {
      const assertion = assertionOf(message.headers)
      if (assertion !== undefined) checkAssertion(assertion, sha256(parsed.base), this.#site)
      return assertion
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error
      throw new Failure('not-signed', {
        fields: [{ field: 'WebAuthn-Assertion', message: `${error.part} ${error.message}` }],
      })
    }
  }
}

function asNotSigned<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof SignatureError) throw notSigned(error.message)
    throw error
  }
}

function notSigned(message: string): Failure {
  return new Failure('not-signed', { fields: [{ field: 'Signature', message }] })
}

/** RFC 9421 carries ECDSA signatures as r and s of 32 bytes each; wallets' payments carry DER. */
export function derOf(raw: Uint8Array): Uint8Array | undefined {
  if (raw.length !== 64) return undefined
  const [r, s] = [derInteger(raw.subarray(0, 32)), derInteger(raw.subarray(32))]
  return Uint8Array.of(0x30, r.length + s.length, ...r, ...s)
}

function derInteger(bytes: Uint8Array): number[] {
  let from = 0
  while (from < bytes.length - 1 && bytes[from] === 0) from += 1
  const digits = [...bytes.subarray(from)]
  if (digits[0]! >= 0x80) digits.unshift(0)
  return [0x02, digits.length, ...digits]
}
