import { expect, test } from 'vitest'
import { readMessage, writeMessage } from './protobuf.ts'

test('a list is read in the order in which it was written', () => {
  const splits = ['M1', 'M2', 'M3'].map((payee_wallet) => ({ payee_wallet, percent: '10' }))
  const { splits: read } = readMessage('CreateOrderRequest', writeMessage('CreateOrderRequest', { splits }))
  expect(JSON.parse(JSON.stringify(read))).toEqual(splits)
})

test('a body of nothing but empty elements is read in one pass over it', () => {
  const element = Buffer.from(writeMessage('CreateOrderRequest', { splits: [{}] }))
  const count = 100_000
  const { splits } = readMessage('CreateOrderRequest', Buffer.alloc(element.length * count, element))
  expect(splits).toHaveLength(count)
})
