/** One message of a shard's log. `data` belongs to the receiver. */
export type LogEntry = {
  /** Place in the stream, from 1, without holes. */
  readonly seq: number
  /** When the log's server stored it, Unix milliseconds. */
  readonly stampMs: number
  readonly subject: string
  readonly data: Uint8Array
  /** The only epoch whose frames count at this place; absent in the log of one stream, where it is 0. */
  readonly epoch?: number
}

/**
 * What is known after a frame was offered.
 * `not-sent`: surely not stored. `full`: refused, surely not stored. `unknown`: it may be stored now or never;
 * only the same frame, sent again, may settle it.
 */
export type AppendOutcome =
  | { readonly kind: 'appended'; readonly seq: number }
  | { readonly kind: 'not-sent' }
  | { readonly kind: 'full' }
  | { readonly kind: 'unknown' }

export type AppendOptions = {
  /** How long to wait for the server's word before the outcome is `unknown`. */
  readonly timeoutMs: number
}

/** A returned promise holds back further entries until it is fulfilled. A throw or a rejection ends the follower. */
export type EntryHandler = (entry: LogEntry) => void | Promise<void>

export type FollowOptions = {
  /** Bytes that may be on their way to this follower. */
  readonly windowBytes?: number
  /**
   * How long this follower may rest, while much comes, when it has read all that there is. What comes meanwhile is read
   * in one go: that costs the log's server and the reader a fraction of a delivery an entry.
   */
  readonly restMs?: number
  /** This follower must hear of each entry as early as can be: who leads the shard. */
  readonly live?: boolean
  /** Told when the source falls silent or is lost, and when it delivers again. */
  readonly onState?: (state: FollowerState) => void
}

export type FollowerState =
  | { readonly kind: 'following' }
  /** The follower keeps trying to reach the log; nothing is lost, only late. */
  | { readonly kind: 'interrupted'; readonly reason: string }

export type Follower = {
  /** Resolves once no further call of the handler will start and the one under way has ended. */
  stop(): Promise<void>
  /** Resolves with the reason when following ended by itself; stays pending after `stop`. */
  readonly failed: Promise<Error>
}

/** First and last sequence held; an empty log has `last` = `first` - 1. */
export type LogBounds = { readonly first: number; readonly last: number }

/** The durable, ordered log of one shard. */
export interface ShardLog {
  /**
   * Offers a frame. The same frame may be stored twice: the log does not deduplicate, the state does.
   * @throws LogRefusal when the log's server refuses for a reason that a later try would meet again.
   */
  append(subject: string, frame: Uint8Array, options: AppendOptions): Promise<AppendOutcome>
  /** Delivers every entry from `fromSeq` on, in order, then what comes; contiguous or not at all. */
  follow(fromSeq: number, onEntry: EntryHandler, options?: FollowOptions): Follower
  bounds(): Promise<LogBounds>
}

/** The log does not hold what should come next: it was trimmed, cut short or damaged. No replica may go on past it. */
export class LogGap extends Error {
  readonly expectedSeq: number
  readonly foundSeq: number

  constructor(log: string, expectedSeq: number, foundSeq: number, what: string) {
    super(`log ${log}: expected sequence ${expectedSeq}, found ${foundSeq}: ${what}`)
    this.name = 'LogGap'
    this.expectedSeq = expectedSeq
    this.foundSeq = foundSeq
  }
}

/** The log's server refused a frame or a reader for good: wrong subject, no permission, no such stream, too large. */
export class LogRefusal extends Error {
  /** The server's own code, 0 when it gave none. */
  readonly code: number

  constructor(log: string, code: number, what: string, options?: ErrorOptions) {
    super(`log ${log}: ${what}`, options)
    this.name = 'LogRefusal'
    this.code = code
  }
}
