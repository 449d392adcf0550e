import {
  type JetStreamClient,
  JetStreamError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { ConnectionRounds } from '../../actors/log/connectionRounds.ts'
import { decodeJson, encodeJson } from '../../actors/log/jsonBytes.ts'
import { takeEach } from '../../actors/log/storedMessages.ts'
import { endedBucket, endedSubject } from '../../actors/log/subjects.ts'
import { type Ended, type EndedSessions, EndedTable, endedIn } from './endedSessions.ts'

const roundEveryMs = 2_000
const requestTimeoutMs = 2_000
const readMax = 1_000
const nothingThere = 404
/** Of a message that says them again. */
const toldMax = 500

export type NatsEndedOptions = {
  readonly region: string
  readonly nowMs: () => number
  /** Told when they cannot be read or stored for now. */
  readonly onFault: (what: string, error: unknown) => void
}

/**
 * Sessions that have ended, as all edges know them. Each says at once which one has ended, to edges of both regions,
 * and stores it in its region; what it hears of the other region it stores as well. Every two seconds it says
 * everything again and reads what others have stored: a message that was lost, on a link that was cut for instance,
 * costs two seconds and nothing else.
 */
export class NatsEndedSessions implements EndedSessions {
  readonly #table = new EndedTable()
  readonly #connection: NatsConnection
  readonly #stream: JetStreamClient
  readonly #manager: JetStreamManager
  readonly #o: NatsEndedOptions
  readonly #bucket: string
  /** Heard of, and not in the region's bucket yet. */
  readonly #unstored = new Map<string, number>()
  readonly #subscription: { unsubscribe(): void }
  readonly #rounds: ConnectionRounds
  #nextSeq = 1

  constructor(connection: NatsConnection, manager: JetStreamManager, options: NatsEndedOptions) {
    this.#connection = connection
    this.#manager = manager
    this.#stream = jetstream(connection, { timeout: requestTimeoutMs })
    this.#o = options
    this.#bucket = endedBucket(options.region)
    this.#subscription = connection.subscribe('ended.*', {
      callback: (error, message) => {
        if (error !== null) options.onFault('ended sessions cannot be heard', error)
        else this.#hear(message.data)
      },
    })
    this.#rounds = new ConnectionRounds(connection, {
      everyMs: roundEveryMs,
      round: () => this.#once(),
      onFault: (error) => options.onFault('ended sessions could not be read', error),
    })
  }

  has(id: string): boolean {
    return this.#table.has(id)
  }

  async add(id: string, untilMs: number): Promise<boolean> {
    if (this.#take([id, untilMs])) this.#unstored.set(id, untilMs)
    this.#tell([[id, untilMs]])
    return this.#store([id, untilMs])
  }

  #hear(message: Uint8Array): void {
    try {
      for (const ended of endedIn(decodeJson(message))) if (this.#take(ended)) this.#unstored.set(...ended)
    } catch (error) {
      this.#o.onFault('a message about ended sessions is not understood', error)
    }
  }

  /** @returns whether it is news */
  #take(ended: Ended): boolean {
    return ended[1] > this.#o.nowMs() && this.#table.take(ended)
  }

  #tell(ended: readonly Ended[]): void {
    if (this.#connection.isClosed()) return
    this.#connection.publish(endedSubject(this.#o.region), encodeJson(ended))
  }

  async #store([id, untilMs]: Ended): Promise<boolean> {
    try {
      await this.#stream.publish(`$KV.${this.#bucket}.${id}`, encodeJson(untilMs))
      this.#unstored.delete(id)
      return true
    } catch (error) {
      this.#o.onFault('an ended session could not be stored', error)
      return false
    }
  }

  /** Stores what is not stored, says everything again, and reads what others have stored. */
  round(): Promise<void> {
    return this.#rounds.run()
  }

  async #once(): Promise<void> {
    this.#table.forget(this.#o.nowMs())
    const all = this.#table.all()
    for (let from = 0; from < all.length; from += toldMax) this.#tell(all.slice(from, from + toldMax))
    for (const ended of this.#unstored) if (!(await this.#store(ended))) break
    while ((await this.#read()) === readMax);
  }

  /** @returns how many were read */
  async #read(): Promise<number> {
    const prefix = `$KV.${this.#bucket}.`
    const options = { seq: this.#nextSeq, batch: readMax, next_by_subj: `${prefix}*` }
    const messages = await this.#manager.direct.getBatch(`KV_${this.#bucket}`, options)
    let count = 0
    try {
      await takeEach(messages, requestTimeoutMs, ({ subject, data, seq }) => {
        count += 1
        this.#nextSeq = seq + 1
        for (const ended of endedIn([[subject.slice(prefix.length), decodeJson(data)]])) this.#take(ended)
      })
    } catch (error) {
      // That there is nothing more is said by an error.
      if (!(error instanceof JetStreamError && 'code' in error && error.code === nothingThere)) throw error
    }
    return count
  }

  close(): void {
    this.#subscription.unsubscribe()
    this.#rounds.close()
  }
}

/** What the region's bucket held when this was called is known when it resolves, if it could be read. */
export async function openEndedSessions(
  connection: NatsConnection,
  options: NatsEndedOptions,
): Promise<NatsEndedSessions> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs })
  const sessions = new NatsEndedSessions(connection, manager, options)
  await sessions.round()
  return sessions
}
