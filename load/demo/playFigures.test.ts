import { expect, test } from 'vitest'
import { type Ending, type Order, playTransfers } from './play.ts'
import { playFigures } from './playFigures.ts'

const accounts = Array.from({ length: 10 }, (_, i) => ({ name: String(i), initialFen: 100 }))
const transfers = accounts.map((_, payer) => ({ payer, payee: (payer + 1) % accounts.length, fen: 1 }))
const sign = (payer: number, payee: number, fen: number): Order => ({ payer, payee, fen, signed: {} })

/** Plays one payment of each account, each of which ends as its payer's turn says, and takes two seconds. */
async function play(endingOf: (payer: number) => Ending) {
  const pay = async ({ payer }: Order): Promise<Ending> => endingOf(payer)
  const result = await playTransfers({ source: 'test', accounts, transfers }, sign, pay, 4, () => undefined)
  return playFigures({ ...result, seconds: 2 })
}

const completed: Ending = { kind: 'completed', answer: '' }
const refused: Ending = { kind: 'refused', reason: 'insufficient', answer: '' }
const unknown: Ending = { kind: 'unknown', answer: '' }

test('payments a second are those that were completed; the refused are answered too, the unknown are neither', async () => {
  const figures = await play((payer) => (payer < 4 ? completed : payer < 8 ? refused : unknown))
  expect(figures).toMatchObject({
    'payments.completed': 4,
    'payments.refused': 4,
    'payments.unknown': 2,
    'payments.per_second': 2,
    'payments.answered_per_second': 4,
  })
})

test('what nobody answered has no latency', async () => {
  const figures = await play(() => unknown)
  expect(figures['payments.unknown']).toBe(10)
  expect(figures).not.toHaveProperty('latency.p50_ms')
})
