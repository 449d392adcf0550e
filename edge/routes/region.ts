import { z } from '@hono/zod-openapi'
import type { ShardHealth } from '../region/regionWatch.ts'
import { timeField, timeText } from './fields.ts'
import { operation } from './operation.ts'

const count = z.int().nullable()
const shard = z
  .object({
    shard: z.int(),
    owner: z.string().nullable().openapi({ description: 'The region that owns it', example: 'a' }),
    epoch: count.openapi({ description: 'Rises with each change of owner' }),
    mode: z
      .enum(['alone', 'sync', 'solo'])
      .nullable()
      .openapi({ description: 'alone: one region; sync: the other vouches for every frame; solo: it does not' }),
    role: z.string().nullable().openapi({ description: 'Of this region: owner or standby, where there are two' }),
    worker: z.string().nullable().openapi({ description: 'The process that leads or follows it here' }),
    seq: count.openapi({ description: 'Last applied log sequence' }),
    commands: count.openapi({ description: 'Commands applied since the log began' }),
    open_sagas: count,
    mark_lag: count.openapi({ description: 'Owner: entries that the other region has not vouched for' }),
    mirror_lag: count.openapi({ description: 'Standby: entries that the owner has applied and this copy has not' }),
    peer_heard_ms_ago: count.openapi({ description: 'Since the other region said anything about it' }),
    differs: z.boolean().openapi({ description: 'The replicas of both regions were found to differ' }),
    followed_seq: count.openapi({ description: 'How far the journal has followed it' }),
  })
  .openapi('RegionShard')
const process = z
  .object({ name: z.string(), ready: z.boolean(), detail: z.string().nullable() })
  .openapi('RegionProcess')
const region = z
  .object({
    region: z.string(),
    peer: z.string().nullable(),
    time: timeField,
    shards: z.array(shard),
    processes: z.array(process).openapi({ description: 'None where processes cannot be asked from here' }),
  })
  .openapi('Region')

function shardBody(health: ShardHealth, followedSeq: number | undefined): Record<string, unknown> {
  const { peerHeardS } = health
  return {
    shard: health.shard,
    owner: health.owner ?? null,
    epoch: health.epoch ?? null,
    mode: health.mode ?? null,
    role: health.role ?? null,
    worker: health.worker ?? null,
    seq: health.seq ?? null,
    commands: health.commands ?? null,
    open_sagas: health.openSagas ?? null,
    mark_lag: health.markLag ?? null,
    mirror_lag: health.mirrorLag ?? null,
    peer_heard_ms_ago: peerHeardS === undefined ? null : Math.round(peerHeardS * 1_000),
    differs: health.differs ?? false,
    followed_seq: followedSeq ?? null,
  }
}

export const showRegion = operation({
  name: 'showRegion',
  method: 'get',
  path: '/v1/region',
  tag: 'region',
  summary: 'How the region is: its shards, who owns them, and its processes',
  callers: ['operator'],
  messages: { answer: 'Region' },
  answers: { 200: { description: 'As it was within the last second', schema: region } },
  async run(_, { watch, journal }) {
    const [health, followed] = await Promise.all([watch.look(), journal.followed()])
    const seqs = new Map(followed.kind === 'found' ? followed.record.map(({ shard: of, seq }) => [of, seq]) : [])
    const body = {
      region: health.region,
      peer: health.peer ?? null,
      time: timeText(health.takenMs),
      shards: health.shards.map((one) => shardBody(one, seqs.get(one.shard))),
      processes: health.processes.map(({ name, ready, detail }) => ({ name, ready, detail: detail ?? null })),
    }
    return { status: 200, body }
  },
})

export const regionOperations = [showRegion]
