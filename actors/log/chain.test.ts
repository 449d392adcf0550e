import { createHash } from 'node:crypto'
import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { chainStart, chainTag, nextChain } from './chain.ts'

const tag = fc.uint8Array({ minLength: 16, maxLength: 16 })
const chainOf = (tags: Uint8Array[]) => Buffer.from(tags.reduce(nextChain, chainStart)).toString('hex')

describe('chain', () => {
  test.prop([tag, tag])('is SHA-256 over the chain so far and the tag', (first, second) => {
    const one = createHash('sha256').update(new Uint8Array(32)).update(first).digest()
    expect(chainOf([first, second])).toBe(createHash('sha256').update(one).update(second).digest('hex'))
  })

  test.prop([fc.uniqueArray(tag, { minLength: 2, maxLength: 8, selector: (t) => t.join() }), fc.nat(), fc.nat()])(
    'a lost tail, a lost frame or two swapped frames change it',
    (tags, a, b) => {
      const [i, j] = [a % tags.length, b % tags.length]
      expect(chainOf(tags.slice(0, -1))).not.toBe(chainOf(tags))
      expect(chainOf(tags.toSpliced(i, 1))).not.toBe(chainOf(tags))
      const swapped = tags.slice()
      ;[swapped[i], swapped[j]] = [tags[j]!, tags[i]!]
      if (i !== j) expect(chainOf(swapped)).not.toBe(chainOf(tags))
    },
  )

  test.prop([fc.uint8Array()])('a message that is no frame enters with all of its bytes', (data) => {
    expect(chainTag(data)).toHaveLength(32)
    expect(chainTag(data)).not.toEqual(chainTag(Uint8Array.from([...data, 0])))
  })

  test('the start is not touched by what follows it', () => {
    nextChain(chainStart, new Uint8Array(16).fill(1))
    expect(chainStart).toEqual(new Uint8Array(32))
  })
})
