import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream'
import { type Msg, type NatsConnection, nanos } from '@nats-io/nats-core'
import { type PullLimits, PullSlot } from './pullSlot.ts'
import { RestRule } from './restRule.ts'
import type { LogEntry } from './shardLog.ts'

const messagesPerPull = 256
const messagesPerLot = 2_048
/** How often a reader that may rest but does not looks at whether it should. */
const messagesBetweenLooks = 64
/** The server drops the consumer of a reader that vanished after this long. */
const inactiveMs = 30_000

export type PulledEntriesOptions = {
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  readonly inboxPrefix: string
  readonly stream: string
  /** Room for one message of the largest size at least. */
  readonly windowBytes: number
  readonly messageBytesMax: number
  /** 0 for a reader that is told of each entry at once. */
  readonly restMs: number
  readonly onEntry: (entry: LogEntry) => void
  /** A request is used up: to be called, for the next, when all entries before it have been handled. */
  readonly onUsedUp: (askAgain: () => void) => void
  /** The consumer, the server or the way to it is lost. */
  readonly onBroken: (reason: string) => void
  /** The server is there, or nothing is due from it. */
  readonly onSign: () => void
  readonly onDenied: (error: Error) => void
}

/** Entries of a stream over a consumer without acknowledgements, asked for in requests of so many bytes. */
export class PulledEntries {
  readonly #o: PulledEntriesOptions
  #slots: PullSlot[] = []
  #consumer: string | undefined
  #nextDelivery = 1
  #nextSeq = 0
  #restRule: RestRule | undefined
  #rest: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: PulledEntriesOptions) {
    this.#o = options
  }

  /** Makes a consumer that begins at a sequence, and asks. */
  async open(fromSeq: number): Promise<void> {
    const { manager, stream, windowBytes, messageBytesMax, restMs } = this.#o
    const { name } = await manager.consumers.add(stream, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: fromSeq,
      ack_policy: AckPolicy.None,
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: nanos(inactiveMs),
    })
    this.#consumer = name
    this.#nextSeq = fromSeq
    if (this.#closed) {
      this.#dropConsumer()
      return
    }
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`
    this.#o.onSign()
    if (restMs > 0) {
      this.#slots = [this.#newSlot(subject)]
      this.#restRule = new RestRule(restMs, fromSeq, performance.now())
      this.#pullLot(this.#slots[0]!, true)
      return
    }
    if (windowBytes < 2 * messageBytesMax) {
      // A request for less than the largest message might never bring what is next: one request has all there is.
      this.#slots = [this.#newSlot(subject)]
      this.#pull(this.#slots[0]!)
      return
    }
    this.#slots = [this.#newSlot(subject), this.#newSlot(subject)]
    // The server serves its requests in turn; a shorter first one keeps the two from running out together.
    this.#slots[0]!.pull({ messages: messagesPerPull / 2, bytes: windowBytes / 4 })
    this.#pull(this.#slots[1]!)
  }

  #newSlot(subject: string): PullSlot {
    const { connection, inboxPrefix, onUsedUp, onSign, onDenied } = this.#o
    return new PullSlot(connection, inboxPrefix, subject, {
      onMessage: (message) => this.#receive(message),
      onEnd: (ended) => onUsedUp(() => this.#pullAgain(ended)),
      onBroken: (code, what) => this.#break(`${code} ${what}`),
      onSign,
      onDenied,
    })
  }

  /** True while something is asked for: the server then says now and then that it is there. */
  get asking(): boolean {
    return this.#slots.some((slot) => slot.open)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#rest)
    for (const slot of this.#slots) slot.close()
    this.#slots = []
    this.#dropConsumer()
  }

  /** Courtesy only: the server drops an idle consumer by itself. */
  #dropConsumer(): void {
    const { connection, manager, stream } = this.#o
    const name = this.#consumer
    this.#consumer = undefined
    if (name === undefined || connection.isClosed()) return
    manager.consumers.delete(stream, name).catch(() => undefined)
  }

  #break(reason: string): void {
    if (!this.#closed) this.#o.onBroken(reason)
  }

  #receive(message: Msg): void {
    const { seq, delivery, stampMs } = deliveryOf(message.reply ?? '')
    if (delivery !== this.#nextDelivery) {
      this.#break('a delivery was lost on the way')
      return
    }
    this.#nextDelivery++
    this.#nextSeq = seq + 1
    this.#o.onEntry({ seq, stampMs, subject: message.subject, data: message.data })
  }

  #pullAgain(slot: PullSlot): void {
    if (this.#restRule === undefined) {
      this.#pull(slot)
      return
    }
    const oneLot = this.#restRule.rests(this.#nextSeq, performance.now())
    // A lot that was cut off by its size says that there is more: no rest then.
    if (!oneLot || !slot.emptied) this.#pullLot(slot, oneLot)
    else this.#rest = setTimeout(() => this.#pullLot(slot, true), this.#o.restMs)
  }

  #pullLot(slot: PullSlot, oneLot: boolean): void {
    this.#pull(slot, {
      messages: oneLot ? messagesPerLot : messagesBetweenLooks,
      bytes: this.#o.windowBytes,
      oneLot,
    })
  }

  #pull(slot: PullSlot, limits = this.#share()): void {
    if (this.#closed || this.#o.connection.isClosed()) return
    // No sign is due while nothing is asked for, so that a slow handler does not look like a silent server.
    if (!this.asking) this.#o.onSign()
    slot.pull(limits)
  }

  #share(): PullLimits {
    return { messages: messagesPerPull, bytes: this.#o.windowBytes / this.#slots.length }
  }
}

/** Reads `$JS.ACK.…`, which has 9 tokens, or 11 and more with domain and account. Stamps come in nanoseconds. */
function deliveryOf(reply: string): { seq: number; delivery: number; stampMs: number } {
  const tokens = reply.split('.')
  const at = tokens.length === 9 ? 5 : 7
  const stampNs = tokens[at + 2] ?? ''
  // Cut the last six digits as text: the number itself is beyond what a double holds exactly.
  return { seq: Number(tokens[at]), delivery: Number(tokens[at + 1]), stampMs: Number(stampNs.slice(0, -6)) }
}
