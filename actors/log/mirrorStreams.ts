import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  type StreamConfig,
} from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { isStreamNotFound } from './jetStreamErrors.ts'
import { type LogStreamOptions, logStreamConfig } from './logStreams.ts'
import { logStreamName } from './subjects.ts'

const requestTimeoutMs = 5_000
const heartbeatNs = 1_000_000_000
const unackedMax = 10_000

/**
 * The reader that a log keeps for its mirror in the other region. A mirror may also make a reader for itself, each time
 * anew: one that was cut off for more than ten seconds, or whose server was killed, then stands still for 17 to 40 s.
 */
export const mirrorReader = (peer: string): string => `MIRROR_${peer}`

/** Where a mirror asks for its reader to be set back, instead of at the other region's server: see `mirrorResets.ts`. */
const mirrorApi = (peer: string): string => `mirror.${peer}`

/** Every such request of the mirrors of region `peer`'s logs. */
export const mirrorResetSubjects = (peer: string): string => `${mirrorApi(peer)}.CONSUMER.RESET.*.*`

const deliverSubject = (region: string, shard: number): string => `$JS.M.${region}.${shard}`

/** Makes the reader for the mirror in region `peer`, on the server that has the log. */
async function ensureMirrorReader(
  connection: NatsConnection,
  region: string,
  shard: number,
  peer: string,
): Promise<void> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs })
  const [stream, name] = [logStreamName(region, shard), mirrorReader(peer)]
  try {
    await manager.consumers.info(stream, name)
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== JetStreamApiCodes.ConsumerNotFound) throw error
    await manager.consumers.add(stream, {
      name,
      durable_name: name,
      deliver_subject: deliverSubject(region, shard),
      deliver_policy: DeliverPolicy.All,
      // Acknowledged is what the mirror has on its disk.
      ack_policy: AckPolicy.FlowControl,
      flow_control: true,
      idle_heartbeat: heartbeatNs,
      max_ack_pending: unackedMax,
    })
  }
}

/**
 * This region's copy of a log of the other region, which the server keeps by itself: same name, same sequences, same
 * times. Nobody writes into it, and what is trimmed there stays here until it is trimmed here.
 */
function mirrorStreamConfig(region: string, peer: string, shard: number, options: LogStreamOptions) {
  const { subjects: _theirs, ...same } = logStreamConfig(peer, shard, options)
  const external = { api: mirrorApi(peer), deliver: '' }
  const consumer = { name: mirrorReader(region), deliver_subject: deliverSubject(peer, shard) }
  return { ...same, mirror: { name: same.name, external, consumer } }
}

async function hasMirrorStream(connection: NatsConnection, peer: string, shard: number): Promise<boolean> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs })
  try {
    await manager.streams.info(logStreamName(peer, shard))
    return true
  } catch (error) {
    if (isStreamNotFound(error)) return false
    throw error
  }
}

/**
 * Makes region `region`'s mirror of a log of the other region if it is missing. It stands still until somebody answers
 * it (`mirrorResets.ts`).
 * @returns true when the mirror was made now
 * @param origin connection to the server that has the log
 * @throws Error when a stream of that name exists that is no such mirror: it would never follow.
 */
export async function ensureMirrorStream(
  connection: NatsConnection,
  origin: NatsConnection,
  place: { region: string; peer: string; shard: number },
  options: LogStreamOptions,
): Promise<boolean> {
  const { region, peer, shard } = place
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs })
  const wanted = mirrorStreamConfig(region, peer, shard, options)
  await ensureMirrorReader(origin, peer, shard, region)
  if (!(await hasMirrorStream(connection, peer, shard))) {
    await manager.streams.add(wanted)
    return true
  }
  const found: StreamConfig = (await manager.streams.info(wanted.name)).config
  const asks = found.mirror?.external?.api
  if (asks !== wanted.mirror.external.api) {
    // One of an earlier version cannot be changed.
    const other = asks === undefined ? 'is no mirror' : `asks "${asks}"`
    throw new Error(`stream ${wanted.name} ${other}, the mirror of a log of region ${peer} asks "${mirrorApi(peer)}"`)
  }
  for (const field of ['storage', 'retention', 'discard', 'deny_delete'] as const) {
    if (found[field] !== wanted[field]) {
      throw new Error(`stream ${wanted.name} has ${field} "${found[field]}", a mirror needs "${wanted[field]}"`)
    }
  }
  // One that an earlier version made tells nobody yet what it stores.
  if (found.republish?.dest !== wanted.republish.dest) {
    await manager.streams.update(wanted.name, { republish: wanted.republish })
  }
  return false
}

/** True once a mirror has been sent something by its reader since its server began. */
export async function mirrorHasBegun(connection: NatsConnection, peer: string, shard: number): Promise<boolean> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs })
  const { mirror } = await manager.streams.info(logStreamName(peer, shard))
  return mirror !== undefined && mirror.active >= 0
}
