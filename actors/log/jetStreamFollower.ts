import type { JetStreamManager } from '@nats-io/jetstream'
import { type NatsConnection, PermissionViolationError } from '@nats-io/nats-core'
import { isStreamNotFound } from './jetStreamErrors.ts'
import { NatsLink } from './natsLink.ts'
import { PulledEntries } from './pulledEntries.ts'
import { heartbeatMs } from './pullSlot.ts'
import type { EntryHandler, Follower, FollowerState, LogEntry } from './shardLog.ts'
import { LogGap, LogRefusal } from './shardLog.ts'
import { ToldEntries, type ToldSubjects } from './toldEntries.ts'

/** Two missed heartbeats and half of one: the server or the consumer is gone. */
const silenceMs = heartbeatMs * 2.5
const retryMsMin = 50
const retryMsMax = 1_000
const reopenMsMin = 250

export type FollowerOptions = {
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  readonly stream: string
  readonly fromSeq: number
  readonly onEntry: EntryHandler
  readonly windowBytes: number
  readonly messageBytesMax: number
  /** 0 for a reader that is told of each entry at once. */
  readonly restMs: number
  /** Of a reader that goes on with what the server tells once it has caught up. */
  readonly told: ToldSubjects | undefined
  readonly streamMissingMsMax: number
  readonly onState: (state: FollowerState) => void
}

/**
 * Reads a stream from a sequence on, over a consumer that it makes anew whenever the server, the link or the consumer is
 * lost, and where it may by what the server tells. Of a consumer at most `windowBytes` are on their way or waiting here: the
 * next bytes are asked for when earlier ones have been handled. Of what is told no more than that waits here.
 */
export class JetStreamFollower implements Follower {
  readonly failed: Promise<Error>
  readonly #options: FollowerOptions
  readonly #link: NatsLink
  readonly #fail: (error: Error) => void
  readonly #stopListening: () => void
  readonly #watch: NodeJS.Timeout
  /** Entries to hand on, and what is to be done when those before it have been. */
  #queue: (LogEntry | (() => void))[] = []
  #queueHead = 0
  #queuedBytes = 0
  #nextSeq: number
  #pulled: PulledEntries | undefined
  #told: ToldEntries | undefined
  #opening = false
  #reopen = false
  #openedMs = Number.NEGATIVE_INFINITY
  #signMs = 0
  #tickMs = 0
  #held: Promise<void> | undefined
  #draining = false
  #ended = false

