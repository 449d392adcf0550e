import { JetStreamApiCodes, JetStreamApiError, jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'
import type { LeaseStore } from './lease.ts'

const requestTimeoutMs = 2_000

/** Leases in the region's key-value bucket. */
export async function openNatsLeases(connection: NatsConnection, region: string): Promise<LeaseStore> {
  const js = jetstream(connection, { timeout: requestTimeoutMs })
  const kv = await new Kvm(js).open(`lease_${region}`)
  return {
    get: async (key) => {
      const entry = await kv.get(key)
      if (entry === null || entry.operation !== 'PUT') return undefined
      return { revision: entry.revision, value: entry.value }
    },
    create: (key, value) => unlessRaced(kv.create(key, value)),
    update: (key, value, revision) => unlessRaced(kv.update(key, value, revision, requestTimeoutMs)),
    delete: async (key, revision) => {
      await unlessRaced(kv.delete(key, { previousSeq: revision }).then(() => revision))
    },
  }
}

/** Somebody else was first: an outcome, not an error. */
async function unlessRaced(change: Promise<number>): Promise<number | undefined> {
  try {
    return await change
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence) return undefined
    throw error
  }
}
