import type { JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection, Subscription } from '@nats-io/nats-core'
import type { MsgImpl } from '@nats-io/nats-core/internal'
import { isStreamNotFound } from './jetStreamErrors.ts'
import { type LogEntry, LogGap } from './shardLog.ts'

/** What a stream collects, and the same as its server tells it again: they differ in the first token. */
export type ToldSubjects = { readonly stored: string; readonly told: string }

export type ToldEntriesOptions = {
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  readonly stream: string
  readonly subjects: ToldSubjects
  /** What is kept of entries that were told before they could be taken. */
  readonly keptBytesMax: number
  readonly onEntry: (entry: LogEntry) => void
  /** Something was not told: it is in the stream. */
  readonly onBroken: (reason: string) => void
  readonly onFailed: (error: Error) => void
  readonly onSign: () => void
  readonly onDenied: (error: Error) => void
}

/**
 * New entries of a stream as its server tells them the moment they are stored (`republish` in the stream's configuration): in
 * one turn with the acknowledgement, and in one write where both go to the same process. A consumer is woken only then, and
 * reads the entry back first. Who has caught up over a consumer goes on with these.
 */
export class ToldEntries {
  readonly #o: ToldEntriesOptions
  readonly #subscription: Subscription
  /** Heard and not taken, without a hole. */
  #kept: LogEntry[] = []
  #keptBytes = 0
  /** From the higher of these two on, nothing is missing of what is kept and what will come. */
  #begun = Number.POSITIVE_INFINITY
  #keptFrom = 0
  #heardTo = 0
  #taken = false
  /** What the stream held at the last look: by the next, all of it must have been told. */
  #due = 0
  #closed = false

  constructor(options: ToldEntriesOptions) {
    this.#o = options
    const { told, stored } = options.subjects
    const begins = { told: told.slice(0, -1), stored: stored.slice(0, -1) }
    this.#subscription = options.connection.subscribe(told, {
      callback: (error, message) => {
        if (error !== null) options.onDenied(error)
        else this.#hear(entryOf(message as MsgImpl, begins))
      },
    })
  }

  /** @param lastSeq what the stream held at a time when this was listening already: all beyond it is told */
  begin(lastSeq: number): void {
    this.#begun = lastSeq + 1
  }

  /** Whether what comes is handed on. */
  get taken(): boolean {
    return this.#taken
  }

  /** Hands on what was told from a sequence on and all that comes. @returns false when some of it is missing */
  takeFrom(seq: number): boolean {
    if (seq < this.#begun || seq < this.#keptFrom) return false
    const kept = this.#kept
    this.#keepFrom(seq)
    this.#taken = true
    this.#heardTo = seq - 1
    for (const entry of kept) if (entry.seq >= seq) this.#hear(entry)
    return true
  }

  close(): void {
    this.#closed = true
    if (!this.#subscription.isClosed()) this.#subscription.unsubscribe()
  }

  #hear(entry: LogEntry): void {
    if (this.#closed) return
    const follows = entry.seq === this.#heardTo + 1
    this.#heardTo = entry.seq
    if (!this.#taken) this.#keep(entry, follows)
    else if (follows) this.#o.onEntry(entry)
    else this.#o.onBroken('an entry was not told')
  }

  #keep(entry: LogEntry, follows: boolean): void {
    if (!follows) this.#keepFrom(entry.seq)
    this.#kept.push(entry)
    this.#keptBytes += entry.data.length
    if (this.#keptBytes > this.#o.keptBytesMax) this.#keepFrom(entry.seq + 1)
  }

  #keepFrom(seq: number): void {
    this.#kept = []
    this.#keptBytes = 0
    this.#keptFrom = seq
  }

  /**
   * For a time of silence. What is told is not numbered for each listener: whether something was not shows in what is
   * stored. An entry that is stored now may be on its way, until the next look.
   */
  async look(): Promise<void> {
    const { manager, stream, onSign, onFailed, onBroken } = this.#o
    const heardTo = this.#heardTo
    const last = await manager.streams.info(stream).then(
      ({ state }) => state.last_seq,
      (error: unknown) => {
        if (!this.#closed && isStreamNotFound(error)) onBroken(error.message)
        // Silence goes on: whoever counts it ends this reader when it has lasted too long.
        return undefined
      },
    )
    if (last === undefined || this.#closed) return
    onSign()
    if (last < heardTo) onFailed(new LogGap(stream, heardTo + 1, last + 1, 'the log has lost its tail'))
    else if (this.#heardTo < this.#due) onBroken('an entry was not told')
    this.#due = last
  }
}

/** The client's own way to headers makes a table of them, letter by letter, at four times the cost. */
function entryOf({ _rdata: bytes, _msg: { hdr }, subject }: MsgImpl, begins: ToldSubjects): LogEntry {
  const headers = Buffer.from(bytes.buffer, bytes.byteOffset, hdr).toString('latin1')
  return {
    seq: Number(headerOf(headers, '\r\nNats-Sequence: ')),
    // A date drops what is less than a millisecond, as a consumer's stamp is cut.
    stampMs: Date.parse(headerOf(headers, '\r\nNats-Time-Stamp: ')),
    subject: begins.stored + subject.slice(begins.told.length),
    data: bytes.subarray(hdr),
  }
}

/** A sender may have written the same names: what the server adds itself comes behind all of it. */
function headerOf(headers: string, begin: string): string {
  const from = headers.lastIndexOf(begin) + begin.length
  return headers.slice(from, headers.indexOf('\r', from))
}
