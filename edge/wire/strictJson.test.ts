import { expect, test } from 'vitest'
import { readJson } from './strictJson.ts'

const read = (source: string) => readJson(new TextEncoder().encode(source))

test('a number is the one that was written, to the fen', () => {
  for (const source of ['0.01', '100.5', '70368744177663.99', '70368744177663.97', '90071992547409']) {
    expect(String(read(source))).toBe(source)
  }
})

test.each(['70368744177664.01', '80000000000000.01', '-80000000000000.01', '90071992547410'])(
  '%s, which a number cannot hold, is refused and not another one near it',
  (source) => {
    expect(() => read(source)).toThrow(expect.objectContaining({ problem: 'number-form' }))
    expect(() => read(source)).toThrow('too large')
    expect(read(`"${source}"`)).toBe(source)
  },
)
