import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { followedBytesMax, followWindowBytes, type ServerLimits } from './followWindow.ts'
import { JetStreamAppender } from './jetStreamAppender.ts'
import { JetStreamFollower } from './jetStreamFollower.ts'
import { NatsLink } from './natsLink.ts'
import type {
  AppendOptions,
  AppendOutcome,
  EntryHandler,
  Follower,
  FollowOptions,
  LogBounds,
  ShardLog,
} from './shardLog.ts'
import { logStreamName, logStreamSubjects, toldSubjects } from './subjects.ts'

/** A server's own default of `max_pending`. */
const serverPendingBytes = 64 * 1024 * 1024
const requestTimeoutMs = 2_000

export type JetStreamLogOptions = {
  /** The server's `max_pending` as read back by `checkServer`. */
  readonly maxPendingBytes?: number
  /** Bytes on their way to a follower that asks for no other window: by default two messages of the largest size. */
  readonly windowBytes?: number
  /** How long a follower waits for a stream that is not there: a server that just started may not have found it yet. */
  readonly streamMissingMsMax?: number
}

/** One shard's log as a JetStream stream. The stream must exist: see `logStreams.ts`. */
export class JetStreamLog implements ShardLog {
  readonly stream: string
  readonly #connection: NatsConnection
  readonly #manager: JetStreamManager
  readonly #appender: JetStreamAppender
  readonly #followers = new Set<Follower>()
  readonly #subjects: { readonly stored: string; readonly told: string }
  readonly #windowBytes: number | undefined
  readonly #windowBytesMax: number
  readonly #streamMissingMsMax: number

  constructor(
    connection: NatsConnection,
    manager: JetStreamManager,
    { region, shard }: { readonly region: string; readonly shard: number },
    options: JetStreamLogOptions,
  ) {
    const stream = logStreamName(region, shard)
    this.stream = stream
    this.#subjects = { stored: logStreamSubjects(region, shard), told: toldSubjects(region, shard) }
    this.#connection = connection
    this.#manager = manager
    this.#appender = new JetStreamAppender(connection, stream)
    this.#windowBytes = options.windowBytes
    this.#windowBytesMax = followedBytesMax({ maxPendingBytes: options.maxPendingBytes ?? serverPendingBytes })
    this.#streamMissingMsMax = options.streamMissingMsMax ?? 10_000
  }

  append(subject: string, frame: Uint8Array, options: AppendOptions): Promise<AppendOutcome> {
    return this.#appender.append(subject, frame, options.timeoutMs)
  }

  /** Frames offered and not settled yet. */
  get framesInFlight(): number {
    return this.#appender.inFlight
  }

  /**
   * A follower counts with its whole window until it is stopped, also while it goes on as it is told: all of them are back
   * at consumers at once when the link comes back.
   * @throws Error when the connection has followers for as many bytes as its server would hold for it.
   */
  follow(fromSeq: number, onEntry: EntryHandler, options: FollowOptions = {}): Follower {
    if (!Number.isSafeInteger(fromSeq) || fromSeq < 1) throw new Error(`a log is read from 1 on, not from ${fromSeq}`)
    const messageBytesMax = this.#connection.info?.max_payload ?? 2 * 1024 * 1024
    const windowBytes = options.windowBytes ?? this.#windowBytes ?? 2 * messageBytesMax
    if (windowBytes < messageBytesMax) {
      throw new Error(`a window of ${windowBytes} bytes is less than a message of the largest size`)
    }
    const link = NatsLink.of(this.#connection)
    if (link.windowBytes + windowBytes > this.#windowBytesMax) {
      throw new Error(`followers on one connection may have ${this.#windowBytesMax} bytes on their way: open another`)
    }
    link.windowBytes += windowBytes
    const follower = new JetStreamFollower({
      connection: this.#connection,
      manager: this.#manager,
      stream: this.stream,
      fromSeq,
      onEntry,
      windowBytes,
      messageBytesMax,
      restMs: options.restMs ?? 0,
      told: options.live ? this.#subjects : undefined,
      streamMissingMsMax: this.#streamMissingMsMax,
      onState: options.onState ?? (() => undefined),
    })
    const counted: Follower = {
      failed: follower.failed,
      stop: async () => {
        uncount()
        await follower.stop()
      },
    }
    const uncount = () => {
      if (this.#followers.delete(counted)) link.windowBytes -= windowBytes
    }
    this.#followers.add(counted)
    void follower.failed.then(uncount)
    return counted
  }

  async bounds(): Promise<LogBounds> {
    const { state } = await this.#manager.streams.info(this.stream)
    return { first: Math.max(1, state.messages === 0 ? state.last_seq + 1 : state.first_seq), last: state.last_seq }
  }

  /** Stops the followers and gives up what is in flight as `unknown`; the connection stays open. */
  async close(): Promise<void> {
    await Promise.all([...this.#followers].map((follower) => follower.stop()))
    this.#appender.close()
  }
}

export async function openJetStreamLog(
  connection: NatsConnection,
  region: string,
  shard: number,
  options: JetStreamLogOptions = {},
): Promise<JetStreamLog> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs })
  return new JetStreamLog(connection, manager, { region, shard }, options)
}

/**
 * Opens the logs of all shards of these regions over one connection, over which one follower of each shard has room.
 * @returns what finds one of them; it throws when the region or the shard is none of these
 * @throws Error that names `max_pending` when the server holds too little for as many followers.
 */
export async function openJetStreamLogs(
  connection: NatsConnection,
  regions: readonly string[],
  shardCount: number,
  limits: ServerLimits,
): Promise<(shard: number, region: string) => JetStreamLog> {
  const { maxPendingBytes } = limits
  const options = { maxPendingBytes, windowBytes: followWindowBytes(shardCount, limits) }
  const logs = new Map<string, JetStreamLog>()
  for (const region of regions) {
    for (let shard = 0; shard < shardCount; shard++) {
      logs.set(logStreamName(region, shard), await openJetStreamLog(connection, region, shard, options))
    }
  }
  return (shard, region) => {
    const log = logs.get(logStreamName(region, shard))
    if (log === undefined) throw new Error(`there is no log of shard ${shard} in region ${region}`)
    return log
  }
}
