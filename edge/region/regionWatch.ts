import type { OwnerDirectory } from '../../actors/log/ownerDirectory.ts'
import { readShardGauges, type ShardGauges } from './shardGauges.ts'

/** A process of the region and where it tells how it is. */
export type WatchedProcess = { readonly name: string; readonly statusUrl: string }

export type ProcessHealth = { readonly name: string; readonly ready: boolean; readonly detail: string | undefined }
export type ShardHealth = ShardGauges & {
  readonly shard: number
  readonly owner: string | undefined
  readonly epoch: number | undefined
  readonly mode: string | undefined
  /** The worker that tells of it. */
  readonly worker: string | undefined
}
export type RegionHealth = {
  readonly region: string
  readonly peer: string | undefined
  readonly takenMs: number
  readonly shards: readonly ShardHealth[]
  readonly processes: readonly ProcessHealth[]
}

export type RegionWatchOptions = {
  readonly region: string
  readonly peer: string | undefined
  readonly shardCount: number
  readonly owners: OwnerDirectory
  readonly processes: readonly WatchedProcess[]
  readonly nowMs: () => number
}

const statusTimeoutMs = 800
const freshMs = 900
const detailLengthMax = 300

type Answer = { readonly process: WatchedProcess; readonly health: ProcessHealth; readonly metrics: string }

/** How the region's processes and shards are. However many ask, the processes are asked about once a second. */
export class RegionWatch {
  readonly #o: RegionWatchOptions
  #looking: Promise<RegionHealth> | undefined
  #takenMs = Number.NEGATIVE_INFINITY

  constructor(options: RegionWatchOptions) {
    this.#o = options
  }

  look(): Promise<RegionHealth> {
    const nowMs = this.#o.nowMs()
    if (this.#looking === undefined || nowMs - this.#takenMs > freshMs) {
      this.#takenMs = nowMs
      this.#looking = this.#look(nowMs)
    }
    return this.#looking
  }

  async #look(takenMs: number): Promise<RegionHealth> {
    const { region, peer, processes, shardCount } = this.#o
    const answers = await Promise.all(processes.map(ask))
    const shards = Array.from({ length: shardCount }, (_, shard) => this.#shard(shard, answers))
    return { region, peer, takenMs, shards, processes: answers.map(({ health }) => health) }
  }

  #shard(shard: number, answers: readonly Answer[]): ShardHealth {
    const owner = this.#o.owners.ownerOf(shard)
    const told = answers.flatMap(({ process, metrics }) => {
      const gauges = readShardGauges(metrics).get(shard)
      return gauges === undefined ? [] : [{ worker: process.name, gauges }]
    })
    // A worker that leads a shard knows more of it than one that follows.
    const best = told.find(({ gauges }) => gauges.seq !== undefined) ?? told[0]
    const known = { owner: owner?.region, epoch: owner?.epoch, mode: owner?.record.mode }
    return { ...best?.gauges, shard, ...known, worker: best?.worker }
  }
}

async function ask(process: WatchedProcess): Promise<Answer> {
  const { name, statusUrl } = process
  try {
    const signal = AbortSignal.timeout(statusTimeoutMs)
    const ready = await fetch(`${statusUrl}/readyz`, { signal })
    const detail = (await ready.text()).trim().slice(0, detailLengthMax)
    const isWorker = name.startsWith('worker')
    const metrics = isWorker ? await (await fetch(`${statusUrl}/metrics`, { signal })).text() : ''
    return { process, health: { name, ready: ready.ok, detail: ready.ok ? undefined : detail }, metrics }
  } catch {
    return { process, health: { name, ready: false, detail: 'does not answer' }, metrics: '' }
  }
}
