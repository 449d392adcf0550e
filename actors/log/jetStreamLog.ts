import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
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

/** What a server holds for a slow client before it cuts it off (`max_pending`, by default 64 MiB). */
const serverPendingBytes = 64 * 1024 * 1024
const requestTimeoutMs = 2_000

export type JetStreamLogOptions = {
  /** The server's `max_pending` as read back by `checkServer`. */
  readonly maxPendingBytes?: number
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
    this.#windowBytesMax = (options.maxPendingBytes ?? serverPendingBytes) / 2
    this.#streamMissingMsMax = options.streamMissingMsMax ?? 10_000
  }

  append(subject: string, frame: Uint8Array, options: AppendOptions): Promise<AppendOutcome> {
    return this.#appender.append(subject, frame, options.timeoutMs)
  }

  /** Frames offered and not settled yet. */
  get framesInFlight(): number {
    return this.#appender.inFlight
  }

  /** @throws Error when the connection has followers for as many bytes as its server would hold for it. */
  follow(fromSeq: number, onEntry: EntryHandler, options: FollowOptions = {}): Follower {
    if (!Number.isSafeInteger(fromSeq) || fromSeq < 1) throw new Error(`a log is read from 1 on, not from ${fromSeq}`)
    const windowBytes = options.windowBytes ?? this.#windowBytesMin()
    if (windowBytes < this.#windowBytesMin()) {
      throw new Error(`a window of ${windowBytes} bytes is less than two messages of the largest size`)
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

  #windowBytesMin(): number {
    return 2 * (this.#connection.info?.max_payload ?? 2 * 1024 * 1024)
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
 * Opens the logs of all shards of these regions over one connection.
 * @returns what finds one of them; it throws when the region or the shard is none of these
 */
export async function openJetStreamLogs(
  connection: NatsConnection,
  regions: readonly string[],
  shardCount: number,
): Promise<(shard: number, region: string) => JetStreamLog> {
  const logs = new Map<string, JetStreamLog>()
  for (const region of regions) {
    for (let shard = 0; shard < shardCount; shard++) {
      logs.set(logStreamName(region, shard), await openJetStreamLog(connection, region, shard))
    }
  }
  return (shard, region) => {
    const log = logs.get(logStreamName(region, shard))
    if (log === undefined) throw new Error(`there is no log of shard ${shard} in region ${region}`)
    return log
  }
}
