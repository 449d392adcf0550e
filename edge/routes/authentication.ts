import { type KeyObject, verify } from 'node:crypto'
import { parseWalletId, walletIdText } from '../../actors/ledger/ids.ts'
import { keyAlgorithms } from '../../actors/ledger/records.ts'
import {
  checkPolicy,
  type ParsedSignature,
  parseSignature,
  SignatureError,
  type SignedMessage,
} from '../auth/httpSignatures.ts'
import { importEd25519Key } from '../auth/signatureAlgorithms.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { PrincipalRole } from '../gateway/principalKeys.ts'
import type { ReadFrom } from '../gateway/shardQueries.ts'
import type { Caller } from './caller.ts'
import { Failure } from './failure.ts'
import { decoyKey, type VerifySignature } from './paymentDesk.ts'

/** Number of Ed25519 in the evidence, beside those of wallet keys. */
export const ed25519Algorithm = 3

const principalPattern = /^(institution|operator):([1-9]\d{0,8})$/

/** Who a request comes from, by its HTTP message signature (RFC 9421). */
export class Authentication {
  readonly #gateway: Gateway
  readonly #verify: VerifySignature
  readonly #imported = new Map<string, KeyObject>()

  constructor(gateway: Gateway, verifySignature: VerifySignature) {
    this.#gateway = gateway
    this.#verify = verifySignature
  }

  /**
   * @throws Failure `not-signed`, the same for an unknown key id as for a wrong signature
   * @throws ShardUnavailable when the key cannot be asked for now
   */
  async callerOf(message: SignedMessage, body: Uint8Array, nowMs: number): Promise<Caller> {
    const parsed = this.#read(message, body, nowMs)
    const principal = principalPattern.exec(parsed.keyId)
    if (principal !== null) return this.#principal(parsed, principal[1] as PrincipalRole, Number(principal[2]))
    return this.#wallet(parsed)
  }

  #read(message: SignedMessage, body: Uint8Array, nowMs: number): ParsedSignature {
    try {
      const parsed = parseSignature(message)
      checkPolicy(parsed, message, body, nowMs)
      return parsed
    } catch (error) {
      if (error instanceof SignatureError) throw notSigned(error.message)
      throw error
    }
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
  async #wallet(parsed: ParsedSignature): Promise<Caller> {
    const id = parseWalletId(parsed.keyId)
    if (id === undefined) throw notSigned('keyid must be a wallet id, institution:N or operator:N')
    const near = await this.#signer(parsed, id.number, 'near')
    // A copy that is behind may hold a key that was replaced: the one that signed may be newer.
    const behind = !near.valid && near.asOf.ageMs !== undefined
    const { asOf, result, valid } = behind ? await this.#signer(parsed, id.number, 'owner') : near
    if (result === null || !valid || walletIdText(id.number, result.kind) !== parsed.keyId) {
      throw notSigned('the signature is not one of the key that keyid names')
    }
    const { algorithm, key, keyVersion, kind } = result
    this.#gateway.walletKeys.put(id.number, { algorithm, key, keyVersion, kind })
    const signature = { signature: parsed.signature, algorithm: keyAlgorithms.ecdsaP256 }
    return { role: 'wallet', number: id.number, wallet: { asOf, result }, signature }
  }

  /** The wallet that claims to have signed, and whether its key did. */
  async #signer(parsed: ParsedSignature, number: number, from: ReadFrom) {
    const { asOf, result } = await this.#gateway.ask(number, { type: 'wallet', number }, from)
    const fits = parsed.algorithm === undefined || parsed.algorithm === 'ecdsa-p256-sha256'
    const der = derOf(parsed.signature)
    const { algorithm, key } = result ?? decoyKey
    const known = { algorithm, key, keyVersion: 0, kind: 0 }
    const valid = fits && der !== undefined && (await this.#verify(known, parsed.base, der))
    return { asOf, result, valid }
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
