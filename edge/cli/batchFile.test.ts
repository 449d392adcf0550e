import { expect, test } from 'vitest'
import { readBatchFile } from './batchFile.ts'

const record = { payer_wallet: 'W1', payee_wallet: 'M2', amount: '1.50', authorisation: 7 }

test.each([
  ['CSV that says all', 'payer_wallet,payee_wallet,amount,authorisation\nW1,M2,1.50,7\n', {}],
  ['CSV of a payroll', 'payee_wallet,amount\r\nM2,1.50\r\n', { payer: 'W1', authorisation: 7 }],
  ['CSV of an acquirer', 'payer_wallet, amount, authorisation\n\nW1, 1.50, 7', { payee: 'M2' }],
  ['JSON lines', JSON.stringify(record), {}],
  ['JSON lines that leave something out', '{"payer_wallet":"W1","amount":"1.50"}', { payee: 'M2', authorisation: 7 }],
])('%s is the same record', (_, text, defaults) => {
  expect(readBatchFile(text, defaults)).toEqual([record])
})

test.each([
  ['nothing', '', 'holds no records'],
  ['a head without rows', 'payee_wallet,amount', 'holds no records'],
  ['a column that is none', 'payee,amount\nM2,1', 'line 1: a column is'],
  ['a column twice', 'amount,amount\n1,1', 'line 1 names a column twice'],
  ['a cell too few', 'payee_wallet,amount\nM2', 'line 2 has 1 cells, not 2'],
  ['a line that is no JSON', '{"amount":"1"}\n{"amount', 'line 2 is no JSON object'],
  ['no payer', 'payee_wallet,amount\nM2,1', 'line 2 has no payer_wallet'],
  ['a word for a number', 'payer_wallet,payee_wallet,amount,authorisation\nW1,M2,1,x', 'line 2: authorisation'],
])('%s is told with its line', (_, text, message) => {
  expect(() => readBatchFile(text, {})).toThrow(message)
})
