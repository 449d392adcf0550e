import { JetStreamApiCodes, JetStreamApiError, jetstream } from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'
import type { Logger } from 'pino'
import { connectNats, type NatsAccess } from '../../log/natsConnection.ts'
import { witnessBucket } from '../../log/ownerRecord.ts'
import { messageOf } from '../../log/process.ts'
import type { WitnessStore } from './witnessStore.ts'

const requestTimeoutMs = 1_500
const connectTimeoutMs = 5_000

export type NatsWitness = WitnessStore & { close(): Promise<void> }

/**
 * The witness's bucket over a direct connection, past the link between the regions. It is dialled until it is there:
 * a worker must start, and go on in sync, while the witness is away.
 */
export function openNatsWitness(access: NatsAccess, name: string, logger: Logger): NatsWitness {
  let connection: NatsConnection | undefined
  let bucket: KV | undefined
  let closed = false
  const dial = async (): Promise<void> => {
    while (!closed) {
      try {
        const inboxPrefix = `_INBOX.${access.user ?? name}`
        connection ??= await connectNats(access, { name, inboxPrefix, connectTimeoutMs })
        bucket = await new Kvm(jetstream(connection, { timeout: requestTimeoutMs })).open(witnessBucket)
        logger.info({ name }, 'the witness is there')
        return
      } catch (error) {
        logger.warn({ error: messageOf(error) }, 'the witness is not there, tried again')
        await new Promise((resolve) => setTimeout(resolve, connectTimeoutMs * (0.5 + Math.random() / 2)))
      }
    }
  }
  void dial()
  const opened = (): KV => {
    if (bucket === undefined) throw new Error('the witness was not reached yet')
    return bucket
  }
  return {
    get: async (key) => {
      const entry = await opened().get(key)
      if (entry === null || entry.operation !== 'PUT') return undefined
      return { revision: entry.revision, value: entry.value }
    },
    update: async (key, value, revision) => {
      try {
        return await opened().update(key, value, revision, requestTimeoutMs)
      } catch (error) {
        const raced = error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence
        if (raced) return undefined
        throw error
      }
    },
    close: async () => {
      closed = true
      await connection?.close()
    },
  }
}
