import { createInbox, type Msg, type NatsConnection, nanos, type Subscription } from '@nats-io/nats-core'

/** After this long without a message the server says that it is still there. */
export const heartbeatMs = 500
const expiresMs = 30_000
const heartbeatStatus = 100
const endedStatus = 408

export type PullLimits = {
  readonly messages: number
  readonly bytes: number
  /** The request ends once it has brought something and there is no more, instead of waiting for what comes next. */
  readonly oneLot?: boolean
}

export type PullSlotEvents = {
  readonly onMessage: (message: Msg) => void
  /** The request under way is used up or has ended early; another may be sent. */
  readonly onEnd: (slot: PullSlot) => void
  /** The server says something that ends this reader: code and its words. */
  readonly onBroken: (code: number, what: string) => void
  readonly onSign: () => void
  readonly onDenied: (error: Error) => void
}

/**
 * One place for a pull request. Each slot has its own subscription, so that every message and every word of the server
 * is known to belong to its request, and what is still open is counted exactly.
 */
export class PullSlot {
  readonly #connection: NatsConnection
  readonly #subject: string
  readonly #inbox: string
  readonly #events: PullSlotEvents
  readonly #subscription: Subscription
  #messagesLeft = 0
  #bytesLeft = 0
  #emptied = false

  constructor(connection: NatsConnection, inboxPrefix: string, subject: string, events: PullSlotEvents) {
    this.#connection = connection
    this.#subject = subject
    this.#inbox = createInbox(inboxPrefix)
    this.#events = events
    this.#subscription = connection.subscribe(this.#inbox, {
      callback: (error, message) => (error === null ? this.#receive(message) : events.onDenied(error)),
    })
  }

  get open(): boolean {
    return this.#messagesLeft > 0
  }

  /** Whether the last request ended because there was nothing more to bring. */
  get emptied(): boolean {
    return this.#emptied
  }

  pull({ messages, bytes, oneLot = false }: PullLimits): void {
    this.#messagesLeft = messages
    this.#bytesLeft = bytes
    this.#emptied = false
    const request = {
      batch: messages,
      max_bytes: bytes,
      expires: nanos(expiresMs),
      idle_heartbeat: nanos(heartbeatMs),
      no_wait: oneLot,
    }
    this.#connection.publish(this.#subject, JSON.stringify(request), { reply: this.#inbox })
  }

  close(): void {
    if (!this.#subscription.isClosed()) this.#subscription.unsubscribe()
  }

  #receive(message: Msg): void {
    this.#events.onSign()
    if (message.subject === this.#inbox) this.#hear(message)
    else this.#take(message)
  }

  #take(message: Msg): void {
    this.#messagesLeft--
    this.#bytesLeft -= message.subject.length + (message.reply?.length ?? 0) + message.data.length
    this.#events.onMessage(message)
    // The server ends a request silently when its bytes are used up exactly.
    if (this.#messagesLeft === 0 || this.#bytesLeft === 0) this.#end()
  }

  #hear({ headers }: Msg): void {
    const code = headers?.code ?? 0
    const what = headers?.description ?? ''
    if (code === heartbeatStatus) return
    const used = code === endedStatus || (code === 409 && /MaxBytes|Batch Completed/i.test(what))
    this.#emptied = code === endedStatus
    if (used) this.#end()
    else this.#events.onBroken(code, what)
  }

  #end(): void {
    this.#messagesLeft = 0
    this.#events.onEnd(this)
  }
}
