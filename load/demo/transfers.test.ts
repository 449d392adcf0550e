import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fenOf, generatePlay, readAmlSim, yuanOf } from './transfers.ts'

const sample = new URL('../../../shared/data/amlsim/1/transactions.csv', import.meta.url).pathname

test('amounts are read by their digits and written back as they were', () => {
  for (const text of ['0.01', '184.44', '9007199254740.99', '100.00']) expect(yuanOf(fenOf(text))).toBe(text)
  expect(fenOf('5')).toBe(500)
  expect(fenOf('5.1')).toBe(510)
  for (const text of ['', '-1', '1.234', '1e3', 'NaN', '١']) expect(() => fenOf(text)).toThrow(/not an amount/)
  expect(yuanOf(-5n)).toBe('-0.05')
})

test('the same seed makes the same play', () => {
  expect(generatePlay(7, 20, 50)).toEqual(generatePlay(7, 20, 50))
  expect(generatePlay(8, 20, 50)).not.toEqual(generatePlay(7, 20, 50))
})

test.skipIf(!existsSync(sample))('20,000 AMLSim transfers replayed one after the other complete 12,144 times', () => {
  const { accounts, transfers } = readAmlSim(sample, 20_000)
  const balances = accounts.map((account) => account.initialFen)
  let completed = 0
  for (const { payer, payee, fen } of transfers) {
    if (payer === payee || balances[payer]! < fen || fen > 500_000) continue
    balances[payer]! -= fen
    balances[payee]! += fen
    completed += 1
  }
  expect(completed).toBe(12_144)
})
