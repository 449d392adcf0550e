import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream'
import { type Msg, type NatsConnection, nanos, PermissionViolationError } from '@nats-io/nats-core'
import { isStreamNotFound } from './jetStreamErrors.ts'
import { NatsLink } from './natsLink.ts'
import { heartbeatMs, type PullLimits, PullSlot } from './pullSlot.ts'
import { RestRule } from './restRule.ts'
import type { EntryHandler, Follower, FollowerState, LogEntry } from './shardLog.ts'
import { LogGap, LogRefusal } from './shardLog.ts'

const messagesPerPull = 256
const messagesPerLot = 2_048
/** How often a reader that may rest but does not looks at whether it should. */
const messagesBetweenLooks = 64
/** Two missed heartbeats and half of one: the server or the consumer is gone. */
const silenceMs = heartbeatMs * 2.5
/** The server drops the consumer of a reader that vanished after this long. */
const inactiveMs = 30_000
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
  /** 0 for a reader that is told of each entry at once. */
  readonly restMs: number
  readonly streamMissingMsMax: number
  readonly onState: (state: FollowerState) => void
}

/**
 * Reads a stream from a sequence on, over a consumer without acknowledgements that it makes anew whenever the server,
 * the link or the consumer is lost. At most `windowBytes` are on their way or waiting here: the next bytes are asked for
 * when earlier ones have been handled.
 */
