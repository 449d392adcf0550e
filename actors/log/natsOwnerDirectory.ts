import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { ConnectionRounds } from './connectionRounds.ts'
import { type OwnerDirectory, OwnerTable } from './ownerDirectory.ts'
import { ownerKey, ownersBucket, parseOwnerRecord } from './ownerRecord.ts'
import { takeEach } from './storedMessages.ts'

const readEveryMs = 1_000
const requestTimeoutMs = 2_000

export type NatsOwnerOptions = {
  readonly region: string
  readonly shardCount: number
  /** Told when the region's copy cannot be read, or holds what is no record. */
  readonly onFault: (what: string, error: unknown) => void
}

/**
 * The owners as the region's copy of their records says. Each change is heard when it is published; all records are
 * read again after a reconnect and every second, so that a message that was lost costs a second and nothing else.
 */
export class NatsOwnerDirectory implements OwnerDirectory {
  readonly #table = new OwnerTable()
  readonly #manager: JetStreamManager
  readonly #o: NatsOwnerOptions
  readonly #subscription: { unsubscribe(): void }
  readonly #rounds: ConnectionRounds
  /** Newest revision of any record read. */
  #revision = 0

  constructor(connection: NatsConnection, manager: JetStreamManager, options: NatsOwnerOptions) {
    this.#manager = manager
    this.#o = options
    const prefix = `$KV.${ownersBucket(options.region)}.`
    this.#subscription = connection.subscribe(`${prefix}${ownerKeyAny}`, {
      callback: (error, message) => {
        if (error !== null) options.onFault('changes of owners cannot be heard', error)
        // It will be stored behind everything that was read so far.
        else this.#take(message.subject.slice(prefix.length), message.data, this.#revision + 1)
      },
    })
    this.#rounds = new ConnectionRounds(connection, {
      everyMs: readEveryMs,
      round: () => this.#read(),
      onFault: (error) => options.onFault('owners could not be read', error),
    })
  }

  ownerOf(shard: number) {
    return this.#table.ownerOf(shard)
  }

  listen(listener: Parameters<OwnerDirectory['listen']>[0]): () => void {
    return this.#table.listen(listener)
  }

  /** Reads the region's whole copy once; a copy that cannot be read now is read again in a moment. */
  read(): Promise<void> {
    return this.#rounds.run()
  }

  async #read(): Promise<void> {
    const bucket = ownersBucket(this.#o.region)
    const prefix = `$KV.${bucket}.`
    const last = { multi_last: [`${prefix}${ownerKeyAny}`] }
    const messages = await this.#manager.direct.getLastMessagesFor(`KV_${bucket}`, last)
    await takeEach(messages, requestTimeoutMs, ({ subject, data, seq }) => {
      this.#revision = Math.max(this.#revision, seq)
      this.#take(subject.slice(prefix.length), data, seq)
    })
  }

  #take(key: string, value: Uint8Array, revision: number): void {
    // A record that was deleted or purged leaves an empty value: what is known stays.
    if (value.length === 0) return
    const shard = Number(key.slice(key.lastIndexOf('.') + 1))
    if (!(shard < this.#o.shardCount) || ownerKey(shard) !== key) return
    try {
      this.#table.take(shard, parseOwnerRecord(JSON.parse(new TextDecoder().decode(value))), revision)
    } catch (error) {
      this.#o.onFault(`the owner record of shard ${shard} is not understood`, error)
    }
  }

  close(): void {
    this.#subscription.unsubscribe()
    this.#rounds.close()
  }
}

const ownerKeyAny = 'shard.*'

/** Begins to follow the region's copy; what it held when this was called is known when it resolves, if it could be read. */
export async function openOwnerDirectory(
  connection: NatsConnection,
  options: NatsOwnerOptions,
): Promise<NatsOwnerDirectory> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs })
  const directory = new NatsOwnerDirectory(connection, manager, options)
  await directory.read()
  return directory
}
