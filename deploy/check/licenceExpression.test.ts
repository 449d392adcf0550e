import { expect, test } from 'vitest'
import { isPermitted } from './licenceExpression.ts'

test.each([
  'MIT',
  'Apache-2.0 AND BSD-3-Clause',
  '(Apache-2.0 AND BSD-3-Clause)',
  'GPL-3.0-only OR MIT',
  '(MIT OR GPL-3.0-only) AND ISC',
  'GPL-3.0-only AND MPL-2.0 OR Zlib',
])('%s can be met with permissive licences', (expression) => {
  expect(isPermitted(expression)).toBe(true)
})

test.each([
  'GPL-3.0-only',
  'MPL-2.0',
  'MIT AND MPL-2.0',
  'MIT AND (GPL-3.0-only OR MPL-2.0)',
  'MIT WITH something',
  '(MIT',
  'SEE LICENSE IN LICENSE.txt',
  '',
])('"%s" cannot', (expression) => {
  expect(isPermitted(expression)).toBe(false)
})
