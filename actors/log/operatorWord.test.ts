import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type OperatorWord, operatorsWhoSaid, signLoss } from './operatorWord.ts'

const statement = { shard: 3, epoch: 7, region: 'b' }
const keys = new Map([1, 2].map((operator) => [operator, generateKeyPairSync('ed25519')]))
const privateKey = (operator: number): KeyObject => keys.get(operator)!.privateKey
const keyOf = (operator: number): Uint8Array | undefined => {
  const key = keys.get(operator)?.publicKey
  return key && Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url')
}
const words = [1, 2].map((operator) => signLoss(statement, operator, privateKey(operator)))
const said = (given: readonly OperatorWord[], of = statement) => [...operatorsWhoSaid(of, given, keyOf)]

describe('the word of two operators', () => {
  test('is of the two whose keys signed it', () => {
    expect(said(words)).toEqual([1, 2])
  })

  test('is one when one says it twice, and when one signs for another', () => {
    expect(said([words[0]!, words[0]!])).toEqual([1])
    expect(said([words[0]!, { ...words[0]!, operator: 2 }])).toEqual([1])
  })

  test('is none of an operator who may not act, or of no signature at all', () => {
    expect(said([signLoss(statement, 3, privateKey(1))])).toEqual([])
    expect(said([{ operator: 1, signature: '' }])).toEqual([])
  })

  test.each([
    { ...statement, shard: 2 },
    { ...statement, epoch: 8 },
    { ...statement, region: 'a' },
  ])('says nothing of another case: $shard, $epoch, $region', (other) => {
    expect(said(words, other)).toEqual([])
  })
})
