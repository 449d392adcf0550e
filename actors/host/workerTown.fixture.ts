import type { Logger } from 'pino'
import pino from 'pino'
import { decodeJson, encodeJson } from '../log/jsonBytes.ts'
import type { Query, QueryAnswer } from '../log/queries.ts'
import { querySubject } from '../log/subjects.ts'
import { HostTown, region } from './hostTown.fixture.ts'
import { memoryLeases } from './memoryLeases.fixture.ts'
import type { RunnerOptions } from './shardRunner.ts'
import { Worker, type WorkerConnection } from './worker.ts'

type Subscriber = Parameters<WorkerConnection['subscribe']>[1]['callback']

/** A worker of the test, which can be frozen: none of its timers runs meanwhile. */
export type TownWorker = { readonly worker: Worker; frozen: boolean; readonly lines: Record<string, unknown>[] }

/** Whole workers over the shards of a town, with leases and a message bus in memory. */
export class WorkerTown {
  readonly town: HostTown
  readonly leases = memoryLeases()
  readonly #subscribers = new Map<string, Set<Subscriber>>()
  readonly #workers: TownWorker[] = []

  constructor(folder: string) {
    this.town = new HostTown({ folder, onSaid: (subject, message) => this.#deliver(subject, message) })
  }

  #deliver(subject: string, data: Uint8Array, respond: (answer: Uint8Array) => void = () => undefined): void {
    const [root, ...rest] = subject.split('.')
    const pattern = root === 'mark' ? `mark.${rest[0]}.*` : subject
    for (const hear of this.#subscribers.get(pattern) ?? []) queueMicrotask(() => hear(null, { data, respond }))
  }

  readonly #connection: WorkerConnection = {
    subscribe: (subject, { callback }) => {
      const all = this.#subscribers.get(subject) ?? new Set()
      this.#subscribers.set(subject, all.add(callback))
      return { unsubscribe: () => all.delete(callback) }
    },
  }

  start(
    workerId: string,
    preferredShards: readonly number[],
    runnerFor = (shard: number, ready: RunnerOptions): Promise<RunnerOptions> => Promise.resolve({ ...ready, shard }),
  ): TownWorker {
    const { town } = this
    const lines: Record<string, unknown>[] = []
    const logger: Logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) })
    const after = (delayMs: number, work: () => void): (() => void) => {
      const run = (): void => {
        if (started.frozen) town.timers.after(50, run)
        else work()
      }
      return town.timers.after(delayMs, run)
    }
    const worker = new Worker({
      region,
      workerId,
      shardCount: town.logs.length,
      preferredShards,
      connection: this.#connection,
      leases: this.leases,
      logger,
      runnerFor: (shard) => {
        const options = town.runnerOptions(shard, workerId)
        return runnerFor(shard, { ...options, logger, ports: { ...options.ports, after } })
      },
      timers: { after, monotonicMs: () => town.timers.nowMs },
    })
    const started: TownWorker = { worker, frozen: false, lines }
    this.#workers.push(started)
    worker.start()
    return started
  }

  /** All answers to one question: each worker that answers is heard. */
  async ask(shard: number, query: Query): Promise<QueryAnswer[]> {
    const answers: QueryAnswer[] = []
    this.#deliver(querySubject(region, shard), encodeJson(query), (answer) => {
      answers.push(decodeJson(answer) as QueryAnswer)
    })
    await new Promise((resolve) => setTimeout(resolve, 1))
    return answers
  }

  async end(): Promise<void> {
    for (const { worker } of this.#workers) await worker.stop()
    await this.town.end()
  }
}
