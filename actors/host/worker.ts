import type { Logger } from 'pino'
import { encodeJson } from '../log/jsonBytes.ts'
import { messageOf } from '../log/process.ts'
import type { QueryAnswer } from '../log/queries.ts'
import { querySubject } from '../log/subjects.ts'
import { Lease, type LeaseStore, leaseSoughtEveryMs, leaseTendEveryMs } from './lease.ts'
import { SharedRunner } from './ownership/sharedRunner.ts'
import { type SharedRegion, SharedShards } from './ownership/sharedShards.ts'
import { type Runner, type RunnerOptions, ShardRunner } from './shardRunner.ts'

export type Subscription = { unsubscribe(): void }
type Message = { readonly data: Uint8Array; respond(answer: Uint8Array): unknown }

/** What a worker needs of a NATS connection; the simulation has a bus of its own. */
export type WorkerConnection = {
  subscribe(subject: string, options: { callback: (error: Error | null, message: Message) => void }): Subscription
}

/** This machine's timers and a clock that never jumps; the simulation gives virtual ones. */
export type WorkerTimers = {
  after(delayMs: number, work: () => void): () => void
  monotonicMs(): number
}

const notLeading: QueryAnswer = { ok: false, error: 'not-leading' }

const machineTimers: WorkerTimers = {
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs)
    return () => clearTimeout(timer)
  },
  monotonicMs: () => performance.now(),
}

export type WorkerOptions = {
  region: string
  workerId: string
  shardCount: number
  preferredShards: readonly number[]
  /** The other region, and the witness between them; absent where this region is alone. */
  shared?: SharedRegion
  connection: WorkerConnection
  leases: LeaseStore
  logger: Logger
  /** All that a runner needs but its shard and log. */
  runnerFor: (shard: number) => Promise<RunnerOptions>
  timers?: WorkerTimers
}

type Seat = {
  lease: Lease
  runner: Runner | undefined
  subscriptions: Subscription[]
  starting: boolean
  /** It is being handed over to the worker that prefers it. */
  leaving: boolean
  /** It is another's, and looked at often. */
  seeking: boolean
  /** Until what ran it here has ended, the shard is not begun again. */
  ending: Promise<void> | undefined
}

/** One process that runs as many shards as its leases say. */
export class Worker {
  readonly #o: WorkerOptions
  readonly #timers: WorkerTimers
  readonly #seats: Seat[]
  readonly #shared: SharedShards | undefined
  #marks: Subscription[] = []
  #cancelTend: (() => void) | undefined
  #stopped = false

