import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/nats-core'
import { outcomeOf, type PubAck } from './appendOutcome.ts'
import { NatsLink } from './natsLink.ts'
import { type AppendOutcome, LogRefusal } from './shardLog.ts'

type Pending = {
  readonly subject: string
  readonly resolve: (outcome: AppendOutcome) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

const noRespondersStatus = 503

/**
 * Publishes frames and waits for the stream's word on each. One subscription serves all, and a broken link settles
 * what is under way at once as `unknown`, instead of when its time runs out.
 */
export class JetStreamAppender {
  readonly #connection: NatsConnection
  readonly #link: NatsLink
  readonly #log: string
  readonly #inbox: string
  readonly #pending = new Map<string, Pending>()
  readonly #subscription: Subscription
  readonly #stopListening: () => void
  #counter = 0

  constructor(connection: NatsConnection, log: string) {
    this.#connection = connection
    this.#log = log
    this.#link = NatsLink.of(connection)
    this.#inbox = `${createInbox(this.#link.inboxPrefix)}.`
    this.#subscription = connection.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => this.#onReply(error, message),
    })
    this.#stopListening = this.#link.listen({
      onLost: () => this.#settleAll({ kind: 'unknown' }),
      onDenied: ({ operation, subject }) => {
        if (operation === 'publish') this.#refuse(subject, 'no permission to publish there')
      },
    })
  }

  append(subject: string, frame: Uint8Array, timeoutMs: number): Promise<AppendOutcome> {
    const { info } = this.#connection
    if (!this.#link.up || info === undefined || this.#connection.isClosed())
      return Promise.resolve({ kind: 'not-sent' })
    if (frame.length > info.max_payload) {
      const what = `frame of ${frame.length} bytes, the server takes at most ${info.max_payload}`
      return Promise.reject(new LogRefusal(this.#log, 0, what))
    }
    const reply = this.#inbox + (this.#counter++).toString(36)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(reply, { kind: 'unknown' }), timeoutMs)
      this.#pending.set(reply, { subject, resolve, reject, timer })
      try {
        this.#connection.publish(subject, frame, { reply })
      } catch (error) {
        // The client throws before a byte is written: the connection is closing, or the arguments are bad.
        const closing = this.#connection.isClosed() || this.#connection.isDraining()
        if (closing) this.#settle(reply, { kind: 'not-sent' })
        else this.#take(reply)?.reject(new LogRefusal(this.#log, 0, 'the client refused the frame', { cause: error }))
      }
    })
  }

  get inFlight(): number {
    return this.#pending.size
  }

  close(): void {
    this.#stopListening()
    this.#subscription.unsubscribe()
    this.#settleAll({ kind: 'unknown' })
  }

  #onReply(error: Error | null, message: Msg): void {
    // Without its inbox this process would never hear an answer; each frame would end as `unknown`.
    if (error !== null) this.#refuse(undefined, 'no permission to hear answers')
    else if (message.headers?.code === noRespondersStatus) this.#settle(message.subject, { kind: 'not-sent' })
    else this.#onAck(message.subject, readAck(message))
  }

  #onAck(reply: string, ack: PubAck): void {
    const outcome = outcomeOf(ack)
    if (outcome !== undefined) this.#settle(reply, outcome)
    else {
      const { code = 0, err_code: errCode, description } = ack.error ?? {}
      const what = description ?? 'the server refused the frame'
      this.#take(reply)?.reject(new LogRefusal(this.#log, errCode ?? code, what))
    }
  }

  #refuse(subject: string | undefined, what: string): void {
    for (const [reply, pending] of this.#pending) {
      if (subject !== undefined && pending.subject !== subject) continue
      this.#take(reply)?.reject(new LogRefusal(this.#log, 0, `${what} (${pending.subject})`))
    }
  }

  #settleAll(outcome: AppendOutcome): void {
    for (const reply of [...this.#pending.keys()]) this.#settle(reply, outcome)
  }

  #settle(reply: string, outcome: AppendOutcome): void {
    this.#take(reply)?.resolve(outcome)
  }

  #take(reply: string): Pending | undefined {
    const pending = this.#pending.get(reply)
    if (pending === undefined) return undefined
    clearTimeout(pending.timer)
    this.#pending.delete(reply)
    return pending
  }
}

/** An answer that cannot be read says nothing about the frame. */
function readAck(message: Msg): PubAck {
  try {
    return message.json<PubAck>()
  } catch {
    return {}
  }
}
