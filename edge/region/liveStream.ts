import type { LiveCounts, LiveSecond } from './liveCounts.ts'
import type { RegionHealth, RegionWatch } from './regionWatch.ts'

const everyMs = 1_000
const firstSeconds = 60
/** A stream ends after an hour; who still looks asks again. */
const streamMs = 3_600_000
const streamsMax = 100

export type LiveShard = {
  readonly shard: number
  readonly commands_per_s: number | null
  readonly mark_lag: number | null
}
export type LiveEvent = { readonly seconds: readonly LiveSecond[]; readonly shards: readonly LiveShard[] }

/** Sends what happens now to whoever looks, once a second, as server-sent events. */
export class LiveStreams {
  readonly #counts: LiveCounts
  readonly #watch: Pick<RegionWatch, 'look'>
  readonly #open = new Set<() => void>()
  #before: RegionHealth | undefined
  #latest: RegionHealth | undefined

  constructor(counts: LiveCounts, watch: Pick<RegionWatch, 'look'>) {
    this.#counts = counts
    this.#watch = watch
  }

  get full(): boolean {
    return this.#open.size >= streamsMax
  }

  /** @param goesOn whether the caller may still see it; asked each second */
  stream(goesOn: () => Promise<boolean>): ReadableStream<Uint8Array> {
    const text = new TextEncoder()
    let end = (): void => undefined
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        let seconds = firstSeconds
        const tick = async (): Promise<void> => {
          const event = await this.#event(seconds)
          seconds = 1
          // A reader that does not take what is sent is not sent more: the next second tells it anew.
          if ((controller.desiredSize ?? 1) > 0) controller.enqueue(text.encode(`data: ${JSON.stringify(event)}\n\n`))
        }
        const step = (): void => {
          void goesOn()
            .then((on) => (on ? tick() : end()))
            .catch(() => end())
        }
        const timer = setInterval(step, everyMs)
        const over = setTimeout(() => end(), streamMs)
        end = () => {
          clearInterval(timer)
          clearTimeout(over)
          if (this.#open.delete(end)) controller.close()
        }
        this.#open.add(end)
        step()
      },
      cancel: () => {
        // The stream is closed already: only what feeds it ends.
        this.#open.delete(end)
        end()
      },
    })
  }

  /** Ends every stream: a server that drains must not wait for people who look. */
  close(): void {
    for (const end of [...this.#open]) end()
  }

  async #event(count: number): Promise<LiveEvent> {
    const health = await this.#watch.look()
    if (health !== this.#latest) {
      this.#before = this.#latest
      this.#latest = health
    }
    return { seconds: this.#counts.last(count), shards: health.shards.map((one) => this.#shard(one)) }
  }

  #shard({ shard, commands, markLag }: RegionHealth['shards'][number]): LiveShard {
    const before = this.#before?.shards.find((one) => one.shard === shard)?.commands
    const seconds = ((this.#latest?.takenMs ?? 0) - (this.#before?.takenMs ?? 0)) / 1_000
    // A worker that took the shard over counts on from the same log; one that is away says nothing.
    const known = commands !== undefined && before !== undefined && commands >= before && seconds < 10
    return {
      shard,
      commands_per_s: known ? Math.round((commands - before) / seconds) : null,
      mark_lag: markLag ?? null,
    }
  }
}