  constructor(options: WorkerOptions) {
    this.#o = options
    this.#timers = options.timers ?? machineTimers
    const { monotonicMs } = this.#timers
    this.#seats = Array.from({ length: options.shardCount }, (_, shard) => {
      const preferred = options.preferredShards.includes(shard)
      const lease = new Lease(options.leases, shard, options.workerId, preferred, monotonicMs)
      const idle = { starting: false, leaving: false, seeking: false, ending: undefined }
      return { lease, runner: undefined, subscriptions: [], ...idle }
    })
    const { shared, region, connection, logger } = options
    if (shared === undefined) return
    this.#shared = new SharedShards({
      region,
      shared,
      connection,
      timers: this.#timers,
      logger,
      runners: () => this.#seats.flatMap(({ runner }) => (runner instanceof SharedRunner ? [runner] : [])),
      runner: (shard) => this.sharedRunner(shard),
    })
  }

  /** Shards that this worker leads now. */
  get leading(): number[] {
    return this.#seats.flatMap((seat, shard) => (seat.runner?.leading ? [shard] : []))
  }

  runner(shard: number): Runner | undefined {
    return this.#seats[shard]?.runner
  }

  sharedRunner(shard: number): SharedRunner | undefined {
    const runner = this.runner(shard)
    return runner instanceof SharedRunner ? runner : undefined
  }

  start(): void {
    const { region, shared } = this.#o
    const regions = shared === undefined ? [region] : [region, shared.peer]
    // One subject a region: the link passes on interest in these, and none that is wider.
    this.#marks = regions.map((each) => this.#hearMarks(each))
    this.#shared?.start()
    this.#tend()
  }

  #hearMarks(region: string): Subscription {
    return this.#o.connection.subscribe(`mark.${region}.*`, {
      callback: (error, message) => {
        if (error !== null) return
        for (const { runner } of this.#seats) runner?.leader?.onMark(message.data)
      },
    })
  }

  #tend(): void {
    void Promise.allSettled(this.#seats.map((seat, shard) => this.#tendSeat(seat, shard))).then(() => {
      if (this.#stopped && !this.#seats.some(({ lease }) => lease.held)) return
      this.#cancelTend = this.#timers.after(leaseTendEveryMs, () => this.#tend())
      for (const [shard, seat] of this.#seats.entries()) this.#seekSoon(seat, shard)
    })
  }

  /** While a shard changes its worker nobody leads it: whoever may take it does not wait for a round. */
  #seekSoon(seat: Seat, shard: number): void {
    if (seat.seeking || seat.lease.held || this.#stopped) return
    seat.seeking = true
    this.#timers.after(leaseSoughtEveryMs, () => {
      if (this.#stopped) return
      void this.#tendSeat(seat, shard).then(() => {
        seat.seeking = false
        this.#seekSoon(seat, shard)
      })
    })
  }

  async #tendSeat(seat: Seat, shard: number): Promise<void> {
    // A worker that stops takes nothing any more, but keeps what it has not left yet.
    if (seat.ending !== undefined || (this.#stopped && !seat.lease.held)) return
    try {
      await seat.lease.tend()
    } catch (error) {
      // The bucket cannot be reached: go on as before. Two leaders do no harm, none would.
      this.#o.logger.warn({ shard, error: messageOf(error) }, 'lease not tended')
      return
    }
    if (this.#stopped) return
    if (seat.lease.held && seat.runner === undefined && !seat.starting) await this.#begin(seat, shard)
    else if (!seat.lease.held && seat.runner !== undefined && !seat.starting) this.#end(seat, shard, seat.runner)
    else if (seat.lease.held && seat.lease.wantedBy !== undefined && !seat.starting && !seat.leaving) {
      seat.leaving = true
      void this.#handOver(seat, shard).finally(() => {
        seat.leaving = false
      })
    }
  }

  /** The worker that asked for the shard begins from a snapshot of now: the shard stands still for a moment only. */
  async #handOver(seat: Seat, shard: number): Promise<void> {
    const { logger } = this.#o
    await seat.runner?.snapshot().catch((error: unknown) => {
      logger.warn({ shard, error: messageOf(error) }, 'no snapshot to begin from, the log has all')
    })
    try {
      await seat.lease.handOver()
    } catch (error) {
      logger.warn({ shard, error: messageOf(error) }, 'lease not handed over, it grows stale')
    }
  }

  async #begin(seat: Seat, shard: number): Promise<void> {
    seat.starting = true
    let options: RunnerOptions
    try {
      options = await this.#o.runnerFor(shard)
    } catch (error) {
      seat.starting = false
      this.#o.logger.error({ shard, error: messageOf(error) }, 'shard cannot be begun, tried again')
      return
    }
    const runner = this.#shared?.runnerOf(options, seat.lease) ?? new ShardRunner(options)
    seat.runner = runner
    // Loading may take seconds; the leases of the other shards must be tended meanwhile.
    runner.start().then(
      () => {
        seat.starting = false
        this.#subscribe(seat, shard, runner)
      },
      (error: unknown) => {
        seat.starting = false
        this.#o.logger.fatal({ shard, error: messageOf(error) }, 'shard stops')
        options.ports.onError(error)
      },
    )
  }

  /** It may wait for a snapshot that is under way; the leases of the other shards must be tended meanwhile. */
  #end(seat: Seat, shard: number, runner: Runner): void {
    const { logger } = this.#o
    logger.info({ shard }, 'lease is gone')
    unsubscribe(seat)
    seat.runner = undefined
    seat.ending = runner
      .stop()
      .catch((error: unknown) => logger.warn({ shard, error: messageOf(error) }, 'shard did not end as it should'))
      .finally(() => {
        seat.ending = undefined
      })
  }

  #subscribe(seat: Seat, shard: number, runner: Runner): void {
    if (seat.runner !== runner || this.#stopped) return
    seat.subscriptions = [this.#answerQueries(shard, runner, seat)]
    if (runner instanceof SharedRunner) seat.subscriptions.push(this.#shared!.answerControl(shard, runner))
  }

  #answerQueries(shard: number, runner: Runner, seat: Seat): Subscription {
    const { lease } = seat
    let checking: Promise<void> | undefined
    // As in a round: a lease that turns out to be lost ends the runner. It could be had again before the next round, and
    // the runner would go on as if nobody had led meanwhile.
    const check = (): Promise<void> => {
      checking ??= this.#tendSeat(seat, shard).finally(() => {
        checking = undefined
      })
      return checking
    }
    return this.#o.connection.subscribe(querySubject(this.#o.region, shard), {
      callback: (error, message) => {
        if (error !== null || runner.leader === undefined) return
        const answer = (): void => this.#answer(shard, runner, lease, message)
        // Two leaders write the same, but one that stood still would read out what was true before it did.
        if (lease.surelyHeld) answer()
        else void check().then(answer)
      },
    })
  }

  #answer(shard: number, runner: Runner, lease: Lease, message: Message): void {
    const answer = this.#answerOf(shard, runner, lease, message.data)
    if (!(answer instanceof Promise)) {
      message.respond(encodeJson(answer))
      return
    }
    // The lease may have run out while what was read was not committed yet.
    void answer.then((later) => message.respond(encodeJson(lease.surelyHeld ? later : notLeading)))
  }

  #answerOf(shard: number, { leader }: Runner, lease: Lease, query: Uint8Array): QueryAnswer | Promise<QueryAnswer> {
    if (!lease.surelyHeld || leader === undefined) return notLeading
    try {
      return leader.onQuery(query)
    } catch (problem) {
      this.#o.logger.warn({ shard, error: messageOf(problem) }, 'query not understood')
      return { ok: false, error: 'query-malformed' }
    }
  }

  /** Takes a last snapshot of each shard, so that the next start is short, and gives the leases back. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const marks of this.#marks) marks.unsubscribe()
    // What is under way is still committed meanwhile, and the leases are renewed until each is given back.
    await Promise.allSettled(this.#seats.map((seat) => this.#leave(seat)))
    this.#cancelTend?.()
    this.#shared?.stop()
  }

  async #leave(seat: Seat): Promise<void> {
    unsubscribe(seat)
    await seat.runner?.snapshot().catch((error: unknown) => {
      this.#o.logger.warn({ error: messageOf(error) }, 'no last snapshot, the log has all')
    })
    await seat.runner?.stop()
    await seat.ending
    await seat.lease.release()
  }
}

function unsubscribe(seat: Seat): void {
  for (const subscription of seat.subscriptions) subscription.unsubscribe()
  seat.subscriptions = []
}