export class JetStreamFollower implements Follower {
  readonly failed: Promise<Error>
  readonly #options: FollowerOptions
  readonly #link: NatsLink
  readonly #fail: (error: Error) => void
  readonly #stopListening: () => void
  readonly #watch: NodeJS.Timeout
  /** Entries to hand on, and slots whose turn to ask again comes when what stands before them is done. */
  #queue: (LogEntry | PullSlot)[] = []
  #queueHead = 0
  #nextSeq: number
  #nextDelivery = 1
  #slots: PullSlot[] = []
  #rest: NodeJS.Timeout | undefined
  #restRule: RestRule | undefined
  #consumer: string | undefined
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
    const { connection, manager, stream } = this.#options
    this.#close()
    const { state } = await manager.streams.info(stream)
    if (this.#nextSeq > state.last_seq + 1) {
      throw new LogGap(stream, this.#nextSeq, state.last_seq + 1, 'the log has lost its tail')
    }
    if (this.#nextSeq < state.first_seq) throw new LogGap(stream, this.#nextSeq, state.first_seq, 'the log was trimmed')
    const { name } = await manager.consumers.add(stream, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#nextSeq,
      ack_policy: AckPolicy.None,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(inactiveMs),
    })
    this.#consumer = name
    if (this.#ended) return this.#close()
    this.#nextDelivery = 1
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`
    const makeSlot = () => {
      const slot: PullSlot = new PullSlot(connection, this.#link.inboxPrefix, subject, {
        onMessage: (message) => this.#receive(message),
        onEnd: (ended) => this.#enqueue(ended),
        onBroken: (code, what) => this.#interrupt(`${code} ${what}`, slot),
        onSign: () => {
          this.#signMs = performance.now()
        },
        onDenied: (error) => this.#fail(this.#denied(error)),
      })
      return slot
    }
    const { windowBytes, restMs } = this.#options
    this.#slots = restMs > 0 ? [makeSlot()] : [makeSlot(), makeSlot()]
    this.#openedMs = this.#signMs = performance.now()
    if (restMs > 0) {
      this.#restRule = new RestRule(restMs, this.#nextSeq, this.#openedMs)
      this.#pullLot(this.#slots[0]!, true)
    } else {
      // The server serves its requests in turn; a shorter first one keeps the two from running out together.
      this.#slots[0]!.pull({ messages: messagesPerPull / 2, bytes: windowBytes / 4 })
      this.#pull(this.#slots[1]!)
    }
    this.#tell({ kind: 'following' })
  }

  #finalError(error: unknown, triedMs: number): Error | undefined {
    if (error instanceof LogGap) return error
    if (isStreamNotFound(error) && triedMs > this.#options.streamMissingMsMax) {
      return new LogRefusal(this.#options.stream, error.code, 'there is no such stream', { cause: error })
    }
    if (error instanceof PermissionViolationError) return this.#denied(error)
    return undefined
  }

  #receive(message: Msg): void {
    const { stream } = this.#options
    const { seq, delivery, stampMs } = deliveryOf(message.reply ?? '')
    if (delivery !== this.#nextDelivery) this.#interrupt('a delivery was lost on the way')
    else if (seq !== this.#nextSeq) {
      const what = seq > this.#nextSeq ? 'the log was trimmed or damaged' : 'the log has lost its tail'
      this.#fail(new LogGap(stream, this.#nextSeq, seq, what))
    } else {
      this.#nextDelivery++
      this.#nextSeq++
      this.#enqueue({ seq, stampMs, subject: message.subject, data: message.data })
    }
  }

  #enqueue(item: LogEntry | PullSlot): void {
    this.#queue.push(item)
    if (!this.#draining) this.#drain()
  }

  #drain(): void {
    this.#draining = true
    try {
      while (!this.#ended && this.#queueHead < this.#queue.length) {
        const item = this.#queue[this.#queueHead++]!
        if (item instanceof PullSlot) this.#pullAgain(item)
        else {
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

  #pullAgain(slot: PullSlot): void {
    if (this.#restRule === undefined) {
      this.#pull(slot)
      return
    }
    const oneLot = this.#restRule.rests(this.#nextSeq, performance.now())
    // A lot that was cut off by its size says that there is more: no rest then.
    if (!oneLot || !slot.emptied) this.#pullLot(slot, oneLot)
    else this.#rest = setTimeout(() => this.#pullLot(slot, true), this.#options.restMs)
  }

  #pullLot(slot: PullSlot, oneLot: boolean): void {
    const { windowBytes } = this.#options
    this.#pull(slot, { messages: oneLot ? messagesPerLot : messagesBetweenLooks, bytes: windowBytes, oneLot })
  }

  #pull(
    slot: PullSlot,
    limits: PullLimits = { messages: messagesPerPull, bytes: this.#options.windowBytes / 2 },
  ): void {
    // A slot of an earlier consumer may still stand in the queue.
    if (!this.#slots.includes(slot) || this.#options.connection.isClosed()) return
    // No sign is due while nothing is asked for, so that a slow handler does not look like a silent server.
    if (!this.#slots.some((other) => other.open)) this.#signMs = performance.now()
    slot.pull(limits)
  }

  #checkSigns(): void {
    const nowMs = performance.now()
    const late = nowMs - this.#tickMs > 2 * heartbeatMs
    this.#tickMs = nowMs
    // After a standstill of this process the server's signs may wait unread in the socket.
    if (late) this.#signMs = Math.max(this.#signMs, nowMs - heartbeatMs)
    else if (this.#slots.some((slot) => slot.open) && nowMs - this.#signMs > silenceMs) this.#interrupt('no heartbeat')
  }

  #interrupt(reason: string, slot?: PullSlot): void {
    if (this.#ended || (slot !== undefined && !this.#slots.includes(slot))) return
    this.#close()
    this.#tell({ kind: 'interrupted', reason })
    if (this.#link.up) this.#start()
  }

  #tell(state: FollowerState): void {
    if (!this.#ended) this.#options.onState(state)
  }

  #close(): void {
    clearTimeout(this.#rest)
    for (const slot of this.#slots) slot.close()
    this.#slots = []
    const name = this.#consumer
    this.#consumer = undefined
    if (name === undefined || !this.#link.up || this.#options.connection.isClosed()) return
    // Courtesy only: the server drops an idle consumer by itself.
    this.#options.manager.consumers.delete(this.#options.stream, name).catch(() => undefined)
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

/** Reads `$JS.ACK.…`, which has 9 tokens, or 11 and more with domain and account. Stamps come in nanoseconds. */
function deliveryOf(reply: string): { seq: number; delivery: number; stampMs: number } {
  const tokens = reply.split('.')
  const at = tokens.length === 9 ? 5 : 7
  const stampNs = tokens[at + 2] ?? ''
  // Cut the last six digits as text: the number itself is beyond what a double holds exactly.
  return { seq: Number(tokens[at]), delivery: Number(tokens[at + 1]), stampMs: Number(stampNs.slice(0, -6)) }
}
