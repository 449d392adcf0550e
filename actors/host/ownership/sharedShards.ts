import type { Logger } from 'pino'
import { decodeJson, encodeJson } from '../../log/jsonBytes.ts'
import { messageOf } from '../../log/process.ts'
import { beatSubject, controlSubject, vouchSubject } from '../../log/subjects.ts'
import type { RunnerOptions } from '../shardRunner.ts'
import type { Subscription, WorkerConnection, WorkerTimers } from '../worker.ts'
import { roundEveryMs } from './alarms.ts'
import { PeerMessages, readBeats, readVouches } from './peerMessages.ts'
import { type SharedOptions, SharedRunner } from './sharedRunner.ts'

/** What a worker is given where there are two regions. */
export type SharedRegion = Omit<SharedOptions, 'messages'> & {
  readonly publish: (subject: string, message: Uint8Array) => void
}

export type SharedShardsOptions = {
  readonly region: string
  readonly shared: SharedRegion
  readonly connection: WorkerConnection
  readonly timers: WorkerTimers
  readonly logger: Logger
  /** The runners of this worker. */
  readonly runners: () => Iterable<SharedRunner>
  readonly runner: (shard: number) => SharedRunner | undefined
}

/** What all shards of a worker share where two regions hold them: messages to and from the other region, and rounds. */
export class SharedShards {
  readonly #o: SharedShardsOptions
  readonly #messages: PeerMessages
  #subscriptions: Subscription[] = []
  #cancelRound: (() => void) | undefined

  constructor(options: SharedShardsOptions) {
    this.#o = options
    const { region, shared, timers } = options
    this.#messages = new PeerMessages({ region, peer: shared.peer, publish: shared.publish, after: timers.after })
  }

  start(): void {
    const { region } = this.#o
    this.#hear(vouchSubject(region), (message) => {
      for (const vouch of readVouches(message)) this.#o.runner(vouch.shard)?.onVouch(vouch)
    })
    this.#hear(beatSubject(region), (message) => {
      for (const beat of readBeats(message)) this.#o.runner(beat.shard)?.onBeat(beat)
    })
    this.#round()
  }

  #hear(subject: string, take: (message: Uint8Array) => void): void {
    const { connection, logger } = this.#o
    const callback: Parameters<WorkerConnection['subscribe']>[1]['callback'] = (error, message) => {
      if (error !== null) return
      try {
        take(message.data)
      } catch (problem) {
        logger.warn({ subject, error: messageOf(problem) }, 'message of the other region dropped')
      }
    }
    this.#subscriptions.push(connection.subscribe(subject, { callback }))
  }

  #round(): void {
    for (const runner of this.#o.runners()) runner.round()
    this.#cancelRound = this.#o.timers.after(roundEveryMs, () => this.#round())
  }

  runnerOf(options: RunnerOptions, lease: { readonly surelyHeld: boolean }): SharedRunner {
    return new SharedRunner({ ...options, lease, shared: { ...this.#o.shared, messages: this.#messages } })
  }

  /** Answers what operators ask of this region's replica of the shard. */
  answerControl(shard: number, runner: SharedRunner): Subscription {
    return this.#o.connection.subscribe(controlSubject(this.#o.region, shard), {
      callback: (error, message) => {
        if (error !== null) return
        const answer = (request: unknown): void =>
          void runner.onControl(request).then((said) => message.respond(encodeJson(said)))
        try {
          answer(decodeJson(message.data))
        } catch {
          answer(undefined)
        }
      },
    })
  }

  stop(): void {
    this.#cancelRound?.()
    this.#messages.stop()
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
    this.#subscriptions = []
  }
}
