import { expect, test } from 'vitest'
import { openAccount, openBankToken, sealAccount, sealBankToken } from './accountSealing.ts'
import { createBlobs } from './blobs.ts'
import { memoryKeyRing } from './memoryKeyRing.ts'

const blobs = createBlobs(memoryKeyRing(['effect']))

test('account and token come out for the wallet and the recharge they were sealed for', () => {
  expect(openAccount(blobs, 7, sealAccount(blobs, 7, '6225880000001234'))).toBe('6225880000001234')
  expect(openBankToken(blobs, 7, 'R202611241', sealBankToken(blobs, 7, 'R202611241', 'token'))).toBe('token')
})

test('copied into another wallet, recharge or place they open nowhere', () => {
  const account = sealAccount(blobs, 7, '6225880000001234')
  const token = sealBankToken(blobs, 7, 'R202611241', 'token')
  expect(() => openAccount(blobs, 8, account)).toThrow('belongs to something else')
  expect(() => openBankToken(blobs, 8, 'R202611241', token)).toThrow('belongs to something else')
  expect(() => openBankToken(blobs, 7, 'R202611242', token)).toThrow('belongs to something else')
  expect(() => openAccount(blobs, 7, token)).toThrow('belongs to something else')
})

test("they fit the ledger's fields: 120 bytes for an account of 24 digits, 192 for a token of 96", () => {
  expect(sealAccount(blobs, 7, '6'.repeat(24))).toHaveLength(120)
  expect(sealBankToken(blobs, 7, 'R202611241', 't'.repeat(96))).toHaveLength(192)
})
