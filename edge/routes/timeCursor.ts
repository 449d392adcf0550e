import { z } from '@hono/zod-openapi'
import type { Executed } from '../gateway/submission.ts'
import { badField } from './failure.ts'
import type { TimeCursor } from './inspection.ts'

const pattern = /^(\d{1,15})\.(\d{1,2})\.(\d{1,16})\.(\d{1,6})$/

export const cursorField = z.string().optional().openapi({ description: 'The next_cursor of the page before' })

export function timeCursorIn(text: string | undefined): TimeCursor | undefined {
  if (text === undefined) return undefined
  const match = pattern.exec(text)
  if (match === null) throw badField('cursor', 'must be the next_cursor of an earlier page')
  const [timeMs, shard, seq, index] = match.slice(1).map(Number) as [number, number, number, number]
  return { timeMs, shard, seq, index }
}

export function timeCursorText(last: Executed | undefined, more: boolean): string | null {
  return more && last !== undefined ? `${last.timeMs}.${last.shard}.${last.seq}.${last.index}` : null
}
