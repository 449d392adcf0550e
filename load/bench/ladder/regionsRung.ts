import { join } from 'node:path'
import { type StartedRegions, startRegions } from '../../../deploy/runningRegion.ts'
import { stoppedOnInterruption } from '../interruption.ts'
import { fundWallets, openWallets } from '../population.ts'
import { systemVersions } from '../systemVersions.ts'
import { openWire, type Wire } from '../wire.ts'
import type { LadderRow } from './ladderRow.ts'
import { LogLoad } from './logLoad.ts'
import {
  benchLog,
  climbShape,
  fenAtStart,
  type LogShape,
  type LogStage,
  logOn,
  requireSound,
  walletsPerShard,
} from './logRung.ts'
import type { Rung, RungFindings, RungOptions } from './rung.ts'

const shards = 4
const workers = 1
const letters = ['a', 'b'] as const
/** What a payment between two wallets does not need: the rows of one region are measured without them as well. */
const held = ['projector', 'archiver', 'connector', 'edge'] as const
const on = [
  ...logOn.filter((what) => what !== '1 replica'),
  '2 regions, each vouching for the other',
  '2 fsyncs a frame',
]

const shapes: readonly LogShape[] = [
  { name: 'l1.sync.c1', batch: 1, inFlight: 1, population: 'uniform' },
  { name: 'l1.sync.b64', batch: 64, inFlight: 4, population: 'uniform' },
  { name: 'l1.sync.b1024.c1', batch: 1_024, inFlight: 1, population: 'uniform' },
  { name: 'l1.sync.b1024.c4', batch: 1_024, inFlight: 4, population: 'uniform' },
  { name: 'l1.sync.b8000', batch: 8_000, inFlight: 8, population: 'uniform' },
]

/** The log's rows again, where a payment counts only once the other region holds it: both regions on the same cores. */
export const regionsRung: Rung = { name: 'l1, two regions', run: benchRegions }

/** The rows of one region that those of two are held against, where the whole ladder is not climbed. */
export const oneRegionRung: Rung = {
  name: 'l1, one region',
  run: (options, say) =>
    benchLog({ ...options, only: ['l1.c1', 'l1.b64', 'l1.b1024.c1', 'l1.b1024.c4', 'l1.b8000'] }, say),
}

async function benchRegions(options: RungOptions, say: (line: string) => void): Promise<RungFindings> {
  const { runtime } = options
  say('starting two regions')
  const args = [
    ...['--shards', String(shards), '--workers', String(workers), '--runtime', runtime],
    ...['--auto-takeover', 'off', '--link', 'direct'],
  ]
  const regions = await stoppedOnInterruption(() => startRegions(args))
  try {
    for (const letter of letters) for (const name of held) await regions.holds.hold(`process/${letter}/${name}`)
    const wires = await Promise.all(letters.map((letter) => openWire(join(regions.dataDir, letter))))
    const rows = await rowsOf(regions, wires, options, say)
    for (const wire of wires) await wire.close()
    return {
      rows,
      notes: [
        `l1.sync: ${shards} shards, each region owns every other one; workers a region: ${workers}, on ${runtime}`,
        'l1.sync: load enters in the region that owns the payer; followers and edges are held down as in l1',
      ],
      versions: await systemVersions(runtime),
    }
  } finally {
    await regions.stop()
  }
}

async function rowsOf(
  regions: StartedRegions,
  wires: readonly Wire[],
  options: RungOptions,
  say: (line: string) => void,
): Promise<LadderRow[]> {
  const pair = pairOf(wires)
  const wallets = await openWallets(pair, walletsPerShard, (done) => say(`l1.sync: opening users and wallets: ${done}`))
  say('l1.sync: funding')
  await fundWallets(pair, wallets, walletsPerShard, fenAtStart)
  const loads = wires.map((wire) => new LogLoad(wire))
  const stage: LogStage = { shards, pids: pidsOf(regions), loadOf: (shard) => loads[shard % loads.length]! }
  const rows: LadderRow[] = []
  for (const shape of shapes) rows.push(await climbShape(stage, wallets, shape, options, say, on))
  for (const load of loads) load.close()
  await requireSound(pair, walletsPerShard * fenAtStart)
  return rows
}

/** Writes and asks where a shard's first owner is: nothing moves in these rows. */
function pairOf(wires: readonly Wire[]): Pick<Wire, 'shardCount' | 'append' | 'appendAsConnector' | 'ask'> {
  const of = (shard: number): Wire => wires[shard % wires.length]!
  return {
    shardCount: shards,
    append: (shard, ...frame) => of(shard).append(shard, ...frame),
    appendAsConnector: (shard, ...frame) => of(shard).appendAsConnector(shard, ...frame),
    ask: (shard, query) => of(shard).ask(shard, query),
  }
}

function pidsOf(regions: StartedRegions): Record<string, number> {
  const pids: Record<string, number> = {}
  for (const letter of letters) {
    for (const [name, pid] of Object.entries(regions.facts(letter).pids)) {
      if (name === 'nats-server' || name.startsWith('worker')) pids[`${letter}/${name}`] = pid
    }
  }
  const { witness, toxiproxy } = regions.started.installation().pids
  return { ...pids, ...(witness && { witness }), ...(toxiproxy && { toxiproxy }) }
}
