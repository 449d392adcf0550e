import { expect, test } from 'vitest'
import { Faults, faultRequest } from './faults.ts'

function struck(seed: number, requests: number): boolean[] {
  const faults = new Faults()
  faults.add(faultRequest.parse({ operation: 'debits', mode: 'drop', probability: 0.3, seed }))
  return Array.from({ length: requests }, () => faults.draw('debits') !== undefined)
}

test('the same seed strikes the same requests, another seed others', () => {
  expect(struck(7, 200)).toEqual(struck(7, 200))
  expect(struck(7, 200)).not.toEqual(struck(8, 200))
})

test('a fault strikes about as often as its probability says', () => {
  const hits = struck(1, 10_000).filter(Boolean).length
  expect(hits).toBeGreaterThan(2_800)
  expect(hits).toBeLessThan(3_200)
})

test('a fault wears off after its count, and the next one takes over', () => {
  const faults = new Faults()
  faults.add(faultRequest.parse({ operation: 'debits', mode: 'drop', count: 2 }))
  faults.add(faultRequest.parse({ operation: '*', mode: 'slow' }))
  const drawn = ['debits', 'credits', 'debits', 'debits'].map((operation) => faults.draw(operation)?.mode)
  expect(drawn).toEqual(['drop', 'slow', 'drop', 'slow'])
  faults.clear('*')
  expect(faults.draw('debits')).toBeUndefined()
  expect(faults.list().map(({ operation, struck }) => [operation, struck])).toEqual([['debits', 2]])
})

test.each([
  { operation: 'debits', mode: 'explode' },
  { operation: '', mode: 'drop' },
  { operation: 'debits', mode: 'drop', probability: 2 },
  { operation: 'debits', mode: 'drop', count: 0 },
  { operation: 'debits', mode: 'drop', surprise: true },
])('%j is no fault', (request) => {
  expect(faultRequest.safeParse(request).success).toBe(false)
})
