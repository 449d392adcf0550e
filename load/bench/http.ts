import { createHistogram } from 'node:perf_hooks'
import { newId } from '../../edge/client/node.ts'
import { settleTown, type Town } from '../demo/town.ts'
import type { Play } from '../demo/transfers.ts'
import { type Region, startRegion, useRegion } from '../region.ts'
import { openWire } from './wire.ts'

const residents = 512
const warmUpSeconds = 3
const bucketCount = 4_096

type Row = { perSecond: number; p50Ms: number; p99Ms: number; completed: number; others: number; all: number }

/** Signed payments over HTTPS, to completed: payer and payee always in different shards. */
export async function benchHttp(
  options: { seconds: number; data: string },
  say: (line: string) => void,
): Promise<{ figures: Record<string, number>; notes: string[] }> {
  const region = options.data === '' ? await startRegion() : await useRegion(options.data)
  try {
    const accounts = Array.from({ length: residents }, (_, i) => ({ name: String(i), initialFen: 1_000_000 }))
    const play: Play = { source: 'bench', accounts, transfers: [] }
    const town = await settleTown(region.facts(), play, 32, (what, done) => say(`${what}: ${done}`))
    const shards = groupByShard(town, region)
    say('concurrency 1')
    const one = await run(town, shards, 1, options.seconds)
    say('concurrency 64')
    const before = await framesOf(region)
    const many = await run(town, shards, 64, options.seconds)
    const frames = (await framesOf(region)) - before
    return {
      figures: {
        'http.c1.p50_ms': one.p50Ms,
        'http.c1.p99_ms': one.p99Ms,
        'http.c1.per_second': one.perSecond,
        'http.c64.per_second': many.perSecond,
        'http.c64.p50_ms': many.p50Ms,
        'http.c64.p99_ms': many.p99Ms,
        'http.c64.frames_per_payment': Math.round((frames / many.all) * 1_000) / 1_000,
        'http.refused_or_unknown': one.others + many.others,
      },
      notes: [
        'to completed: debited and credited, both durable (fsync before every acknowledgement), sealed, projected',
        'load generator, TLS on both sides, edge, workers, nats-server and PostgreSQL share the same cores',
        'frames: log messages of all shards, payments and transit together',
      ],
    }
  } finally {
    await region.stop()
  }
}

function groupByShard(town: Town, region: Region): number[][] {
  const { shardCount } = region.facts() as unknown as { shardCount: number }
  const groups: number[][] = Array.from({ length: shardCount }, () => [])
  for (const [i, { walletId }] of town.residents.entries()) {
    groups[(Number(walletId.slice(1)) % bucketCount) % shardCount]!.push(i)
  }
  return groups
}

async function run(town: Town, shards: number[][], concurrency: number, seconds: number): Promise<Row> {
  const histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 })
  /** `all` counts the warm-up too, as the frames do. */
  const row = { completed: 0, others: 0, all: 0 }
  const beganMs = performance.now()
  const measureFromMs = beganMs + warmUpSeconds * 1_000
  const untilMs = measureFromMs + seconds * 1_000
  const pick = (list: readonly number[]): number => list[Math.floor(Math.random() * list.length)]!
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (;;) {
        const startedMs = performance.now()
        if (startedMs >= untilMs) return
        const from = Math.floor(Math.random() * shards.length)
        const to = (from + 1 + Math.floor(Math.random() * (shards.length - 1))) % shards.length
        const ending = await town.pay(pick(shards[from]!), pick(shards[to]!), 1, newId())
        row.all += 1
        if (startedMs < measureFromMs) continue
        histogram.record(Math.max(1, Math.round((performance.now() - startedMs) * 1_000)))
        if (ending.kind === 'completed') row.completed += 1
        else row.others += 1
      }
    }),
  )
  const ms = (percentile: number): number => Math.round(histogram.percentile(percentile)) / 1_000
  return { ...row, perSecond: Math.round(row.completed / seconds), p50Ms: ms(50), p99Ms: ms(99) }
}

/** Log messages of all shards so far. */
async function framesOf(region: Region): Promise<number> {
  const wire = await openWire(region.dataDir)
  let frames = 0
  for (let shard = 0; shard < wire.shardCount; shard++) {
    const answer = await wire.ask(shard, { type: 'rules' })
    if (answer.ok) frames += answer.asOf.seq
  }
  await wire.close()
  return frames
}
