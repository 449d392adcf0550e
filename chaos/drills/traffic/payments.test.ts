import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newWalletKey } from '../../../edge/client/node.ts'
import { outcomeOf } from './edges.ts'
import { type AnswerOutcome, finalAnswer } from './payment.ts'
import { Payments } from './payments.ts'
import { RecordFile } from './recordFile.ts'
import { askAgain, settle } from './settle.ts'

const wallets = [0, 1].map((shard) => ({ walletId: `W${shard}`, key: newWalletKey(), shard }))
const order = { payer: 0, payee: 1, fen: 250, probe: false }
const patience = { tryTimeoutMs: 1_000, giveUpMs: 60_000 }

/** Edges that answer in this order, whichever is asked, and what each was sent. */
function edgesSaying(outcomes: AnswerOutcome[], count = 2) {
  const asked: { edge: number; body: string }[] = []
  const edges = {
    count,
    pay: async (edge: number, body: Uint8Array) => {
      asked.push({ edge, body: Buffer.from(body).toString() })
      const outcome = outcomes.shift() ?? 'silent'
      const edgeName = 'ab'[edge] ?? '?'
      return { atMs: asked.length, edge: edgeName, status: 0, outcome, text: outcome, retryAfterS: 0 }
    },
  }
  return { edges, asked }
}

test('after silence the same bytes go to the other edge, until the answer binds', async () => {
  const { edges, asked } = edgesSaying(['silent', 'busy', 'completed'])
  const payments = new Payments(wallets, edges, new RecordFile(undefined), () => 0)
  const payment = await payments.pay(order, patience)
  expect(finalAnswer(payment)?.outcome).toBe('completed')
  expect(new Set(asked.map(({ body }) => body)).size).toBe(1)
  expect(asked[1]!.edge).not.toBe(asked[0]!.edge)
  expect(JSON.parse(asked[0]!.body)).toMatchObject({ payment_id: payment.id, amount: '2.50', payer_wallet: 'W0' })
})

test('what nobody answered is asked for in the end, and what was answered is asked for once more', async () => {
  const { edges } = edgesSaying(['silent', 'completed', 'refused'], 1)
  const payments = new Payments(wallets, edges, new RecordFile(undefined), () => 0)
  const payment = await payments.pay(order, { ...patience, giveUpMs: 0 })
  expect(finalAnswer(payment)).toBeUndefined()
  await settle(payments, 10_000)
  expect(finalAnswer(payment)?.outcome).toBe('completed')
  expect(await askAgain(payments.all, payments, () => false)).toBe(1)
  expect(payment.answers.map(({ outcome }) => outcome)).toEqual(['silent', 'completed', 'refused'])
})

test('every payment and every answer stands in the record as it happened', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'jiaozi-record-'))
  try {
    const file = join(dir, 'answers.jsonl')
    const record = new RecordFile(file)
    const { edges } = edgesSaying(['silent', 'completed'])
    const { id } = await new Payments(wallets, edges, record, () => 7).pay(order, patience)
    await record.close()
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { type: 'sent', id, fen: 250, sentAtMs: 7 },
      { type: 'answered', id, outcome: 'silent' },
      { type: 'answered', id, outcome: 'completed' },
    ])
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('a record that cannot be written is said', async () => {
  const record = new RecordFile(join(tmpdir(), 'jiaozi-no-such-folder', 'answers.jsonl'))
  await expect(record.close()).rejects.toThrow('the record of answers is not whole')
})

test('only what is final under its id binds', () => {
  expect(outcomeOf(200, '{}')).toBe('completed')
  expect(outcomeOf(202, '{}')).toBe('pending')
  expect(outcomeOf(409, '{"position":{}}')).toBe('refused')
  expect(outcomeOf(409, '{}')).toBe('busy')
  for (const status of [429, 500, 503]) expect(outcomeOf(status, '{"position":{}}')).toBe('busy')
})
