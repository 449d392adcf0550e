import { z } from '@hono/zod-openapi'
import type { AsOf } from '../../actors/log/queries.ts'
import { ShardUnavailable } from '../gateway/ports.ts'
import type { ReadFrom } from '../gateway/shardQueries.ts'
import { Failure } from './failure.ts'

const retryAfterS = 1

/** What every read that says `as_of` may be asked for. */
export const freshQuery = z.strictObject({
  fresh: z.enum(['true', 'false']).optional().openapi({
    description:
      "true: the region that owns the shard answers, and 503 `owner-unreachable` when it can't be reached. Otherwise this region's copy may answer, and as_of.age_ms says how old that is.",
  }),
})

/**
 * Reads from where the caller wants it.
 * @throws Failure `owner-unreachable` when the caller wants the owner's word and it cannot be had
 */
export async function readAsAsked<T>(
  { fresh }: z.infer<typeof freshQuery>,
  read: (from: ReadFrom) => Promise<T>,
): Promise<T> {
  if (fresh !== 'true') return read('near')
  try {
    return await read('owner')
  } catch (error) {
    if (error instanceof ShardUnavailable) throw new Failure('owner-unreachable', { retryAfterS })
    throw error
  }
}

/** The header Age (RFC 9111) of an answer that a region's copy gave, in seconds; the oldest part of the answer counts. */
export function ageHeaders(...parts: readonly AsOf[]): Readonly<Record<string, string>> {
  const ages = parts.flatMap(({ ageMs }) => (ageMs === undefined ? [] : [ageMs]))
  return ages.length === 0 ? {} : { age: String(Math.round(Math.max(...ages) / 1_000)) }
}
