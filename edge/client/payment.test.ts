import fc from 'fast-check'
import { expect, test } from 'vitest'
import { importWalletKey as importPublicKey, verifyEcdsa } from '../auth/signatureAlgorithms.ts'
import { canonicalPayment } from '../wire/canonical.ts'
import { importWalletKey, newId, newWalletKey, signPayment, walletSigner } from './index.ts'

const p256 = 1
const publicKey = (hex: string) => importPublicKey(p256, Buffer.from(hex, 'hex'))

test('a payment’s signature is one over the bytes that the edge makes of it', async () => {
  const key = await newWalletKey()
  const wallet = fc.stringMatching(/^[WM][1-9]\d{0,15}$/)
  const amount = fc.stringMatching(/^(0|[1-9]\d{0,13})(\.\d{1,2})?$/)
  const order = fc.option(fc.stringMatching(/^[0-9A-Za-z_.-]{1,32}$/), { nil: undefined })
  await fc.assert(
    fc.asyncProperty(wallet, wallet, amount, order, async (payer_wallet, payee_wallet, text, named) => {
      const ordered = named === undefined ? {} : { order: named }
      const signed = await signPayment({ payer_wallet, payee_wallet, amount: text, ...ordered }, key)
      const { signature, ...members } = signed
      expect(Number(signed.amount)).toBe(Number(text))
      const bytes = canonicalPayment(members)
      expect(verifyEcdsa(publicKey(key.publicKeyHex), bytes, Buffer.from(signature, 'hex'))).toBe(true)
      const other = canonicalPayment({ ...members, payee_wallet: `${payee_wallet}0` })
      expect(verifyEcdsa(publicKey(key.publicKeyHex), other, Buffer.from(signature, 'hex'))).toBe(false)
    }),
    { numRuns: 200 },
  )
})

test('a key that was written out signs as the same one, and one that may not be is never written out', async () => {
  const made = await newWalletKey(true)
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', made.privateKey)).toString('base64')
  const pem = `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`
  const read = await importWalletKey(pem)
  expect(read.publicKeyHex).toBe(made.publicKeyHex)
  expect(read.privateKey.extractable).toBe(false)
  expect((await walletSigner('W1', read).sign(new Uint8Array(3))).length).toBe(64)
  await expect(crypto.subtle.exportKey('pkcs8', (await newWalletKey()).privateKey)).rejects.toThrow()
})

test('an id is a UUIDv7 that says when it was made', () => {
  const nowMs = Date.UTC(2026, 10, 26)
  const id = newId(nowMs)
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toBe(nowMs)
})
