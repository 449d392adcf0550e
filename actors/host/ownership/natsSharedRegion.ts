import { jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/nats-core'
import type { Logger } from 'pino'
import { encodeJson } from '../../log/jsonBytes.ts'
import { answerMirrorResets } from '../../log/mirrorResets.ts'
import { ownerKey, ownersBucket } from '../../log/ownerRecord.ts'
import { messageOf } from '../../log/process.ts'
import type { WorkerSettings } from '../../log/settings.ts'
import { openNatsWitness } from './natsWitness.ts'
import type { SharedRegion } from './sharedShards.ts'

const requestTimeoutMs = 2_000
const probeTimeoutMs = 1_000

export type NatsSharedRegion = SharedRegion & { close(): Promise<void> }

/**
 * What a worker reaches of the other region and of the witness; undefined where its region is alone.
 * @throws Error when the settings name another region and not how to reach the rest.
 */
export async function openSharedRegion(
  connection: NatsConnection,
  settings: WorkerSettings,
  { logOf, logger }: Pick<SharedRegion, 'logOf'> & { readonly logger: Logger },
): Promise<NatsSharedRegion | undefined> {
  const { region, peer, workerId, peerProbeUrl, autoTakeoverMs } = settings
  if (peer === undefined) return undefined
  if (settings.witness === undefined || peerProbeUrl === undefined) {
    throw new Error('a worker with a peer needs the settings witness and peerProbeUrl')
  }
  const copy = await new Kvm(jetstream(connection, { timeout: requestTimeoutMs })).open(ownersBucket(region))
  const witness = openNatsWitness(settings.witness, `worker-${workerId}`, logger)
  const endMirrorResets = await answerMirrorResets(connection, { region, peer }, (what, error) =>
    logger.warn({ error: messageOf(error) }, what),
  )
  return {
    peer,
    witness,
    autoTakeoverMs,
    publish: (subject, message) => connection.publish(subject, message),
    peerAnswers: () => answers(peerProbeUrl),
    logOf,
    copyRecord: async (shard, record) => void (await copy.put(ownerKey(shard), encodeJson(record))),
    close: () => {
      endMirrorResets()
      return witness.close()
    },
  }
}

/** True when the other region's server says that it is well. */
async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(probeTimeoutMs) })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}
