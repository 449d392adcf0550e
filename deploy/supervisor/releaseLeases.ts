import { jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'

/** A process that was reaped cannot lead any more: its shards are free at once, not when its leases grow stale. */
export async function releaseLeases(
  admin: NatsConnection,
  { region, shards }: { region: string; shards: number },
  worker: string,
): Promise<void> {
  const kv = await new Kvm(jetstream(admin)).open(`lease_${region}`)
  for (let shard = 0; shard < shards; shard++) {
    const entry = await kv.get(`shard.${shard}`)
    if (entry?.operation === 'PUT' && entry.json<{ worker: string }>().worker === worker) {
      await kv.delete(`shard.${shard}`, { previousSeq: entry.revision })
    }
  }
}
