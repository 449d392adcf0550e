import { DiscardPolicy, jetstreamManager, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/nats-core'
import { frameBytesMax } from './frame.ts'
import { isStreamNotFound } from './jetStreamErrors.ts'
import { logStreamName, logStreamSubjects, toldSubjects } from './subjects.ts'

const requestTimeoutMs = 5_000

export type LogStreamOptions = {
  /** The log refuses frames beyond it until it is trimmed. */
  readonly bytesMax: number
  /** 1 on one machine; 3 over zones. */
  readonly replicas?: number
}

/**
 * A log's stream: a full log refuses new frames and never drops old ones, single messages can't be deleted by anyone,
 * and nothing ages. What is stored is told again at once to who leads the shard (`toldEntries.ts`).
 */
export function logStreamConfig(region: string, shard: number, { bytesMax, replicas = 1 }: LogStreamOptions) {
  return {
    name: logStreamName(region, shard),
    subjects: [logStreamSubjects(region, shard)],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_bytes: bytesMax,
    max_msg_size: frameBytesMax,
    num_replicas: replicas,
    deny_delete: true,
    allow_direct: true,
    republish: { src: logStreamSubjects(region, shard), dest: toldSubjects(region, shard) },
  }
}

/**
 * Makes the stream of a shard's log if it is missing.
 * @returns true when the stream was made now
 * @throws Error when a stream of that name exists that would lose, hide or reorder frames.
 */
export async function ensureLogStream(
  connection: NatsConnection,
  region: string,
  shard: number,
  options: LogStreamOptions,
): Promise<boolean> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs })
  const wanted = logStreamConfig(region, shard, options)
  let found: StreamConfig
  try {
    found = (await manager.streams.info(wanted.name)).config
  } catch (error) {
    if (!isStreamNotFound(error)) throw error
    await manager.streams.add(wanted)
    return true
  }
  for (const field of ['storage', 'retention', 'discard', 'deny_delete'] as const) {
    if (found[field] !== wanted[field]) {
      throw new Error(`stream ${wanted.name} has ${field} "${found[field]}", a log needs "${wanted[field]}"`)
    }
  }
  if (found.subjects.join() !== wanted.subjects.join()) {
    throw new Error(`stream ${wanted.name} collects ${found.subjects.join()}, not ${wanted.subjects.join()}`)
  }
  if (found.max_age !== 0 || found.max_msgs_per_subject > 0 || found.max_msgs > 0) {
    throw new Error(`stream ${wanted.name} has limits that would drop frames`)
  }
  // A stream that an earlier version made tells nobody yet what it stores.
  if (found.republish?.dest !== wanted.republish.dest) {
    await manager.streams.update(wanted.name, { republish: wanted.republish })
  }
  return false
}

/**
 * Makes an empty log begin at a later sequence than 1: what comes before is in an archive. The server cannot move an
 * empty stream, so it is made anew.
 * @throws Error when the log is not empty.
 */
export async function beginLogAt(
  connection: NatsConnection,
  region: string,
  shard: number,
  firstSeq: number,
): Promise<void> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: requestTimeoutMs })
  const name = logStreamName(region, shard)
  const { state, config } = await manager.streams.info(name)
  if (state.last_seq > 0) throw new Error(`stream ${name} is not empty: it ends at ${state.last_seq}`)
  const { max_bytes: bytesMax, num_replicas: replicas } = config
  await manager.streams.delete(name)
  await manager.streams.add({ ...logStreamConfig(region, shard, { bytesMax, replicas }), first_seq: firstSeq })
}