  constructor(options: FollowerOptions) {
    this.#options = options
    this.#link = NatsLink.of(options.connection)
    this.#nextSeq = options.fromSeq
    const { promise, resolve } = Promise.withResolvers<Error>()
    this.failed = promise
    this.#fail = (error) => {
      if (this.#ended) return
      this.#end()
      resolve(error)
    }
    this.#stopListening = this.#link.listen({
      onLost: () => this.#interrupt('connection lost'),
      onBack: () => this.#start(),
      onClosed: () => this.#fail(new Error(`log ${options.stream}: the NATS connection was closed`)),
      onDenied: (denied) => {
        const tokens = denied.subject.split('.')
        // To delete the consumer is a courtesy that a reader may do without.
        if (tokens.includes(options.stream) && !tokens.includes('DELETE')) this.#fail(this.#denied(denied))
      },
    })
    this.#watch = setInterval(() => this.#checkSigns(), heartbeatMs)
    this.#start()
  }

  async stop(): Promise<void> {
    this.#end()
    await this.#held?.catch(() => undefined)
  }

  #start(): void {
    this.#reopen = this.#opening
    if (this.#opening) return
    this.#opening = true
    void this.#open().finally(() => {
      this.#opening = false
      // The link may have come back after the last try and before this line.
      if (this.#reopen && this.#link.up && !this.#ended) this.#start()
    })
  }

  /** Tries until a consumer stands, the follower is stopped, or the server says that trying is useless. */
  async #open(): Promise<void> {
    let retryMs = retryMsMin
    const beganMs = performance.now()
    // A consumer that breaks as soon as it stands must not be made anew in a tight loop.
    if (beganMs - this.#openedMs < reopenMsMin) await pause(reopenMsMin)
    while (!this.#ended && this.#link.up) {
      this.#reopen = false
      try {
        await this.#openOnce()
        if (!this.#reopen) return
      } catch (error) {
        const final = this.#finalError(error, performance.now() - beganMs)
        if (final !== undefined) return this.#fail(final)
        this.#tell({ kind: 'interrupted', reason: (error as Error).message })
      }
      await pause(retryMs)
      retryMs = Math.min(retryMs * 2, retryMsMax)
    }
  }

  async #openOnce(): Promise<void> {
    const { manager, stream } = this.#options
    this.#close()
    this.#told = this.#listen()
    const { state, config } = await manager.streams.info(stream)
    if (this.#ended) return
    if (this.#nextSeq > state.last_seq + 1) {
      throw new LogGap(stream, this.#nextSeq, state.last_seq + 1, 'the log has lost its tail')
    }
    if (this.#nextSeq < state.first_seq) throw new LogGap(stream, this.#nextSeq, state.first_seq, 'the log was trimmed')
    // A stream whose server does not tell is read over consumers alone.
    if (config.republish?.dest === this.#options.told?.told) this.#told?.begin(state.last_seq)
    if (!this.#goOnAsTold()) await this.#pull()
    if (this.#ended) return
    this.#openedMs = performance.now()
    this.#tell({ kind: 'following' })
  }

  async #pull(): Promise<void> {
    const pulled = new PulledEntries({
      ...this.#options,
      inboxPrefix: this.#link.inboxPrefix,
      onEntry: (entry) => this.#receive(entry),
      onUsedUp: (askAgain) => this.#enqueue(askAgain),
      onBroken: (reason) => this.#interrupt(reason),
      onSign: this.#seeSign,
      onDenied: this.#onDenied,
    })
    this.#pulled = pulled
    await pulled.open(this.#nextSeq)
  }

  #listen(): ToldEntries | undefined {
    const { connection, manager, stream, told: subjects, windowBytes } = this.#options
    if (subjects === undefined) return undefined
    return new ToldEntries({
      ...{ connection, manager, stream, subjects },
      keptBytesMax: windowBytes,
      onEntry: (entry) => this.#receiveTold(entry),
      onBroken: (reason) => this.#interrupt(reason),
      onFailed: (error) => this.#fail(error),
      onSign: this.#seeSign,
      onDenied: this.#onDenied,
    })
  }

  /** Leaves the consumer for what is told, once that begins no later than where the consumer is. */
  #goOnAsTold(): boolean {
    if (this.#told === undefined || this.#told.taken || !this.#told.takeFrom(this.#nextSeq)) return false
    this.#seeSign()
    this.#pulled?.close()
    this.#pulled = undefined
    return true
  }

  readonly #seeSign = (): void => {
    this.#signMs = performance.now()
  }

  readonly #onDenied = (cause: Error): void => this.#fail(this.#denied(cause))

  #finalError(error: unknown, triedMs: number): Error | undefined {
    if (error instanceof LogGap) return error
    if (isStreamNotFound(error) && triedMs > this.#options.streamMissingMsMax) {
      return new LogRefusal(this.#options.stream, error.code, 'there is no such stream', { cause: error })
    }
    if (error instanceof PermissionViolationError) return this.#denied(error)
    return undefined
  }

  #receive(entry: LogEntry): void {
    const { stream } = this.#options
    if (entry.seq !== this.#nextSeq) {
      const what = entry.seq > this.#nextSeq ? 'the log was trimmed or damaged' : 'the log has lost its tail'
      this.#fail(new LogGap(stream, this.#nextSeq, entry.seq, what))
      return
    }
    this.#nextSeq++
    this.#enqueue(entry)
    this.#goOnAsTold()
  }

  #receiveTold(entry: LogEntry): void {
    this.#seeSign()
    this.#nextSeq = entry.seq + 1
    this.#enqueue(entry)
    if (this.#queuedBytes <= this.#options.windowBytes || this.#told === undefined) return
    // It comes faster than it is handled: what follows is read over a consumer again, as there is room for it.
    this.#close()
    this.#enqueue(() => this.#start())
  }

  #enqueue(item: LogEntry | (() => void)): void {
    this.#queue.push(item)
    if (typeof item !== 'function') this.#queuedBytes += item.data.length
    if (!this.#draining) this.#drain()
  }

  #drain(): void {
    this.#draining = true
    try {
      while (!this.#ended && this.#queueHead < this.#queue.length) {
        const item = this.#queue[this.#queueHead++]!
        if (typeof item === 'function') item()
        else {
          this.#queuedBytes -= item.data.length
          const held = this.#options.onEntry(item)
          if (held !== undefined) {
            this.#waitFor(held)
            return
          }
        }
      }
      this.#queue = []
      this.#queueHead = 0
      this.#draining = false
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  #waitFor(held: Promise<void>): void {
    this.#held = held.then(
      () => {
        this.#held = undefined
        this.#drain()
      },
      (error: Error) => this.#fail(error),
    )
  }

  #checkSigns(): void {
    const nowMs = performance.now()
    const late = nowMs - this.#tickMs > 2 * heartbeatMs
    this.#tickMs = nowMs
    const told = this.#told?.taken === true ? this.#told : undefined
    // After a standstill of this process the server's signs may wait unread in the socket.
    if (late) this.#signMs = Math.max(this.#signMs, nowMs - heartbeatMs)
    else if ((told !== undefined || this.#pulled?.asking) && nowMs - this.#signMs > silenceMs) {
      this.#interrupt('no heartbeat')
      return
    }
    if (nowMs - this.#signMs > heartbeatMs / 2) void told?.look()
  }

  #interrupt(reason: string): void {
    if (this.#ended) return
    this.#close()
    this.#tell({ kind: 'interrupted', reason })
    if (this.#link.up) this.#start()
  }

  #tell(state: FollowerState): void {
    if (!this.#ended) this.#options.onState(state)
  }

  #close(): void {
    this.#told?.close()
    this.#told = undefined
    this.#pulled?.close()
    this.#pulled = undefined
  }

  #end(): void {
    this.#ended = true
    clearInterval(this.#watch)
    this.#stopListening()
    this.#close()
  }

  #denied(cause: Error): LogRefusal {
    return new LogRefusal(this.#options.stream, 0, 'no permission to read the log', { cause })
  }
}

/** Waits about this long: many readers that lost one server should not all come back in the same moment. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms * (0.5 + Math.random())))
}
