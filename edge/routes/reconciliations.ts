import { z } from '@hono/zod-openapi'
import { Failure } from './failure.ts'
import { countField, timeField, timeText } from './fields.ts'
import type { Reconciliation } from './inspection.ts'
import { operation } from './operation.ts'

const pageDefault = 20
const pageMax = 100

const run = z
  .object({
    ended_at: timeField,
    verdict: z.enum(['pass', 'fail', 'unknown']),
    difference: z.string().openapi({ description: 'Yuan that could not be explained', example: '0.00' }),
    figures: z.array(z.object({ name: z.string(), value: z.string() })),
    notes: z.array(z.string()),
  })
  .openapi('Reconciliation')
const list = z.object({ reconciliations: z.array(run) }).openapi('Reconciliations')

function fenText(fen: bigint): string {
  const digits = String(fen < 0n ? -fen : fen).padStart(3, '0')
  return `${fen < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

function runBody({ endedMs, verdict, differenceFen, report }: Reconciliation): Record<string, unknown> {
  const { figures = {}, notes = [] } = JSON.parse(report) as { figures?: Record<string, number>; notes?: string[] }
  const named = Object.entries(figures).map(([name, value]) => ({ name, value: String(value) }))
  return { ended_at: timeText(endedMs), verdict, difference: fenText(differenceFen), figures: named, notes }
}

export const listReconciliations = operation({
  name: 'listReconciliations',
  method: 'get',
  path: '/v1/reconciliations',
  tag: 'totals',
  summary: 'What the last reconciliations found, newest first',
  description: 'Each run of `npx jiaozi reconcile` with its figures.',
  callers: ['operator'],
  query: z.strictObject({ limit: countField(pageMax).default(pageDefault) }),
  messages: { answer: 'Reconciliations' },
  answers: { 200: { description: 'The newest', schema: list } },
  async run({ query }, { inspection }) {
    const found = await inspection.reconciliations(query.limit)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    return { status: 200, body: { reconciliations: found.record.map(runBody) } }
  },
})

export const reconciliationOperations = [listReconciliations]
