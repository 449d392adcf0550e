import { expect, test } from 'vitest'
import { readBatchFile } from './batchFile.ts'

const record = { payer_wallet: 'W1', payee_wallet: 'M2', amount: '1.50', authorisation: 7 }

test.each([
  ['CSV that says all', 'payer_wallet,payee_wallet,amount,authorisation\nW1,M2,1.50,7\n', {}],
  ['CSV of a payroll', 'payee_wallet,amount\r\nM2,1.50\r\n', { payer: 'W1', authorisation: 7 }],
  ['CSV of an acquirer', 'payer_wallet, amount, authorisation\n\nW1, 1.50, 7', { payee: 'M2' }],
  ['JSON lines', JSON.stringify(record), {}],
  ['JSON lines that leave something out', '{"payer_wallet":"W1","amount":"1.50"}', { payee: 'M2', authorisation: 7 }],
  [
    'CSV with a cell left empty',
    'payer_wallet,payee_wallet,amount,authorisation\n,M2,1.50,\n',
    { payer: 'W1', authorisation: 7 },
  ],
  ['CSV as spreadsheets save it', '\ufeffpayer_wallet,payee_wallet,amount,authorisation\r\nW1,M2,1.50,7\r\n', {}],
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
  [
    'a number as programs write it',
    'payer_wallet,payee_wallet,amount,authorisation\nW1,M2,1,0x11',
    'line 2: authorisation',
  ],
  ['a number beyond any', JSON.stringify({ ...record, authorisation: 4_294_967_296 }), 'line 1: authorisation'],
  ['no number at all', JSON.stringify({ ...record, authorisation: true }), 'line 1: authorisation'],
  ['a wallet that is none', JSON.stringify({ ...record, payer_wallet: 'X1' }), 'line 1: payer_wallet must be'],
  ['a wallet that is no text', JSON.stringify({ ...record, payee_wallet: 5 }), 'line 1: payee_wallet must be'],
  ['a third decimal', `${JSON.stringify(record)}\n${JSON.stringify({ ...record, amount: '1.005' })}`, 'line 2: amount'],
  [
    'an exponent',
    '{"payer_wallet":"W1","payee_wallet":"M2","amount":1e3,"authorisation":7}',
    'line 1: 1e3 is not a number',
  ],
  ['an amount below zero', 'payer_wallet,payee_wallet,amount,authorisation\nW1,M2,-1,7', 'line 2: amount'],
  [
    'a member twice',
    '{"payer_wallet":"W1","payee_wallet":"M2","amount":"1","amount":"100","authorisation":7}',
    'line 1: the member amount',
  ],
])('%s is told with its line', (_, text, message) => {
  expect(() => readBatchFile(text, {})).toThrow(message)
})

test('a member that is not known is no record that leaves something out: the default would pay in its place', () => {
  const defaults = { payer: 'W1', authorisation: 7 }
  for (const other of [{ payer: 'W3' }, { authorization: 9 }]) {
    const line = JSON.stringify({ payee_wallet: 'M2', amount: '1.50', ...other })
    expect(() => readBatchFile(line, defaults)).toThrow(`line 1: a member is payer_wallet, payee_wallet`)
  }
})

test('more records than a batch takes are told by their number', () => {
  const text = (count: number): string => `payee_wallet,amount\n${'M2,1\n'.repeat(count)}`
  const defaults = { payer: 'W1', authorisation: 7 }
  expect(readBatchFile(text(8_000), defaults)).toHaveLength(8_000)
  expect(() => readBatchFile(text(8_001), defaults)).toThrow('the file holds 8001 records, and a batch takes 8000')
})
