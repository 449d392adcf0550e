import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maskedName } from './maskedName.ts'

test.each([
  ['张三', '张*'],
  ['张小明', '**明'],
  ['欧阳小明', '***明'],
  ['阿卜杜拉·买买提', '***提'],
  ['王', '*'],
  ['Alice Brown', 'A*** B.'],
  ['Alice Mary Brown', 'A*** B.'],
  ['  alice   brown ', 'a*** b.'],
  ['Cher', 'C***'],
  ['𠮷田', '𠮷*'],
  ['Émile Zola', 'É*** Z.'],
  ['E\u0301mile Zola', 'É*** Z.'],
])('%s is shown as %s', (name, shown) => {
  expect(maskedName(name)).toBe(shown)
})

test('of whatever name at most two of its characters show, and nothing of how long a long one is', () => {
  const name = fc.array(fc.constantFrom('a', 'B', '张', '明', ' ', '-', 'é', '😀'), { minLength: 1, maxLength: 64 })
  fc.assert(
    fc.property(name, (characters) => {
      const shown = maskedName(characters.join(''))
      expect(Array.from(shown.replaceAll(/[*. ]/g, '')).length).toBeLessThanOrEqual(2)
      expect(Array.from(shown).length).toBeLessThanOrEqual(7)
    }),
  )
})
