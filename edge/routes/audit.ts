import { z } from '@hono/zod-openapi'
import { commandIdText, walletIdText } from '../../actors/ledger/ids.ts'
import { type CommandOp, commandOps } from '../../actors/ledger/records.ts'
import { refusalOf } from '../../actors/ledger/refusals.ts'
import { detailsOf } from './actDetails.ts'
import { walletNumberIn } from './caller.ts'
import { Failure, positionOf } from './failure.ts'
import { commandIdField, countField, positionSchema, timeField, timeText, walletIdField } from './fields.ts'
import type { Act } from './inspection.ts'
import { operation } from './operation.ts'
import { cursorField, timeCursorIn, timeCursorText } from './timeCursor.ts'

const pageDefault = 50
const pageMax = 200
const operatorsMax = 255
const opNames = Object.keys(commandOps) as [CommandOp, ...CommandOp[]]
const nameByOp = new Map<number, CommandOp>(opNames.map((name) => [commandOps[name], name]))

const act = z
  .object({
    operator: z.string().openapi({ description: 'Who', example: 'operator:1' }),
    act: z.string().openapi({ description: 'What, by the name of its record in the log', example: 'walletStatus' }),
    wallet_id: walletIdField.nullable().openapi({ description: 'The wallet that it was about' }),
    details: z
      .array(z.object({ name: z.string(), value: z.string() }))
      .openapi({ description: 'What the command said, in its own words' }),
    reason: z.string().nullable().openapi({ description: 'Why, as the operator wrote it' }),
    outcome: z.string().openapi({ description: 'accepted, or the refusal', example: 'accepted' }),
    request_id: commandIdField,
    time: timeField,
    position: positionSchema,
  })
  .openapi('Act')
const page = z.object({ acts: z.array(act), next_cursor: z.string().nullable() }).openapi('Audit')

function actBody({ executed, operator, op, id, wallet, walletKind, code, fields, reason }: Act) {
  const name = nameByOp.get(op)
  return {
    operator: `operator:${operator}`,
    act: name ?? String(op),
    wallet_id: wallet === 0 ? null : walletIdText(wallet, walletKind),
    details: detailsOf(name, fields),
    reason: reason === '' ? null : reason,
    outcome: refusalOf(code),
    request_id: commandIdText(id),
    time: timeText(executed.timeMs),
    position: positionOf(executed),
  }
}

export const listActs = operation({
  name: 'listActs',
  method: 'get',
  path: '/v1/audit',
  tag: 'audit',
  summary: 'What operators did, newest first: who, what, why, when, and where in the log',
  description:
    'From the journal, which follows the log. Acts that were refused stand here too. An act that went to every shard is told once, by the first shard that has it.',
  callers: ['operator'],
  query: z.strictObject({
    wallet_id: walletIdField.optional(),
    operator: countField(operatorsMax).optional(),
    act: z.enum(opNames).optional(),
    limit: countField(pageMax).default(pageDefault),
    cursor: cursorField,
  }),
  messages: { answer: 'Audit' },
  answers: { 200: { description: 'One page', schema: page } },
  async run({ query }, { inspection }) {
    const { wallet_id, operator, act: name, limit, cursor } = query
    const filter = {
      ...(wallet_id === undefined ? {} : { wallet: walletNumberIn(wallet_id, 'wallet_id') }),
      ...(operator === undefined ? {} : { operator }),
      ...(name === undefined ? {} : { op: commandOps[name] }),
    }
    const found = await inspection.acts(filter, timeCursorIn(cursor), limit)
    if (found.kind !== 'found') throw new Failure('journal-unavailable', { retryAfterS: 5 })
    const { acts, more } = found.record
    const next_cursor = timeCursorText(acts.at(-1)?.executed, more)
    return { status: 200, body: { acts: acts.map(actBody), next_cursor } }
  },
})

export const auditOperations = [listActs]
