import { z } from '@hono/zod-openapi'
import { htmlType } from '../paper/paperPage.ts'
import { type DrillReport, drillReportPattern } from '../region/drillReports.ts'
import { Failure } from './failure.ts'
import { countField, signedYuanText, timeField, timeText } from './fields.ts'
import { operation } from './operation.ts'

const listDefault = 50
const listMax = 200

/**
 * A page that somebody else's program wrote: it is shown as what it is, a picture of the past. Nothing runs, nothing is
 * loaded, and it has no origin, so that it can reach nothing of ours.
 */
export const drillPageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  'referrer-policy': 'no-referrer',
  vary: 'accept',
}

const nameField = z.string().regex(drillReportPattern, 'must be the name of a report').openapi({
  description: 'The drill, and when it began',
  example: 'planned-move-2026-11-26T041248',
})
const verdictField = z.enum(['pass', 'fail', 'unknown']).openapi({ description: 'unknown: it could not be shown' })
const countOrNone = z.int().nullable()
const plain = {
  name: nameField,
  drill: z.string().openapi({ example: 'planned-move' }),
  verdict: verdictField,
  ended_at: timeField,
  seconds: countOrNone,
  rto_ms: countOrNone.openapi({ description: 'For how long customers were without service' }),
  after_word_ms: countOrNone.openapi({ description: 'As much of that as came after the word' }),
  rpo_payments: countOrNone.openapi({ description: 'Payments that were acknowledged and are lost' }),
  rpo_amount: z.string().nullable().openapi({ description: 'Their sum in yuan', example: '0.00' }),
  doubled: countOrNone.openapi({ description: 'Payments that took effect twice' }),
  answered: countOrNone.openapi({ description: 'Payments that customers had an answer to' }),
  difference: z.string().nullable().openapi({ description: 'In the books, in yuan', example: '0.00' }),
} as const
const drill = z.object(plain).openapi('Drill')
const list = z.object({ drills: z.array(drill) }).openapi('Drills')
const full = z
  .object({
    ...plain,
    checks: z.array(z.object({ name: z.string(), verdict: verdictField, detail: z.string() })),
    figures: z.array(z.object({ name: z.string(), value: z.string() })),
    notes: z.array(z.string()),
  })
  .openapi('DrillReport')

function drillBody({ name, drill: of, verdict, endedMs, figures }: DrillReport): Record<string, unknown> {
  const whole = (figure: string): number | null => {
    const value = figures[figure]
    return value === undefined ? null : Math.round(value)
  }
  const yuan = (figure: string): string | null => {
    const fen = whole(figure)
    return fen === null ? null : signedYuanText(fen)
  }
  return {
    name,
    drill: of,
    verdict,
    ended_at: timeText(endedMs),
    seconds: whole('seconds'),
    rto_ms: whole('rto_ms'),
    after_word_ms: whole('after_word_ms'),
    rpo_payments: whole('rpo_payments'),
    rpo_amount: yuan('rpo_fen'),
    doubled: whole('doubled'),
    answered: whole('answered'),
    difference: yuan('difference_fen'),
  }
}

export const listDrills = operation({
  name: 'listDrills',
  method: 'get',
  path: '/v1/drills',
  tag: 'region',
  summary: 'What drills have shown, newest first',
  description: 'Reports of `npx jiaozi drill run` that lie on the machine of the edge that answers.',
  callers: ['operator'],
  query: z.strictObject({ limit: countField(listMax).default(listDefault) }),
  messages: { answer: 'Drills' },
  answers: { 200: { description: 'The newest', schema: list } },
  async run({ query }, { drills }) {
    return { status: 200, body: { drills: (await drills.list(query.limit)).map(drillBody) } }
  },
})

export const showDrill = operation({
  name: 'showDrill',
  method: 'get',
  path: '/v1/drills/{name}',
  tag: 'region',
  summary: 'The report of one drill: what had to hold, and what was found',
  description: 'With Accept: text/html the page that the drill wrote, with its timeline.',
  callers: ['operator'],
  media: [htmlType],
  params: z.object({ name: nameField }),
  messages: { answer: 'DrillReport' },
  answers: { 200: { description: 'As it was written', schema: full } },
  async run({ params: { name }, media }, { drills }) {
    const unknown = new Failure('not-found', { fields: [{ field: 'name', message: 'no report has this name' }] })
    if (media === htmlType) {
      const content = await drills.page(name)
      if (content === undefined) throw unknown
      const bytes = { type: `${htmlType}; charset=utf-8`, content }
      return { status: 200, body: {}, headers: drillPageHeaders, bytes }
    }
    const report = await drills.one(name)
    if (report === undefined) throw unknown
    const figures = Object.entries(report.figures).map(([figure, value]) => ({ name: figure, value: String(value) }))
    const { checks, notes } = report
    return { status: 200, body: { ...drillBody(report), checks, figures, notes } }
  },
})

export const drillOperations = [listDrills, showDrill]
